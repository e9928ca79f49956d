// SPDX-License-Identifier: Apache-2.0
#include "control/events/event_filter.h"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace rstwatch::control {
namespace {

std::optional<tally::IpAddress> parse_v4(const std::string& text) {
    in_addr address{};
    if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
    return tally::IpAddress::v4(reinterpret_cast<const std::uint8_t*>(&address));
}

std::optional<tally::IpAddress> parse_v6(const std::string& text) {
    in6_addr address{};
    if (inet_pton(AF_INET6, text.c_str(), &address) != 1) return std::nullopt;
    return tally::IpAddress::v6(address.s6_addr);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

std::optional<Peer> with_port(std::optional<tally::IpAddress> address, std::string_view port) {
    const auto number = parse_port(port);
    if (!address || !number) return std::nullopt;
    return Peer{*address, number};
}

std::optional<Peer> without_port(std::optional<tally::IpAddress> address) {
    if (!address) return std::nullopt;
    return Peer{*address, std::nullopt};
}

}  // namespace

std::optional<Peer> parse_peer(std::string_view text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const auto address = parse_v6(std::string(text.substr(1, end - 1)));
        const auto rest = text.substr(end + 1);
        if (rest.empty()) return without_port(address);
        return rest.front() == ':' ? with_port(address, rest.substr(1)) : std::nullopt;
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return without_port(parse_v4(std::string(text)));
    if (text.find(':', colon + 1) != std::string_view::npos) return without_port(parse_v6(std::string(text)));
    return with_port(parse_v4(std::string(text.substr(0, colon))), text.substr(colon + 1));
}

bool EventFilter::wants(const FailedAttempt& failure) const {
    return failures && (!outcome || *outcome == failure.outcome) && (!server || server->is(failure.server)) &&
           (!client || client->is(failure.client));
}

}  // namespace rstwatch::control
