// SPDX-License-Identifier: Apache-2.0
// Packet time in all the forms in which captures have it.
#include <gtest/gtest.h>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

using Outcomes = std::map<std::string, std::uint64_t>;

constexpr std::int64_t second = 1'000'000;

std::vector<TimedFrame> refused_at(std::int64_t time_us, std::uint16_t client_port = 40000) {
    return Conversation(Endpoint("10.0.0.2", client_port), "10.0.0.1:7211", time_us).refused().frames();
}

TEST(Time, ACaptureMaySpanDecades) {
    std::vector<std::vector<TimedFrame>> parts;
    for (std::uint16_t i = 0; i <= 11; ++i) {  // 44 years, one part each four
        const std::int64_t start = second + std::int64_t{i} * 4 * 365 * 86400 * second;
        parts.push_back(refused_at(start, static_cast<std::uint16_t>(40000 + i)));
        parts.push_back(Conversation(Endpoint("10.0.0.3", i), "10.0.0.1:80", start).syn().frames());
        parts.push_back(Conversation(Endpoint("10.0.0.4", i), "10.0.0.1:80", start).connected().frames());
    }
    const Replay result = replay_frames(merged(parts));
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (Outcomes{{"refused", 12}, {"unanswered", 11}, {"undetermined", 1}, {"open", 12}}));
    EXPECT_LT(result.cpu_seconds, 5.0);
    EXPECT_GT(result.report.at("input").at("duration_seconds"), 1.38e9);
    EXPECT_EQ(result.report.at("top").at("refused").at(0).at("last").get<double>(), 1.0001 + 44.0 * 365 * 86400);
}

TEST(Time, RunningBackwardsIsCountedAndVerdictsAreRight) {
    std::vector<TimedFrame> frames = Conversation("10.0.0.2:1", "10.0.0.1:80", default_start_us + 500 * second)
                                         .connected()
                                         .client_data(5)
                                         .server_data(5)
                                         .closed()
                                         .frames();
    const auto earlier = Conversation("10.0.0.2:2", "10.0.0.1:80", default_start_us)
                             .connected()
                             .client_data(5)
                             .server_ack()
                             .server_abort()
                             .frames();
    const auto earliest = refused_at(default_start_us - 500 * second);
    frames.insert(frames.end(), earlier.begin(), earlier.end());
    frames.insert(frames.end(), earliest.begin(), earliest.end());
    const Replay result = replay_frames(frames);
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (Outcomes{{"closed", 1}, {"reset_without_response", 1}, {"refused", 1}}));
    EXPECT_EQ(result.report.at("packets").at("time_backwards"), earlier.size() + earliest.size());
    EXPECT_EQ(result.report.at("input").at("first_packet"), 1700000500.0);
    EXPECT_LT(result.cpu_seconds, 5.0);
}

TEST(Time, ALongCaptureThatRunsBackwardsAllTheWayIsQuick) {
    std::vector<TimedFrame> frames;
    for (std::uint16_t i = 0; i < 5000; ++i)
        for (const TimedFrame& frame : refused_at(default_start_us - i * 3600 * second, i)) frames.push_back(frame);
    const Replay result = replay_frames(frames, {}, {.connections = false});
    expect_sound(result);
    EXPECT_EQ(result.outcome("refused"), 5000u);
    EXPECT_EQ(result.report.at("packets").at("time_backwards"), 2 * 4999);
    EXPECT_LT(result.cpu_seconds, 5.0);
}

TEST(Time, ALongCaptureOfHourlyPacketsIsQuick) {
    std::vector<TimedFrame> frames;
    for (std::uint16_t i = 0; i < 20000; ++i)
        for (const TimedFrame& frame : refused_at(default_start_us + i * 3600 * second, i)) frames.push_back(frame);
    const Replay result = replay_frames(frames, {}, {.connections = false});
    expect_sound(result);
    EXPECT_EQ(result.outcome("refused"), 20000u);
    EXPECT_LT(result.cpu_seconds, 8.0);
}

TEST(Time, StampsOfZero) {
    for (const char* queues : {"rx.queues=1", "rx.queues=2"}) {
        std::vector<TimedFrame> frames = all_frames();
        for (TimedFrame& frame : frames) frame.time_us = 0;
        const Replay result = replay_frames(frames, {}, {.more = {"--set", queues}});
        expect_sound(result);
        EXPECT_EQ(result.report.at("packets").at("received"), frames.size());
        EXPECT_EQ(result.report.at("packets").at("time_backwards"), 0);
        EXPECT_EQ(result.report.at("input").at("first_packet"), 0);
        EXPECT_EQ(result.report.at("input").at("last_packet"), 0);
        EXPECT_EQ(result.outcomes().count("unanswered"), 0u) << "no time has passed";
    }
}

