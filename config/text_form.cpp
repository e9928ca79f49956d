// SPDX-License-Identifier: Apache-2.0
#include "config/text_form.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace rstwatch::config {
namespace {

using Fault = std::optional<std::string>;

// Of sockaddr_un.sun_path (108 bytes) one is the terminating zero; of IFNAMSIZ (16) likewise.
constexpr std::size_t longest_socket_path = 107;
constexpr std::size_t longest_interface_name = 15;
constexpr std::size_t longest_host_name = 253;  // RFC 1035, section 3.1, without the root's dot

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

Fault plain_fault(std::string_view text) {
    // Names of files need not be UTF-8, but U+0080 to U+009F are controls: C2 and the number itself.
    const auto c1 = std::adjacent_find(text.begin(), text.end(), [](char a, char b) {
        const auto second = static_cast<unsigned char>(b);
        return static_cast<unsigned char>(a) == 0xc2 && second >= 0x80 && second < 0xa0;
    });
    if (c1 != text.end() || std::any_of(text.begin(), text.end(), is_control)) return "contains a control character";
    return std::nullopt;
}

Fault length_fault(std::string_view text, std::size_t longest) {
    if (text.size() <= longest) return std::nullopt;
    return "is " + std::to_string(text.size()) + " bytes long, and at most " + std::to_string(longest) +
           " are possible";
}

Fault given_fault(std::string_view text) {
    if (text.empty()) return "is empty";
    return plain_fault(text);
}

Fault sensor_name_fault(std::string_view text) {
    if (auto fault = plain_fault(text)) return fault;
    return length_fault(text, longest_host_name);
}

bool is_port_number(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size();
}

Fault ipv4_fault(const std::string& host) {
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) != 1) return "does not begin with an IP address";
    if (ntohl(address.s_addr) >> 24 != IN_LOOPBACKNET) return "is not a loopback address, and there is no TLS or token";
    return std::nullopt;
}

Fault ipv6_fault(const std::string& host) {
    in6_addr address{};
    if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return "does not begin with an IP address";
    if (!IN6_IS_ADDR_LOOPBACK(&address)) return "is not a loopback address, and there is no TLS or token";
    return std::nullopt;
}

Fault listen_fault(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (auto fault = plain_fault(text)) return fault;
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return "has no port";
    const std::string host(text.substr(0, colon));
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (!bracketed && host.find(':') != std::string::npos) return "has an IPv6 address without brackets";
    if (!is_port_number(text.substr(colon + 1))) return "has no port from 0 to 65535";
    return bracketed ? ipv6_fault(host.substr(1, host.size() - 2)) : ipv4_fault(host);
}

Fault socket_fault(std::string_view text) {
    if (auto fault = plain_fault(text)) return fault;
    return length_fault(text, longest_socket_path);
}

Fault store_fault(std::string_view text) {
    if (auto fault = plain_fault(text)) return fault;
    if (text.empty() || text == "off" || text.front() == '/') return std::nullopt;
    return "is not an absolute path";
}

bool is_hexadecimal(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
}

// DDDD:BB:DD.F as lspci -D prints it; lspci without -D leaves out the domain.
Fault pci_fault(std::string_view text) {
    if (text.empty()) return "is empty";
    std::string_view rest = text;
    if (rest.size() == std::string_view("0000:3b:00.0").size()) {
        if (!is_hexadecimal(rest.substr(0, 4)) || rest[4] != ':') return "is not a PCI address";
        rest.remove_prefix(5);
    }
    const bool well_formed = rest.size() == std::string_view("3b:00.0").size() && rest[2] == ':' && rest[5] == '.' &&
                             is_hexadecimal(rest.substr(0, 2)) && is_hexadecimal(rest.substr(3, 2)) && rest[6] >= '0' &&
                             rest[6] <= '7';
    if (!well_formed) return "is not a PCI address";
    return std::nullopt;
}

Fault interface_fault(std::string_view text) {
    if (auto fault = given_fault(text)) return fault;
    if (text.find_first_of("/ ,") != std::string_view::npos) return "is not the name of a network interface";
    return length_fault(text, longest_interface_name);
}

