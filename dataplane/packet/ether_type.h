// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rstwatch::packet {

/// The type field of Ethernet (IEEE 802 registry), which GRE, Geneve and PPP's EtherType use for what they carry, too.
/// Decoders say in its words what follows behind their header.
namespace ether_type {
inline constexpr std::uint16_t none = 0;
inline constexpr std::uint16_t least = 0x0600;  ///< below it the field is the length of an IEEE 802.3 frame
inline constexpr std::uint16_t ipv4 = 0x0800;
inline constexpr std::uint16_t arp = 0x0806;
inline constexpr std::uint16_t bridging = 0x6558;  ///< a whole Ethernet frame (RFC 1701)
inline constexpr std::uint16_t vlan = 0x8100;      // IEEE 802.1Q
inline constexpr std::uint16_t ipv6 = 0x86dd;
inline constexpr std::uint16_t ppp = 0x880b;  ///< a PPP frame (RFC 2637 section 4.1)
inline constexpr std::uint16_t mpls = 0x8847;
inline constexpr std::uint16_t mpls_upstream = 0x8848;     // RFC 5332 section 3
inline constexpr std::uint16_t pppoe_session = 0x8864;     // RFC 2516 section 4
inline constexpr std::uint16_t provider_bridge = 0x88a8;   // IEEE 802.1ad
inline constexpr std::uint16_t erspan = 0x88be;            // types I and II
inline constexpr std::uint16_t macsec = 0x88e5;            // IEEE 802.1AE
inline constexpr std::uint16_t backbone_service = 0x88e7;  // IEEE 802.1ah, I-tag
inline constexpr std::uint16_t fabric_path = 0x8903;
inline constexpr std::uint16_t cisco_metadata = 0x8909;
inline constexpr std::uint16_t vn_tag = 0x8926;
inline constexpr std::uint16_t e_tag = 0x893f;        // IEEE 802.1BR
inline constexpr std::uint16_t erspan_iii = 0x22eb;   // type III
inline constexpr std::uint16_t qinq_legacy = 0x9100;  // before 802.1ad
}  // namespace ether_type

}  // namespace rstwatch::packet
