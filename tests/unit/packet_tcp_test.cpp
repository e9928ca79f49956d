// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/tcp.h"

#include <gtest/gtest.h>

#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;

std::uint8_t options(const Bytes& bytes) {
    return parse_tcp_options(Cursor(bytes.data(), bytes.size()));
}

TEST(TcpOptions, KnownOnesAreFound) {
    EXPECT_EQ(options({}), 0);
    EXPECT_EQ(options({3, 3, 7}), tcp_option::window_scale);
    EXPECT_EQ(options({8, 10, 0, 0, 0, 1, 0, 0, 0, 2}), tcp_option::timestamps);
    EXPECT_EQ(options({34, 2}), tcp_option::fast_open);
    EXPECT_EQ(options({2, 4, 5, 180, 4, 2, 1, 3, 3, 7}), tcp_option::window_scale);
    EXPECT_EQ(options({1, 1, 1, 34, 4, 9, 9, 3, 3, 7}), tcp_option::window_scale | tcp_option::fast_open);
}

TEST(TcpOptions, EndOfListEnds) {
    EXPECT_EQ(options({0, 3, 3, 7}), 0);
}

TEST(TcpOptions, LengthThatLiesEndsTheList) {
    EXPECT_EQ(options({2, 0, 3, 3, 7}), 0);
    EXPECT_EQ(options({2, 1, 3, 3, 7}), 0);
    EXPECT_EQ(options({3, 3, 7, 2, 1, 34, 2}), tcp_option::window_scale);
    EXPECT_EQ(options({3, 4, 7}), 0);
    EXPECT_EQ(options({8, 255, 3, 3}), 0);
    EXPECT_EQ(options({3}), 0);
    EXPECT_EQ(options({1, 1, 8}), 0);
    EXPECT_EQ(options({3, 2}), tcp_option::window_scale);
}

/// What Linux sends is recognised as a whole. Behind a NOP more, and one less of anything, it is read option by option.
TEST(TcpOptions, OfLinuxAreReadAsOthersAre) {
    const Bytes linux_options = {2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7};
    const auto behind_nops = [](Bytes bytes) {
        bytes.insert(bytes.begin(), 4, 1);
        return bytes;
    };
    EXPECT_EQ(options(linux_options), tcp_option::timestamps | tcp_option::window_scale);
    for (std::size_t at = 0; at < linux_options.size(); ++at) {
        for (unsigned value = 0; value < 256; ++value) {
            Bytes other = linux_options;
            other[at] = static_cast<std::uint8_t>(value);
            ASSERT_EQ(options(other), options(behind_nops(other))) << "byte " << at << " is " << value;
        }
        const Bytes shorter(linux_options.begin(), linux_options.begin() + static_cast<std::ptrdiff_t>(at));
        ASSERT_EQ(options(shorter), options(behind_nops(shorter))) << at << " bytes";
    }
}

TEST(Tcp, FieldsAreRead) {
    const PacketView view =
        parsed(v4().tcp(40000, 80).seq(0xFFFFFFFE).ack(0x80000001).psh().window(512).payload("hello"));
    EXPECT_EQ(view.packet_class, PacketClass::tcp);
    EXPECT_TRUE(view.trackable);
    EXPECT_EQ(view.source_port, 40000);
    EXPECT_EQ(view.destination_port, 80);
    EXPECT_EQ(view.sequence, 0xFFFFFFFEU);
    EXPECT_EQ(view.acknowledgement, 0x80000001U);
    EXPECT_EQ(view.tcp_flags, tcp_flag::ack | tcp_flag::psh);
    EXPECT_EQ(view.window, 512);
    EXPECT_EQ(view.payload_length, 5U);
    EXPECT_EQ(view.tcp_options, 0);
}

TEST(Tcp, EcnBitsAreLeftOut) {
    EXPECT_EQ(parsed(v4().tcp(1, 2).syn().ece().cwr()).tcp_flags, tcp_flag::syn);
    EXPECT_EQ(parsed(v4().tcp(1, 2).flags(0xFF)).tcp_flags, tcp_flag::all);
}

