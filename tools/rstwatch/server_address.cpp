// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/server_address.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace rstwatch::cli {
namespace {

constexpr const char* default_port = "8074";

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// In /tmp anybody may have made the directory, so there only a socket of this user counts.
bool is_daemon_socket(const std::string& path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
    return !path.starts_with("/tmp/") || status.st_uid == geteuid();
}

std::optional<ServerAddress> parse_http(std::string_view authority) {
    ServerAddress address{.socket = {}, .host = {}, .port = default_port, .text = "http://" + std::string(authority)};
    std::string_view rest;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        address.host = authority.substr(1, end - 1);
        rest = authority.substr(end + 1);
    } else {
        const auto colon = std::min(authority.find(':'), authority.size());
        address.host = authority.substr(0, colon);
        rest = authority.substr(colon);
    }
    if (address.host.empty() || address.host.find_first_of("/?#@ ") != std::string::npos) return std::nullopt;
    if (rest.empty()) return address;
    if (rest.front() != ':' || !is_port(rest.substr(1))) return std::nullopt;
    address.port = rest.substr(1);
    return address;
}

}  // namespace

std::optional<ServerAddress> parse_server_address(std::string_view text) {
    constexpr std::string_view unix_scheme = "unix:";
    constexpr std::string_view http_scheme = "http://";
    if (text.starts_with(unix_scheme)) {
        const auto path = text.substr(unix_scheme.size());
        if (path.empty()) return std::nullopt;
        return ServerAddress{.socket = std::string(path), .host = {}, .port = {}, .text = std::string(text)};
    }
    if (!text.starts_with(http_scheme)) return std::nullopt;
    text.remove_prefix(http_scheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
    return parse_http(text);
}

std::vector<std::string> default_socket_paths() {
    std::vector<std::string> paths{"/run/rstwatch/rstwatch.sock"};
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') paths.push_back(std::string(runtime) + "/rstwatch.sock");
    paths.push_back("/tmp/rstwatch-" + std::to_string(geteuid()) + "/rstwatch.sock");
    return paths;
}

std::vector<ServerAddress> default_server_addresses() {
    std::vector<ServerAddress> addresses;
    for (const auto& path : default_socket_paths())
        if (is_daemon_socket(path)) addresses.push_back(*parse_server_address("unix:" + path));
    addresses.push_back(*parse_server_address("http://127.0.0.1:8074"));
    return addresses;
}

}  // namespace rstwatch::cli
