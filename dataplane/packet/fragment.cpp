// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/fragment.h"

#include "dataplane/packet/ip.h"

namespace rstwatch::packet {
namespace {

constexpr std::size_t longest_datagram = 65535;

void set_place(Fragment& fragment, std::uint16_t units_of_8, bool more) {
    fragment.offset = units_of_8 * std::size_t{8};
    fragment.more = more;
}

bool read_ipv4(const std::uint8_t* header, Cursor rest, Fragment& fragment) {
    if (!rest.has(20)) return false;
    const std::size_t header_length = (header[0] & 0x0fu) * 4u;
    const std::size_t total = load16(header + 2);
    if (header_length < 20 || total <= header_length || !rest.has(total)) return false;
    fragment.key.protocol = header[9];
    fragment.key.id = load16(header + 4);
    fragment.payload_at = fragment.ip_at + header_length;
    fragment.length = total - header_length;
    const std::uint16_t field = load16(header + 6);
    set_place(fragment, field & ip_fragment::offset, (field & ip_fragment::more) != 0);
    return true;
}

/// Goes to the fragment header; what is behind it is cut, what is in front of it stays with each fragment.
bool read_ipv6(const std::uint8_t* header, Cursor rest, Fragment& fragment) {
    constexpr std::size_t header_length = 40, fragment_header = 8;
    if (!rest.has(header_length)) return false;
    const std::size_t payload = load16(header + 4);
    if (!rest.has(header_length + payload)) return false;
    rest.limit(header_length + payload);
    rest.skip(header_length);
    std::uint8_t protocol = header[6];
    while (protocol != ip_protocol::fragment) {
        if (!is_extension_header(protocol) || !rest.has(8)) return false;
        const std::size_t size = extension_length(protocol, rest.data());
        if (!rest.has(size)) return false;
        protocol = rest.data()[0];
        rest.skip(size);
    }
    if (!rest.has(fragment_header + 1)) return false;
    fragment.header_at = fragment.ip_at + static_cast<std::size_t>(rest.data() - header);
    fragment.payload_at = fragment.header_at + fragment_header;
    fragment.length = rest.remaining() - fragment_header;
    fragment.next_header = rest.data()[0];
    fragment.key.id = load32(rest.data() + 4);
    const std::uint16_t field = load16(rest.data() + 2);
    set_place(fragment, field >> 3, (field & ip_fragment::more_v6) != 0);
    return true;
}

}  // namespace

std::optional<Fragment> read_fragment(const std::uint8_t* frame, std::size_t length, std::size_t at) {
    if (at >= length) return std::nullopt;
    const std::uint8_t* header = frame + at;
    const Cursor rest(header, length - at);
    Fragment fragment;
    fragment.ip_at = at;
    fragment.key.v6 = header[0] >> 4 == 6;
    const bool whole = fragment.key.v6 ? read_ipv6(header, rest, fragment) : read_ipv4(header, rest, fragment);
    if (!whole || (fragment.more && fragment.length % 8 != 0)) return std::nullopt;
    if (fragment.offset + fragment.length > longest_datagram) return std::nullopt;
    fragment.key.source = fragment.key.v6 ? tally::IpAddress::v6(header + 8) : tally::IpAddress::v4(header + 12);
    fragment.key.destination = fragment.key.v6 ? tally::IpAddress::v6(header + 24) : tally::IpAddress::v4(header + 16);
    return fragment;
}

}  // namespace rstwatch::packet