TEST(Tcp, OptionsAreReadOnSynOnly) {
    const auto with_options = [](PacketBuilder packet) {
        return parsed(packet.mss(1460).sack_permitted().timestamps(1, 0).nop().window_scale(7).payload("ab"));
    };
    PacketView view = with_options(v4().tcp(1, 2).syn());
    EXPECT_EQ(view.tcp_options, tcp_option::timestamps | tcp_option::window_scale);
    EXPECT_EQ(view.payload_length, 2U);
    view = with_options(v4().tcp(1, 2).syn().ack(5));
    EXPECT_EQ(view.tcp_options, tcp_option::timestamps | tcp_option::window_scale);
    view = with_options(v4().tcp(1, 2).ack(5));
    EXPECT_EQ(view.tcp_options, 0);
    EXPECT_EQ(view.payload_length, 2U);
}

TEST(Tcp, DataIsNoOption) {
    const Bytes window_scale = {3, 3, 7, 0};
    PacketBuilder packet = v4().tcp(1, 2).syn();
    packet.payload(window_scale);
    EXPECT_EQ(parsed(packet).tcp_options, 0);
}

TEST(Tcp, DataOffsetThatCannotBeIsCountedAndNotFollowed) {
    for (const std::uint8_t offset : {0, 1, 4, 6, 15}) {
        const PacketView view = parsed(v4().tcp(40000, 80).syn().data_offset(offset));
        EXPECT_EQ(view.packet_class, PacketClass::tcp) << +offset;
        EXPECT_FALSE(view.trackable) << +offset;
        EXPECT_EQ(view.payload_length, 0U) << +offset;
        EXPECT_EQ(view.tcp_flags, tcp_flag::syn) << +offset;
    }
    EXPECT_TRUE(parsed(v4().tcp(40000, 80).syn().data_offset(5)).trackable);
}

TEST(Tcp, DataOffsetBehindTheIpLengthIsNotFollowed) {
    // 8 bytes of padding behind the datagram do not make a header of 28 bytes.
    PacketBuilder packet = v4().tcp(40000, 80).syn().data_offset(7);
    packet.trailer(Bytes(8, 0));
    EXPECT_FALSE(parsed(packet).trackable);
    EXPECT_EQ(parsed(v4().tcp(40000, 80).syn().data_offset(7).payload_of(8)).payload_length, 0U);
    EXPECT_TRUE(parsed(v4().tcp(40000, 80).syn().data_offset(7).payload_of(8)).trackable);
}

TEST(Tcp, FewerThanTwentyBytesAreMalformed) {
    const Bytes frame = v4().tcp(40000, 80).syn().build();
    for (std::size_t length = 34; length < 54; ++length)
        EXPECT_EQ(parsed(LinkType::ethernet, frame, length).packet_class, PacketClass::malformed) << length;
    EXPECT_TRUE(parsed(LinkType::ethernet, frame, 54).trackable);
}

TEST(Tcp, SnapLengthCutsThePayloadAndNotItsCount) {
    const Bytes frame = v4().tcp(40000, 80).ack(1).timestamps(1, 2).nop().nop().payload_of(1000).build();
    for (const std::size_t length : {66U, 67U, 96U, 500U}) {
        const PacketView view = parsed(LinkType::ethernet, frame, length);
        EXPECT_TRUE(view.trackable) << length;
        EXPECT_EQ(view.payload_length, 1000U) << length;
        EXPECT_EQ(view.wire_length, 1066U) << length;
    }
}

TEST(Tcp, SnapLengthWithinTheOptionsIsCountedAndNotFollowed) {
    const Bytes frame = v4().tcp(40000, 80).ack(1).timestamps(1, 2).nop().nop().payload_of(1000).build();
    for (std::size_t length = 54; length < 66; ++length) {
        const PacketView view = parsed(LinkType::ethernet, frame, length);
        EXPECT_EQ(view.packet_class, PacketClass::tcp) << length;
        EXPECT_FALSE(view.trackable) << length;
    }
}

}  // namespace
}  // namespace rstwatch::packet
