// SPDX-License-Identifier: Apache-2.0
#include "tests/support/conversation.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace rstwatch::test {
namespace {

/// The fields of an Ethernet/IPv4 TCP frame, read without the builder.
struct Fields {
    std::uint8_t ttl, flags;
    std::uint16_t identification, source_port, window;
    std::uint32_t sequence, acknowledged;
    std::size_t payload, options;
};

Fields fields(const TimedFrame& frame) {
    const auto number = [&](std::size_t at, int size) {
        std::uint32_t value = 0;
        for (int i = 0; i < size; ++i) value = value << 8 | frame.bytes.at(at + static_cast<std::size_t>(i));
        return value;
    };
    const std::size_t header = static_cast<std::size_t>(frame.bytes.at(46) >> 4) * 4;
    return {frame.bytes.at(22),
            frame.bytes.at(47),
            static_cast<std::uint16_t>(number(18, 2)),
            static_cast<std::uint16_t>(number(34, 2)),
            static_cast<std::uint16_t>(number(48, 2)),
            number(38, 4),
            number(42, 4),
            number(16, 2) - 20 - header,
            header - 20};
}

Conversation conversation() {
    return Conversation("10.0.0.2:40000", "10.0.0.1:7211");
}

TEST(Endpoint, ReadsBothFamilies) {
    EXPECT_EQ(Endpoint("10.0.0.1:80").port, 80);
    EXPECT_EQ(Endpoint("[2001:db8::1]:443").address, "2001:db8::1");
    for (const char* bad : {"10.0.0.1", "2001:db8::1:443", "10.0.0.1:99999", "10.0.0.1:", "[10.0.0.1]:80", "x:1"})
        EXPECT_THROW(Endpoint{bad}, std::invalid_argument) << bad;
}

TEST(Conversation, RefusalIsWhatAClosedPortSays) {
    const auto frames = conversation().client_isn(100).refused().frames();
    ASSERT_EQ(frames.size(), 2U);
    const Fields syn = fields(frames[0]), rst = fields(frames[1]);
    EXPECT_EQ(syn.flags, flag::syn);
    EXPECT_EQ(syn.sequence, 100U);
    EXPECT_EQ(syn.ttl, 64);
    EXPECT_EQ(syn.options, 20U);
    EXPECT_EQ(rst.flags, flag::rst | flag::ack);
    EXPECT_EQ(rst.sequence, 0U);
    EXPECT_EQ(rst.acknowledged, 101U);
    EXPECT_EQ(rst.window, 0);
    EXPECT_EQ(rst.options, 0U);
    EXPECT_EQ(rst.identification, 0);
    EXPECT_EQ(rst.ttl, 63);
    EXPECT_EQ(frames[1].time_us - frames[0].time_us, 100);
}

TEST(Conversation, RefusalOfASynWithDataAcknowledgesTheData) {
    const auto frames = conversation().client_isn(100).with_payload("hello").syn().server_rst_ack().frames();
    EXPECT_EQ(fields(frames[0]).payload, 5U);
    EXPECT_EQ(fields(frames[1]).acknowledged, 106U);
}

TEST(Conversation, KeepsTheNumbersOfBothSides) {
    const auto frames = conversation()
                            .client_isn(0xFFFFFFF0)
                            .server_isn(500)
                            .connected()
                            .client_data(37)
                            .server_data(200)
                            .ack()
                            .closed()
                            .frames();
    ASSERT_EQ(frames.size(), 9U);
    const Fields request = fields(frames[3]), response = fields(frames[4]), last = fields(frames[8]);
    EXPECT_EQ(request.sequence, 0xFFFFFFF1U);
    EXPECT_EQ(request.acknowledged, 501U);
    EXPECT_EQ(request.payload, 37U);
    EXPECT_EQ(response.sequence, 501U);
    EXPECT_EQ(response.acknowledged, 0xFFFFFFF1U + 37);  // wraps
    EXPECT_EQ(last.acknowledged, 702U);
    EXPECT_EQ(last.sequence, 0xFFFFFFF1U + 38);
}

TEST(Conversation, ResetsHaveTheShapesOfTheirNames) {
    const auto last = [](const Conversation& made) { return fields(made.frames().back()); };
    const Conversation open = conversation().client_isn(100).server_isn(500).connected().client_data(10).server_ack();

    const Fields abort = last(Conversation(open).server_abort());
    EXPECT_EQ(abort.flags, flag::rst | flag::ack);
    EXPECT_EQ(abort.sequence, 501U);
    EXPECT_EQ(abort.acknowledged, 111U);
    EXPECT_NE(abort.window, 0);
    EXPECT_NE(abort.identification, 0);
    EXPECT_EQ(abort.options, 12U);

    const Fields no_socket = last(Conversation(open).server_rst());
    EXPECT_EQ(no_socket.flags, flag::rst);
    EXPECT_EQ(no_socket.sequence, 501U);
    EXPECT_EQ(no_socket.window, 0);
    EXPECT_EQ(no_socket.options, 0U);

    const Fields cancelled = last(conversation().client_isn(100).syn().syn_ack().client_rst());
    EXPECT_EQ(cancelled.flags, flag::rst);
    EXPECT_EQ(cancelled.sequence, 101U);
}

TEST(Conversation, RepeatsAndRenewsAttempts) {
    const auto frames = conversation()
                            .client_isn(100)
                            .syn()
                            .wait(1)
                            .syn_again()
                            .server_rst_ack()
                            .new_syn(9000)
                            .server_rst_ack()
                            .frames();
    EXPECT_EQ(fields(frames[1]).sequence, 100U);
    EXPECT_EQ(frames[1].time_us - frames[0].time_us, 1'000'100);
    EXPECT_EQ(fields(frames[2]).acknowledged, 101U);
    EXPECT_EQ(fields(frames[3]).sequence, 9000U);
    EXPECT_EQ(fields(frames[4]).acknowledged, 9001U);
}

TEST(Conversation, SendsDataAgainAndProbes) {
    auto made = conversation().server_isn(500).connected().client_data(10).client_data_again();
    EXPECT_EQ(fields(made.frames()[3]).sequence, fields(made.frames()[4]).sequence);
    EXPECT_EQ(fields(made.server_keepalive().frames().back()).sequence, 500U);
    EXPECT_EQ(fields(made.server_ack().frames().back()).sequence, 501U);
    EXPECT_THROW(conversation().client_data_again(), std::logic_error);
}

TEST(Conversation, OverridesTheNextPacketOnly) {
    const auto frames = conversation().syn().with_ttl(9).with_window(77).syn_ack().server_ack().frames();
    EXPECT_EQ(fields(frames[1]).ttl, 9);
    EXPECT_EQ(fields(frames[1]).window, 77);
    EXPECT_EQ(fields(frames[2]).ttl, 63);
    EXPECT_EQ(fields(frames[2]).window, 65160);
}

TEST(Conversation, UnseenPacketsMoveTheNumbers) {
    const auto frames = conversation().server_isn(500).connected().unseen().server_data(100).server_data(1).frames();
    ASSERT_EQ(frames.size(), 4U);
    EXPECT_EQ(fields(frames[3]).sequence, 601U);
}

TEST(Conversation, IcmpErrorsQuoteTheSyn) {
    const auto frames = conversation().syn().icmp_error(3, 13, "10.0.0.254").frames();
    ASSERT_EQ(frames.size(), 2U);
    const Bytes quoted(frames[1].bytes.begin() + 42, frames[1].bytes.end());
    EXPECT_EQ(quoted, Bytes(frames[0].bytes.begin() + 14, frames[0].bytes.end()));
    EXPECT_EQ(frames[1].bytes[34], 3);
    EXPECT_EQ(frames[1].bytes[35], 13);
    EXPECT_THROW(conversation().icmp_error(3, 1), std::logic_error);
}

TEST(Conversation, SpeaksIpv6AndVlan) {
    const auto frames = Conversation("[2001:db8::2]:40000", "[2001:db8::1]:443").vlan(7).connected().frames();
    EXPECT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].bytes[12], 0x81);
    EXPECT_EQ(frames[0].bytes[16], 0x86);
    EXPECT_THROW(Conversation("[2001:db8::2]:1", "10.0.0.1:2"), std::invalid_argument);
}