TEST(Time, TheLastSecondOf32Bits) {
    constexpr std::int64_t last = 4'294'967'295 * second;
    const Replay result = replay_frames(refused_at(last));
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (Outcomes{{"refused", 1}}));
    EXPECT_EQ(result.report.at("input").at("first_packet"), 4294967295.0);
}

TEST(Time, PcapStampsAreUnsigned) {
    // 2038-01-19 and later: the seconds of a pcap record have 32 bits, none of them a sign.
    constexpr std::int64_t later = 0x8000'0000LL * second;
    const Replay result = replay_frames(refused_at(later));
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (Outcomes{{"refused", 1}}));
    EXPECT_EQ(result.report.at("input").at("first_packet"), 2147483648.0);
    EXPECT_LT(result.cpu_seconds, 5.0);
}

TEST(Time, AWildStampDoesNotStopTheReplay) {
    for (const std::int64_t wild :
         {std::int64_t{0x7fff'ffff'ffff'fff0}, std::int64_t{-1'000'000}, std::int64_t{1} << 60}) {
        std::vector<TimedFrame> frames = Conversation("10.0.0.2:9", "10.0.0.1:80").syn().frames();
        frames.push_back({wild, PacketBuilder().ethernet().arp("1.1.1.1", "2.2.2.2").build(), 0});
        for (const TimedFrame& frame : refused_at(default_start_us + second)) frames.push_back(frame);
        const Replay result = replay_frames(frames, {.format = CaptureFormat::pcapng});
        EXPECT_EQ(result.signal, 0);
        expect_conserved(result.report);
        EXPECT_EQ(result.outcome("refused"), 1u) << wild;
        EXPECT_LT(result.cpu_seconds, 5.0) << wild;
    }
}

TEST(Time, PcapngBeyond32Bits) {
    const Replay result = replay_frames(refused_at(20'000'000'000 * second), {.format = CaptureFormat::pcapng});
    EXPECT_EQ(result.signal, 0);
    expect_conserved(result.report);
    EXPECT_EQ(result.outcomes(), (Outcomes{{"refused", 1}}));
}

TEST(Time, DeadlinesAreDueAtTheirTimeNotAfterIt) {
    // The SYN's stamp is on a boundary of counting intervals or not; so is its deadline, 3 s later.
    for (const std::int64_t offset : {0, 1, 999'999}) {
        for (const std::int64_t late : {-1, 0, 1}) {
            const std::int64_t start = default_start_us + offset;
            std::vector<TimedFrame> frames = Conversation("10.0.0.2:1", "10.0.0.1:80", start).syn().frames();
            frames.push_back(
                {start + 3 * second + late, PacketBuilder().ethernet().arp("1.1.1.1", "2.2.2.2").build(), 0});
            const Replay result = replay_frames(frames);
            expect_sound(result);
            EXPECT_EQ(result.outcomes(), (Outcomes{{late < 0 ? "undetermined" : "unanswered", 1}}))
                << offset << " " << late;
            if (late < 0) continue;
            const Json& row = result.report.at("top").at("failed").at(0);
            EXPECT_EQ(row.at("first").get<double>(), static_cast<double>(start + 3 * second) / 1e6);
        }
    }
}

TEST(Time, AnAnswerExactlyAtTheDeadlineComesAfterIt) {
    for (const char* burst : {"rx.burst=1", "rx.burst=64"}) {
        const Replay result = replay_frames(Conversation("10.0.0.2:1", "10.0.0.1:80")
                                                .syn()
                                                .at(3)
                                                .syn_ack()
                                                .ack()
                                                .client_data(1)
                                                .server_data(1)
                                                .closed()
                                                .frames(),
                                            {}, {.more = {"--set", burst}});
        expect_sound(result);
        EXPECT_EQ(result.outcomes(), (Outcomes{{"closed", 1}}));
        EXPECT_EQ(result.report.at("connections").at(0).at("flags"), Json::array({"slow_answer"}));
    }
}

TEST(Time, AFinalVerdictIsFinal) {
    // 75 s after the last SYN the attempt is over: an answer then belongs to nobody.
    const Replay result =
        replay_frames(Conversation("10.0.0.2:1", "10.0.0.1:80").syn().at(75).server_rst_ack().frames());
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (Outcomes{{"unanswered", 1}}));
    const Replay before =
        replay_frames(Conversation("10.0.0.2:1", "10.0.0.1:80").syn().at(74.999999).server_rst_ack().frames());
    EXPECT_EQ(before.outcomes(), (Outcomes{{"refused", 1}}));
}

TEST(Time, SettingsMoveTheDeadlines) {
    const auto frames = Conversation("10.0.0.2:1", "10.0.0.1:80").syn().at(2).syn_again().frames();
    const Replay result = replay_frames(frames, {}, {.more = {"--set", "deadline.provisional=2"}});
    expect_sound(result);
    EXPECT_EQ(result.outcomes(), (Outcomes{{"unanswered", 1}}));
}

}  // namespace
}  // namespace rstwatch::test
