// SPDX-License-Identifier: Apache-2.0
#include "control/http/listen_address.h"

#include <arpa/inet.h>

#include <charconv>
#include <optional>

namespace rstwatch::control::http {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

bool fill_v4(const std::string& host, ListenAddress& address) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return false;
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    address.length = sizeof(sockaddr_in);
    return true;
}

bool fill_v6(const std::string& host, ListenAddress& address) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return false;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    address.length = sizeof(sockaddr_in6);
    return true;
}

bool is_loopback(const ListenAddress& address) {
    if (address.storage.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
        return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address.storage).sin6_addr);
}

}  // namespace

std::variant<ListenAddress, Error> parse_listen_address(std::string_view text) {
    const auto malformed = [&] {
        return Error{"cannot listen on \"" + std::string(text) +
                     "\": it must be ADDRESS:PORT, such as 127.0.0.1:8074 or [::1]:8074"};
    };
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return malformed();
    const auto port = parse_port(text.substr(colon + 1));
    if (!port) return malformed();

    auto host = text.substr(0, colon);
    ListenAddress address;
    address.port = *port;
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (!(bracketed ? fill_v6(std::string(host), address) : fill_v4(std::string(host), address))) return malformed();
    if (!is_loopback(address))
        return Error{"cannot listen on " + std::string(text) +
                     ": without TLS and a token only loopback addresses are allowed; use 127.0.0.1:" +
                     std::to_string(*port) + " and reach it from elsewhere by ssh -L"};
    return address;
}

}  // namespace rstwatch::control::http
