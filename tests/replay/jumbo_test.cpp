// SPDX-License-Identifier: Apache-2.0
// Frames larger than a packet buffer: a kernel that joins segments before a capture sees them makes 64 KiB and more.
#include <gtest/gtest.h>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

constexpr std::size_t headers = 14 + 20 + 20;

Bytes segment_of(std::size_t frame_size) {
    return PacketBuilder()
        .ethernet()
        .ipv4("10.0.0.2", "10.0.0.1")
        .tcp(40000, 80)
        .seq(1001)
        .ack(5001)
        .window(100)
        .payload_of(frame_size - headers)
        .build();
}

/// Data segments of these sizes in the middle of a connection that is seen from beginning to end.
struct Transfer {
    explicit Transfer(const std::vector<std::size_t>& sizes) {
        Conversation c("10.0.0.2:40000", "10.0.0.1:80");
        c.timestamps(false).connected();
        for (const std::size_t size : sizes) {
            c.client_data(size - headers).server_ack();
            payload += size - headers;
        }
        frames = c.server_data(5).ack().closed().frames();
        for (const TimedFrame& frame : frames) bytes += frame.bytes.size();
    }
    std::vector<TimedFrame> frames;
    std::uint64_t payload = 0, bytes = 0;
};

void expect_whole(const Transfer& transfer, const Replay& result) {
    expect_sound(result);
    EXPECT_EQ(result.report.at("packets").at("received"), transfer.frames.size());
    EXPECT_EQ(result.report.at("packets").at("bytes").get<std::uint64_t>(), transfer.bytes);
    ASSERT_EQ(result.report.at("connections").size(), 1u);
    EXPECT_EQ(result.report.at("connections").at(0).at("client_bytes").get<std::uint64_t>(), transfer.payload);
    EXPECT_EQ(result.report.at("connections").at(0).at("outcome"), "closed");
}

TEST(Jumbo, FramesUpToTheLongestIpDatagram) {
    const Transfer transfer({9000, 9014, 9599, 9600, 9601, 9727, 9728, 9729, 16000, 19200, 32768, 65535, 65536, 65549});
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng})
        expect_whole(transfer, replay_frames(transfer.frames, {.format = format}));
}

TEST(Jumbo, BurstsOfLargeFramesNeedNoSettings) {
    const Transfer transfer(std::vector<std::size_t>(500, 65549));
    expect_whole(transfer, replay_frames(transfer.frames));
    ReplayOptions tight;
    tight.more = {"--set", "rx.burst=64", "--set", "rx.mbufs=512"};
    expect_whole(transfer, replay_frames(transfer.frames, {}, tight));
}

TEST(Jumbo, LargeFramesOnTheirWayBetweenCores) {
    const Transfer transfer(std::vector<std::size_t>(1500, 65549));
    ReplayOptions two;
    two.more = {"--set", "rx.queues=2", "--set", "rx.burst=64", "--set", "rx.mbufs=512"};
    expect_whole(transfer, replay_frames(transfer.frames, {}, two));
}

TEST(Jumbo, FramesOf200000BytesThatAreNoIp) {
    std::vector<TimedFrame> frames;
    std::uint64_t bytes = 0;
    const Transfer transfer({1000});
    for (std::size_t i = 0; i < 100; ++i) {
        const Bytes filler(200'000 - 14 - i, 0x55);
        frames.push_back({default_start_us, PacketBuilder().ethernet().ether_type(0x88b5).payload(filler).build(), 0});
        bytes += frames.back().bytes.size();
    }
    frames = merged({frames, transfer.frames});
    const Replay result = replay_frames(frames, {.snap_length = 262144});
    expect_sound(result);
    EXPECT_EQ(result.report.at("packets").at("received"), frames.size());
    EXPECT_EQ(result.report.at("packets").at("non_ip"), 100);
    EXPECT_EQ(result.report.at("packets").at("bytes").get<std::uint64_t>(), bytes + transfer.bytes);
    EXPECT_EQ(result.outcome("closed"), 1u);
}

TEST(Jumbo, SegmentsLongerThanAnIpLengthCanSay) {
    // Linux's BIG TCP: the total length is 0, what was captured is the datagram.
    for (const std::size_t size : {20'000u, 65'549u, 200'000u}) {
        std::vector<TimedFrame> frames =
            Conversation("10.0.0.2:40000", "10.0.0.1:80").timestamps(false).connected().frames();
        const Bytes filler(size - headers, 'x');
        frames.push_back({frames.back().time_us + 100,
                          PacketBuilder()
                              .ethernet()
                              .ipv4("10.0.0.2", "10.0.0.1")
                              .total_length(0)
                              .tcp(40000, 80)
                              .seq(1001)
                              .ack(5001)
                              .window(100)
                              .payload(filler)
                              .build(),
                          0});
        std::uint64_t bytes = 0;
        for (const TimedFrame& frame : frames) bytes += frame.bytes.size();
        const Replay result = replay_frames(frames, {.snap_length = 262144});
        expect_sound(result);
        EXPECT_EQ(result.report.at("packets").at("bytes").get<std::uint64_t>(), bytes) << size;
        EXPECT_EQ(result.report.at("connections").at(0).at("client_bytes").get<std::uint64_t>(), size - headers);
    }
}

TEST(Jumbo, AFrameCutByTheSnapLengthCountsWhole) {
    const Transfer transfer({9000, 65549});
    expect_whole(transfer, replay_frames(transfer.frames, {.snap_length = 128}));
}

TEST(Jumbo, ABuilderMakesTheSizesThatTheTestsMean) {
    EXPECT_EQ(segment_of(65549).size(), 65549u);
}

}  // namespace
}  // namespace rstwatch::test
