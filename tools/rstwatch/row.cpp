// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/row.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "tools/rstwatch/outcome_text.h"

namespace rstwatch::cli {
namespace {

/// An IP address as inet_ntop() writes it, so that the daemon is asked for what it calls it itself.
std::optional<std::string> canonical(const std::string& text) {
    for (const int family : {AF_INET, AF_INET6}) {
        in6_addr address{};
        std::array<char, INET6_ADDRSTRLEN> written{};
        if (inet_pton(family, text.c_str(), &address) == 1 &&
            inet_ntop(family, &address, written.data(), written.size()) != nullptr)
            return std::string(written.data());
    }
    return std::nullopt;
}

std::optional<std::int64_t> parse_port(std::string_view text) {
    std::int64_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || port < 1 || port > 65535) return std::nullopt;
    return port;
}

}  // namespace

std::string endpoint_text(const std::string& address, std::optional<std::int64_t> port) {
    if (!port) return address;
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(*port);
}

std::optional<EndpointName> parse_endpoint(const std::string& text) {
    if (const auto address = canonical(text)) return EndpointName{*address, std::nullopt};
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto port = parse_port(std::string_view(text).substr(colon + 1));
    auto host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto address = canonical(host);
    // Without brackets the last group of an IPv6 address could be taken for a port.
    if (!address || !port || bracketed != (host.find(':') != std::string::npos)) return std::nullopt;
    return EndpointName{*address, port};
}

std::string subject_of(const Document& row, const NameOf& name_of) {
    const auto address = text_at(row, "address");
    const auto port = integer_at(row, "port");
    if (!address.empty()) return endpoint_text(name_or_address(name_of, address), port);
    if (!port) return service_of(row);
    const auto service = text_at(row, "service");
    return "port " + std::to_string(*port) + (service.empty() ? "" : " (" + service + ")");
}

std::string service_of(const Document& row) {
    const auto service = text_at(row, "service");
    return service.empty() ? "-" : service;
}

std::string host_of(const Document& row) {
    const auto host = text_at(row, "host");
    return host.empty() ? "-" : host;
}

std::optional<double> rate_while_active(const Document& row) {
    const auto count = integer_at(row, "count");
    const auto first = number_at(row, "first");
    const auto last = number_at(row, "last");
    if (!count || !first || !last) return std::nullopt;
    return static_cast<double>(*count) / std::max(1.0, *last - *first);
}

std::string dominant_failure(const Document& row) {
    std::string dominant;
    std::int64_t most = 0;
    const auto& outcomes = member_at(row, "outcomes");
    for (const auto& [name, value] : outcomes.items()) {
        const auto count = integer_at(outcomes, name).value_or(0);
        if (!outcome_text(name).failed || is_refusal(name) || count <= most) continue;
        dominant = name;
        most = count;
    }
    return dominant;
}

std::int64_t other_failures(const Document& row) {
    const auto& outcomes = member_at(row, "outcomes");
    auto total = failed_total(outcomes);
    for (const auto* refusal : {"refused", "refused_by_device"}) total -= integer_at(outcomes, refusal).value_or(0);
    return total;
}

}  // namespace rstwatch::cli