TEST(Conversation, DuplicatesLookLikeAMirrorOfBothWays) {
    const auto frames = conversation().syn().duplicated(10, 1).frames();
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].time_us - frames[0].time_us, 10);
    EXPECT_EQ(fields(frames[1]).ttl, 63);
    EXPECT_EQ(fields(frames[1]).identification, fields(frames[0]).identification);
    EXPECT_EQ(internet_checksum(std::span(frames[1].bytes).subspan(14, 20)), 0);
}

TEST(Conversation, SidesAndMerging) {
    const Conversation first = conversation().connected();
    EXPECT_EQ(first.frames_of(Conversation::Side::client).size(), 2U);
    EXPECT_EQ(first.frames_of(Conversation::Side::server).size(), 1U);

    const auto second = Conversation("10.0.0.3:50000", "10.0.0.1:7211").wait(0.0001).refused().frames();
    const auto all = merged({first.frames(), second});
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(fields(all[1]).flags, flag::syn | flag::ack);  // equal times: the first capture first
    EXPECT_EQ(fields(all[2]).source_port, 50000);
}

TEST(Conversation, TravelsInATunnel) {
    const auto frames = conversation()
                            .encapsulated([](PacketBuilder& packet) { packet.ipv4("192.0.2.1", "192.0.2.2").gre(); })
                            .syn()
                            .frames();
    EXPECT_EQ(frames[0].bytes[23], 47);
    EXPECT_EQ(frames[0].bytes.size(), 14U + 20 + 4 + 60);
}

}  // namespace
}  // namespace rstwatch::test
