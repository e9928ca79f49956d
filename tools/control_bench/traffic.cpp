// SPDX-License-Identifier: Apache-2.0
#include "tools/control_bench/traffic.h"

namespace rstwatch::bench {
namespace {

tally::IpAddress address(std::uint8_t first, std::uint32_t number) {
    const std::uint8_t bytes[] = {first, static_cast<std::uint8_t>(number >> 16),
                                  static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
    return tally::IpAddress::v4(bytes);
}

}  // namespace

/// Four services on each host.
tally::Endpoint Traffic::service(std::uint32_t number) const {
    return {address(10, number / 4), static_cast<std::uint16_t>(80 + number % 4)};
}

tally::Endpoint Traffic::client(std::uint32_t number, std::uint16_t port) const {
    return {address(172, number), port};
}

/// Xorshift (Marsaglia 2003): the same numbers on every machine.
std::uint32_t Traffic::below(std::uint32_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>((state_ >> 32) * limit >> 32);
}

void Traffic::attempt(tally::CoreTally& core, std::uint32_t service_number, std::uint32_t client_number,
                      tally::Time time) {
    ++core.packets().received;
    ++core.packets().by_class[static_cast<std::size_t>(tally::PacketClass::tcp)];
    core.note_packet_time(time);
    const tally::Endpoint server = service(service_number);
    const tally::Endpoint peer = client(client_number, static_cast<std::uint16_t>(1024 + below(60'000)));
    const bool fails = service_number % 100 < options_.failing_percent;
    const tally::Outcome outcome = fails ? tally::Outcome::refused : tally::Outcome::closed;
    core.attempt_begun();
    tally::Sighting sighting{server, peer, tally::accepted_kind, 3, !fails, time, time - 200};
    if (!fails) core.accepted(sighting);
    sighting.kind = tally::row_kind(outcome);
    core.first_verdict(sighting);
    tally::AttemptRecord record;
    record.client = peer;
    record.server = server;
    record.start = time - 200;
    record.end = record.decided = time;
    record.counted_in = tally::interval_of(time);
    record.outcome = outcome;
    record.server_bytes = fails ? 0 : 1000;
    record.syn_count = 1;
    core.finalize(record, true);
}

void Traffic::open(tally::Interval interval) {
    attentive_.open(interval);
    flooded_.open(interval);
}

void Traffic::second_of(tally::Interval interval, std::uint32_t attempts) {
    open(interval);
    for (std::uint32_t i = 0; i < attempts; ++i) {
        const tally::Time time = tally::interval_start(interval) + std::uint64_t{i} * tally::second / attempts;
        attempt(attentive_, next_service_, below(options_.clients), time);
        next_service_ = (next_service_ + 1) % options_.services;
    }
}

void Traffic::flooded_second_of(tally::Interval interval, std::uint32_t attempts) {
    open(interval);
    for (std::uint32_t i = 0; i < attempts; ++i) {
        const tally::Time time = tally::interval_start(interval) + std::uint64_t{i} * tally::second / attempts;
        attempt(flooded_, next_service_, next_client_, time);
        next_service_ = (next_service_ + 1) % options_.services;
        next_client_ = (next_client_ + 1) % options_.clients;
    }
}

}  // namespace rstwatch::bench
