// SPDX-License-Identifier: Apache-2.0
#include "control/classify/handshake_memory.h"

#include <algorithm>
#include <bit>

namespace rstwatch::control {
namespace {

std::uint64_t who_of(const tally::IpAddress& client, const tally::Endpoint& server) {
    constexpr std::uint64_t a = 0x9e3779b97f4a7c15, b = 0xd6e8feb86659fd93;  // odd, no further meaning
    const std::uint64_t of_client = tally::mix(client.first_half() ^ a, client.second_half() ^ b);
    const std::uint64_t of_server = tally::mix(server.address.first_half() ^ b, server.address.second_half() ^ a);
    return std::max<std::uint64_t>(tally::mix(of_client ^ server.port, of_server ^ a), 1);
}

}  // namespace

HandshakeMemory::HandshakeMemory(std::size_t sets)
    : handshakes_(std::bit_ceil(std::max<std::size_t>(sets, 1)) * ways) {}

void HandshakeMemory::prefetch(const tally::IpAddress& client, const tally::Endpoint& server) const {
    __builtin_prefetch(&handshakes_[set_of(who_of(client, server))], 1);
}

void HandshakeMemory::remember(const tally::IpAddress& client, const tally::Endpoint& server, tally::Time time) {
    const std::uint64_t who = who_of(client, server);
    const auto set = handshakes_.begin() + static_cast<std::ptrdiff_t>(set_of(who));
    auto place = std::find_if(set, set + ways, [&](const Handshake& each) { return each.who == who; });
    if (place == set + ways)
        place = std::min_element(set, set + ways,
                                 [](const Handshake& one, const Handshake& other) { return one.time < other.time; });
    *place = {who, time};
}

std::optional<tally::Time> HandshakeMemory::last(const tally::IpAddress& client, const tally::Endpoint& server) const {
    const std::uint64_t who = who_of(client, server);
    const auto set = handshakes_.begin() + static_cast<std::ptrdiff_t>(set_of(who));
    const auto place = std::find_if(set, set + ways, [&](const Handshake& each) { return each.who == who; });
    if (place == set + ways) return std::nullopt;
    return place->time;
}

}  // namespace rstwatch::control