/// The text up to the next comma, without the spaces around it; what is left stands behind the comma.
std::string_view next_item(std::string_view& rest) {
    const std::size_t comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    return item;
}

constexpr std::size_t most_ports = 8;

Fault port_list_fault(std::string_view text) {
    if (auto fault = plain_fault(text)) return fault;
    std::size_t count = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view item = next_item(rest);
        if (!is_port_number(item) || item == "0") return "is not a list of ports from 1 to 65535";
        if (++count > most_ports) return "has more than " + std::to_string(most_ports) + " ports";
    }
    if (!text.empty() && text.back() == ',') return "ends with a comma";
    return std::nullopt;
}

std::optional<Network> network_of(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string address(text.substr(0, slash));
    Network network;
    std::array<std::uint8_t, 4> v4{};
    const bool is_v4 = inet_pton(AF_INET, address.c_str(), v4.data()) == 1;
    if (is_v4) {
        network.address[10] = network.address[11] = 0xff;
        std::ranges::copy(v4, network.address.begin() + 12);
    } else if (inet_pton(AF_INET6, address.c_str(), network.address.data()) != 1) {
        return std::nullopt;
    }
    const unsigned longest = is_v4 ? 32 : 128;
    network.prefix = longest;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix);
        if (error != std::errc{} || end != digits.data() + digits.size() || network.prefix > longest)
            return std::nullopt;
    }
    network.prefix += 128 - longest;
    return network;
}

Fault network_list_fault(std::string_view text) {
    if (auto fault = plain_fault(text)) return fault;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view item = next_item(rest);
        if (!network_of(item)) return "has \"" + std::string(item) + "\", which is no network";
    }
    if (!text.empty() && text.back() == ',') return "ends with a comma";
    return std::nullopt;
}

}  // namespace

bool Network::contains(const std::array<std::uint8_t, 16>& other) const {
    const unsigned whole = prefix / 8, rest = prefix % 8;
    if (!std::equal(address.begin(), address.begin() + whole, other.begin())) return false;
    return rest == 0 || ((address[whole] ^ other[whole]) >> (8 - rest)) == 0;
}

std::vector<Network> networks_of(std::string_view list) {
    std::vector<Network> networks;
    while (!list.empty())
        if (const auto network = network_of(next_item(list))) networks.push_back(*network);
    return networks;
}

std::vector<std::uint16_t> ports_of(std::string_view list) {
    std::vector<std::uint16_t> ports;
    while (!list.empty()) {
        const std::string_view item = next_item(list);
        std::uint16_t port = 0;
        (void)std::from_chars(item.data(), item.data() + item.size(), port);
        ports.push_back(port);
    }
    return ports;
}

const TextForm sensor_name_form{"a name of at most 253 bytes, or \"\" for the host's name", sensor_name_fault};
const TextForm listen_form{
    "a loopback ADDRESS:PORT such as 127.0.0.1:8074 or [::1]:8074 (and reach it from elsewhere through ssh or a TLS "
    "proxy), or \"\" for none",
    listen_fault};
const TextForm socket_form{"the path of a Unix socket, \"\" for the usual place, or \"off\" for none", socket_fault};
const TextForm store_form{"the absolute path of a file, \"\" for the usual place, or \"off\" for none", store_fault};
const TextForm pci_form{"a PCI address such as 0000:3b:00.0 (lspci -D lists them)", pci_fault};
const TextForm interface_form{"the name of a network interface such as eth1 (ip link lists them)", interface_fault};
const TextForm capture_form{"the path of a capture file, or \"-\" for standard input", given_fault};
const TextForm port_list_form{"up to 8 UDP ports with commas between them such as 4789,8472, or \"\" for none",
                              port_list_fault};
const TextForm network_list_form{"networks with commas between them such as 10.0.0.0/8,2001:db8::/32, or \"\" for none",
                                 network_list_fault};
const TextForm file_form{"the path of a file, or \"\" for none", plain_fault};
const TextForm cache_form{"the path of a directory, \"\" for the usual place, or \"off\" for none", plain_fault};
const TextForm vdev_form{"a DPDK device string such as net_pcap0,rx_pcap=/tmp/x.pcap", given_fault};

}  // namespace rstwatch::config
