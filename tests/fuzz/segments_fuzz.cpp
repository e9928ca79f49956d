// SPDX-License-Identifier: Apache-2.0
// Bytes as a sequence of segments, ICMP errors and pauses, through a tracker whose tables are far too small, with real
// banks: every attempt has exactly one outcome, at every hand-over and at the end.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dataplane/tally/bank_exchange.h"
#include "dataplane/tally/core_tally.h"
#include "dataplane/tcp/four_tuple.h"
#include "dataplane/tcp/tracker.h"

namespace tally = rstwatch::tally;
namespace tcp = rstwatch::tcp;
namespace packet = rstwatch::packet;

namespace {

void require(bool truth) {
    if (!truth) std::abort();
}

class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), end_(data + size) {}
    bool empty() const { return data_ == end_; }
    std::uint8_t byte() { return empty() ? std::uint8_t{0} : *data_++; }

  private:
    const std::uint8_t* data_;
    const std::uint8_t* end_;
};

/// What control would make of the banks: sums, and the check that they add up.
class Books {
  public:
    explicit Books(tally::BankExchange& exchange) : exchange_(exchange) {}

    void read_all() {
        while (tally::IntervalBank* bank = exchange_.take_full()) {
            require(bank->interval >= last_);  // banks come in the order of their intervals
            last_ = bank->interval;
            attempts_ += bank->outcomes.attempts;
            received_ += bank->packets.received;
            records_ += bank->records.size() + bank->losses.records_dropped;
            for (const tally::Outcome outcome : tally::all_outcomes()) {
                const std::uint64_t final = bank->outcomes.final[tally::index(outcome)];
                (tally::is_attempt(outcome) ? ended_ : others_) += final;
                shown_ += bank->outcomes.first[tally::index(outcome)];
            }
            for (const tally::Revision& revision : bank->revisions) withdrawn_ += revision.to ? 0 : 1;
            for (const tally::AttemptRecord& record : bank->records) {
                require(record.start <= record.end);
                require(record.syn_count > 0 || !tally::is_attempt(record.outcome));
            }
            require(attempts_ == ended_ + bank->gauges.pending + bank->gauges.open);
            std::uint64_t provisional = 0, provisional_attempts = 0;
            for (const tally::Outcome outcome : tally::all_outcomes()) {
                const std::uint64_t count = bank->gauges.provisional[tally::index(outcome)];
                require(count < (std::uint64_t{1} << 32));  // never below 0
                provisional += count;
                if (tally::is_attempt(outcome)) provisional_attempts += count;
            }
            require(provisional_attempts <= bank->gauges.pending);
            require(shown_ == ended_ + others_ + provisional + withdrawn_);
            exchange_.give_back(bank);
        }
    }

    void require_settled() const {
        require(attempts_ == ended_);
        require(records_ == ended_ + others_);
        require(shown_ == ended_ + others_ + withdrawn_);
    }

  private:
    tally::BankExchange& exchange_;
    tally::Interval last_ = 0;
    std::uint64_t attempts_ = 0, ended_ = 0, others_ = 0, shown_ = 0, withdrawn_ = 0, records_ = 0, received_ = 0;
};

tally::IpAddress host(std::uint8_t number) {
    const std::array<std::uint8_t, 4> bytes{10, 0, 0, number};
    return tally::IpAddress::v4(bytes.data());
}

/// Numbers near those that connections are likely to have, so that comparisons go either way.
std::uint32_t number_near(std::uint8_t choice) {
    constexpr std::array<std::uint32_t, 8> bases{0, 1000, 1001, 5000, 5001, 0x7fffffff, 0xfffffff0, 2000};
    return bases[choice & 7] + (choice >> 3);
}

packet::PacketView view_of(Input& input) {
    packet::PacketView view;
    const std::uint8_t who = input.byte(), what = input.byte();
    const bool by_client = (who & 1) != 0;
    const auto client_port = static_cast<std::uint16_t>(40000 + (who >> 1 & 7));
    const auto server_port = static_cast<std::uint16_t>(80 + (who >> 4 & 3));
    const tally::IpAddress client = host(static_cast<std::uint8_t>(who >> 6)), server = host(9);
    view.source = by_client ? client : server;
    view.destination = by_client ? server : client;
    view.source_port = by_client ? client_port : server_port;
    view.destination_port = by_client ? server_port : client_port;
    view.sequence = number_near(input.byte());
    view.trackable = true;
    view.ttl = static_cast<std::uint8_t>(60 + (what >> 6));
    if ((what & 0x3f) == 0x3f) {
        view.packet_class = tally::PacketClass::icmp_error;
        view.icmp_type = static_cast<std::uint8_t>(input.byte() & 3);
        view.icmp_from = host(200);
        return view;
    }
    view.packet_class = tally::PacketClass::tcp;
    view.tcp_flags = what & packet::tcp_flag::all;
    view.tcp_options = static_cast<std::uint8_t>(what >> 6);
    view.acknowledgement = number_near(input.byte());
    const std::uint8_t size = input.byte();
    view.payload_length = (size & 1) != 0 ? size * 8u : 0;
    return view;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    constexpr tally::Time second = tally::second;
    const tcp::Limits limits{.provisional = 3 * second,
                             .unanswered = 75 * second,
                             .syn_ack = 64 * second,
                             .reset = 3 * second,
                             .closed = 60 * second,
                             .early_answer = 5000,
                             .half_open_scan = second};
    tally::BankCapacity capacity{};
    capacity.destinations = capacity.clients = 4;
    capacity.records = 1024;  // more than one input can fill: this thread cannot wait for itself
    tally::BankExchange exchange(0, 4, capacity);
    tally::CoreTally core(exchange, tally::WhenFull::wait);
    tcp::Tracker tracker(16, limits, core);
    Books books(exchange);

    tally::Time now = 0;
    tally::Interval open = 0;
    tracker.advance_to(open);
    while (!input.empty()) {
        const std::uint8_t pause = input.byte();
        // Mostly microseconds, now and then up to the deadlines, sometimes days.
        if ((pause & 3) == 1) now += pause;
        if ((pause & 3) == 2) now += (pause >> 2) * (second / 2);
        if (pause == 0xff) now += tally::Time{100'000} * second;
        if (tally::interval_of(now) != open) {
            // Control reads in between, as it does in a thread of its own; never more than one bank waits.
            for (tally::Interval next = open + 1; next < tally::interval_of(now) && next < open + 300; ++next) {
                tracker.advance_to(next);
                books.read_all();
            }
            open = tally::interval_of(now);
            tracker.advance_to(open);
            books.read_all();
        }
        const packet::PacketView view = view_of(input);
        const tcp::Digest digest = tcp::digest(view, 0, tcp::HashSecret{});
        ++core.packets().received;
        core.note_packet_time(now);
        tracker.take(view, digest, now);
    }
    tracker.finish(now);
    core.finish();
    books.read_all();
    books.require_settled();
    return 0;
}
