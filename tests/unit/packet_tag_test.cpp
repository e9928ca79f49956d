// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/tag.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

PacketBuilder frame() {
    return PacketBuilder().ethernet();
}
PacketView behind(PacketBuilder packet) {
    return parsed(packet.ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).syn());
}

TEST(Tag, CutInsideIsMalformed) {
    for (const PacketBuilder& packet : {frame().security_group(1), frame().vn_tag(), frame().e_tag(), frame().macsec(),
                                        frame().macsec(0x20), frame().provider_backbone(1), frame().fabric_path()}) {
        const Bytes bytes = packet.build();
        for (std::size_t length = 14; length < bytes.size(); ++length)
            EXPECT_EQ(parsed(LinkType::ethernet, bytes, length).packet_class, PacketClass::malformed) << length;
    }
}

TEST(Tag, EncryptedMacsecIsNotIp) {
    for (const std::uint8_t control : {0x0C, 0x08, 0x04, 0x2C, 0x80})
        EXPECT_EQ(behind(frame().macsec(control)).packet_class, PacketClass::non_ip) << +control;
}

TEST(Tag, SecurityGroupWithSeveralOptions) {
    PacketBuilder packet = frame();
    packet.ether_type(0x8909);
    const Bytes two_options = {1, 2, 0, 1, 0, 3, 0, 2, 0, 4, 8, 0};
    packet.payload(two_options);
    EXPECT_TRUE(behind(packet).trackable);
}

TEST(Tag, LengthOfAFrameIsNoType) {
    const Bytes spanning_tree = {0x42, 0x42, 3, 0, 0, 0, 0, 0, 0, 0};
    for (const std::uint16_t length : {0, 1, 4, 10, 0x5FF}) {
        PacketBuilder packet = frame();
        packet.ether_type(length);
        packet.payload(spanning_tree);
        EXPECT_EQ(parsed(packet).packet_class, PacketClass::non_ip) << length;
    }
    const Bytes cisco_discovery = {0xAA, 0xAA, 3, 0, 0, 0x0C, 8, 0};
    const Bytes tunnelled = {0xAA, 0xAA, 3, 0, 0, 0xF8, 8, 0};
    PacketBuilder other = frame().ether_type(60), same = frame().ether_type(60);
    EXPECT_EQ(behind(other.payload(cisco_discovery)).packet_class, PacketClass::non_ip);
    EXPECT_TRUE(behind(same.payload(tunnelled)).trackable);
}

}  // namespace
}  // namespace rstwatch::packet
