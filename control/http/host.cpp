// SPDX-License-Identifier: Apache-2.0
#include "control/http/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include <algorithm>
#include <string>

namespace rstwatch::control::http {
namespace {

bool is_port(std::string_view text) {
    return text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_loopback_v6(const std::string& text) {
    in6_addr address{};
    return inet_pton(AF_INET6, text.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
}

bool is_loopback_v4(const std::string& text) {
    in_addr address{};
    return inet_pton(AF_INET, text.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

}  // namespace

bool names_loopback(std::string_view authority) {
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return false;
        const auto after = authority.substr(end + 1);
        if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1)))) return false;
        return is_loopback_v6(std::string(authority.substr(1, end - 1)));
    }
    const auto colon = authority.find(':');
    if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return false;
    const std::string name(authority.substr(0, colon));
    return strcasecmp(name.c_str(), "localhost") == 0 || strcasecmp(name.c_str(), "localhost.") == 0 ||
           is_loopback_v4(name);
}

}  // namespace rstwatch::control::http
