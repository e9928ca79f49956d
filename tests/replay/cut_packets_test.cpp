// SPDX-License-Identifier: Apache-2.0
// A packet that says to be longer than what was captured of it has been cut, or lies. The file says which.
#include <gtest/gtest.h>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

/// An attempt, then a segment of which 500 bytes are missing behind the 100 that are there.
std::vector<TimedFrame> frames_with(std::uint32_t length_on_wire) {
    Conversation c("10.0.0.2:40000", "10.0.0.1:80");
    c.connected().client_data(600);
    std::vector<TimedFrame> frames = c.frames();
    frames.back().bytes.resize(frames.back().bytes.size() - 500);
    frames.back().original_length = length_on_wire;
    return frames;
}

std::vector<CaptureOptions> formats() {
    std::vector<CaptureOptions> all;
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng})
        for (const bool gzip : {false, true}) all.push_back({.format = format, .gzip = gzip});
    return all;
}

constexpr std::uint32_t whole = 14 + 20 + 32 + 600;

TEST(CutPackets, ThatWereCutByTheCaptureCountInFull) {
    for (const CaptureOptions& format : formats()) {
        for (const char* queues : {"rx.queues=1", "rx.queues=2"}) {
            const Replay result = replay_frames(frames_with(whole), format, {.more = {"--set", queues}});
            expect_sound(result);
            EXPECT_EQ(result.report.at("packets").at("malformed"), 0);
            EXPECT_EQ(result.report.at("connections").at(0).at("client_bytes"), 600);
        }
    }
}

TEST(CutPackets, ThatLieAreMalformed) {
    for (const CaptureOptions& format : formats()) {
        for (const std::uint32_t length : {whole - 500, whole - 1}) {
            const Replay result = replay_frames(frames_with(length), format);
            expect_sound(result);
            EXPECT_EQ(result.report.at("packets").at("malformed"), 1);
            EXPECT_EQ(result.report.at("packets").at("tcp"), 3);
            EXPECT_EQ(result.report.at("connections").at(0).at("client_bytes"), 0);
        }
    }
}

/// What can be read only once is believed.
TEST(CutPackets, OfAPipe) {
    const Bytes file = encode_capture(frames_with(whole - 500));
    const Replay result = replay({"-"}, {.input = std::string(file.begin(), file.end())});
    expect_sound(result);
    EXPECT_EQ(result.report.at("packets").at("malformed"), 0);
}

TEST(CutPackets, InOneOfSeveralFiles) {
    const TempDir directory;
    write_capture(directory / "a", frames_with(whole));
    write_capture(directory / "b", frames_with(whole - 500));
    for (const char* burst : {"rx.burst=1", "rx.burst=3", "rx.burst=64"}) {
        const Replay result = replay({directory / "a", directory / "b"}, {.more = {"--set", burst}});
        expect_sound(result);
        EXPECT_EQ(result.report.at("packets").at("malformed"), 1);
    }
}

}  // namespace
}  // namespace rstwatch::test
