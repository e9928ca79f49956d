// SPDX-License-Identifier: Apache-2.0
#include "config/url.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace rstwatch::config {
namespace {

using Parsed = std::variant<Target, std::string>;

constexpr std::size_t longest_host = 253;            // RFC 1035, section 3.1
constexpr std::size_t longest_path_of_socket = 107;  // sun_path without its terminating zero

bool is_visible(char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port > 0;
}

bool is_of_name(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
           c == '_';
}

bool is_of_ipv6(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

Parsed parse_authority(std::string_view text, std::string_view default_port) {
    Target target;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return "has a bracket that is not closed";
        target.host = text.substr(1, end - 1);
        rest = text.substr(end + 1);
        if (target.host.empty() || !std::all_of(target.host.begin(), target.host.end(), is_of_ipv6))
            return "has no IPv6 address between its brackets";
        if (!rest.empty() && rest.front() != ':') return "has something other than a port after its brackets";
    } else {
        const auto colon = std::min(text.find(':'), text.size());
        target.host = text.substr(0, colon);
        rest = text.substr(colon);
        if (target.host.empty()) return "has no host";
        if (target.host.size() > longest_host || !std::all_of(target.host.begin(), target.host.end(), is_of_name))
            return "has a host that is neither a name nor an address";
        if (rest.find(':', 1) != std::string_view::npos) return "has an IPv6 address without brackets";
    }
    target.port = rest.empty() ? default_port : rest.substr(1);
    if (!is_port(target.port)) return "has no port from 1 to 65535";
    return target;
}

}  // namespace

std::string Target::authority() const {
    return (host.find(':') == std::string::npos ? host : '[' + host + ']') + ':' + port;
}

Parsed parse_http_url(std::string_view text) {
    constexpr std::string_view scheme = "http://";
    if (text.empty()) return "is empty";
    if (!std::all_of(text.begin(), text.end(), is_visible)) return "contains a blank or a character beyond ASCII";
    if (text.starts_with("https://")) return "is https, which is not spoken here";
    if (!text.starts_with(scheme)) return "does not begin with http://";
    text.remove_prefix(scheme.size());
    const auto slash = std::min(text.find_first_of("/?#"), text.size());
    if (text.substr(0, slash).find('@') != std::string_view::npos) return "has a user in it, and would show a password";
    auto parsed = parse_authority(text.substr(0, slash), "80");
    if (auto* target = std::get_if<Target>(&parsed)) {
        const auto path = text.substr(slash);
        if (path.find('#') != std::string_view::npos) return "has a fragment (#), which is not sent";
        target->path = path.starts_with('/') ? std::string(path) : '/' + std::string(path);
    }
    return parsed;
}

Parsed parse_syslog_target(std::string_view text) {
    constexpr std::string_view unix_scheme = "unix:", udp = "udp://";
    if (text == "local") return Target{.host = {}, .port = {}, .path = "/dev/log"};
    if (text.empty()) return "is empty";
    if (text.starts_with(unix_scheme)) {
        const auto path = text.substr(unix_scheme.size());
        if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) return "has no absolute path";
        if (path.size() > longest_path_of_socket) return "has a path of more than 107 bytes";
        return Target{.host = {}, .port = {}, .path = std::string(path)};
    }
    if (text.starts_with(udp)) return parse_authority(text.substr(udp.size()), "514");
    return "is none of these";
}

}  // namespace rstwatch::config
