// SPDX-License-Identifier: Apache-2.0
#include "control/http/socket_holder.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rstwatch::control::http {
namespace {

/// Addresses in /proc/net/tcp are 32-bit words in the machine's byte order, printed as numbers.
std::string words_as_hex(const void* address, std::size_t words) {
    std::string hex;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint32_t word = 0;
        std::memcpy(&word, static_cast<const char*>(address) + i * sizeof word, sizeof word);
        std::array<char, 9> text{};
        std::snprintf(text.data(), text.size(), "%08X", word);
        hex += text.data();
    }
    return hex;
}

const std::string any_v4(8, '0');
const std::string any_v6(32, '0');

std::vector<std::uint64_t> inodes_in_the_way_of(const ListenAddress& address) {
    std::ifstream tcp("/proc/net/tcp");
    std::ifstream tcp6("/proc/net/tcp6");
    if (address.storage.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
        return listening_inodes(tcp6, {words_as_hex(&v6.sin6_addr, 4), any_v6}, address.port);
    }
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address.storage);
    const auto hex = words_as_hex(&v4.sin_addr, 1);
    auto inodes = listening_inodes(tcp, {hex, any_v4}, address.port);
    // A socket of IPv6 that listens everywhere also takes the port of IPv4; so does a mapped address.
    const std::uint32_t mapped_prefix[3] = {0, 0, htonl(0xFFFF)};
    const auto more = listening_inodes(tcp6, {any_v6, words_as_hex(mapped_prefix, 3) + hex}, address.port);
    inodes.insert(inodes.end(), more.begin(), more.end());
    return inodes;
}

std::string command_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string command;
    std::getline(file, command);
    std::replace_if(
        command.begin(), command.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, '?');
    return command;
}

bool holds_socket(const std::filesystem::path& process, std::uint64_t inode) {
    const auto wanted = "socket:[" + std::to_string(inode) + "]";
    std::error_code error;
    for (std::filesystem::directory_iterator entry(process / "fd", error), end; !error && entry != end;
         entry.increment(error)) {
        std::error_code unreadable;
        if (std::filesystem::read_symlink(entry->path(), unreadable) == wanted) return true;
    }
    return false;
}

std::optional<Holder> find_holder(std::uint64_t inode) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
         entry.increment(error)) {
        const auto name = entry->path().filename().string();
        pid_t pid = 0;
        const auto [rest, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (problem != std::errc() || rest != name.data() + name.size()) continue;
        if (holds_socket(entry->path(), inode)) return Holder{pid, command_of(pid)};
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::uint64_t> listening_inodes(std::istream& table, const std::vector<std::string>& addresses,
                                            std::uint16_t port) {
    constexpr std::string_view listening = "0A";
    std::array<char, 6> suffix{};
    std::snprintf(suffix.data(), suffix.size(), ":%04X", port);
    std::vector<std::uint64_t> inodes;
    std::string line;
    std::getline(table, line);  // the headings
    while (std::getline(table, line)) {
        std::istringstream fields(line);
        std::string slot, local, remote, state, queues, timer, retransmits, user, timeout;
        std::uint64_t inode = 0;
        if (!(fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode))
            continue;
        const bool ours = std::any_of(addresses.begin(), addresses.end(),
                                      [&](const auto& address) { return local == address + suffix.data(); });
        if (state == listening && ours) inodes.push_back(inode);
    }
    return inodes;
}

std::optional<Holder> find_tcp_holder(const ListenAddress& address) {
    for (const auto inode : inodes_in_the_way_of(address))
        if (auto holder = find_holder(inode)) return holder;
    return std::nullopt;
}

std::optional<Holder> find_unix_holder(int connected_socket) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (getsockopt(connected_socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return std::nullopt;
    if (credentials.pid <= 0) return std::nullopt;
    return Holder{credentials.pid, command_of(credentials.pid)};
}

}  // namespace rstwatch::control::http
