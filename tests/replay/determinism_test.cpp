// SPDX-License-Identifier: Apache-2.0
// What a report must not depend on: the run, the burst, the number of cores, how packets are spread over files.
#include <gtest/gtest.h>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

/// Two captures that have a bit of everything.
class Determinism : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory = new TempDir;
        mixed = *directory / "mixed.pcap";
        write_capture(mixed, mixed_frames(20'000));
        bundled = source_path("tests/captures/branch-office.pcap");
        for (const std::string& file : {mixed, bundled}) reference[file] = report_of(file, {}).text;
    }
    static void TearDownTestSuite() { delete directory; }

    static Replay report_of(const std::string& file, const std::vector<std::string>& settings) {
        ReplayOptions options;
        options.more = {"--rows", "100000"};
        for (const std::string& setting : settings) {
            options.more.emplace_back("--set");
            options.more.push_back(setting);
        }
        return replay({file}, options);
    }

    static void expect_the_same(const std::vector<std::string>& settings) {
        for (const std::string& file : {mixed, bundled}) {
            const Replay result = report_of(file, settings);
            expect_sound(result);
            EXPECT_TRUE(result.text == reference[file]) << file << difference(result.report, file);
        }
    }

    static std::string difference(const Json& report, const std::string& file) {
        const Json patch = Json::diff(Json::parse(reference[file]), report);
        return "\n" + patch.dump().substr(0, 1000);
    }

    static inline TempDir* directory = nullptr;
    static inline std::string mixed, bundled;
    static inline std::map<std::string, std::string> reference;
};

TEST_F(Determinism, TheMixedCaptureHasABitOfEverything) {
    const Json report = Json::parse(reference[mixed]);
    expect_conserved(report);
    EXPECT_EQ(report.at("packets").at("received"), 20'000);
    for (const char* name : {"tcp", "icmp_errors", "other_ip", "non_ip", "fragments", "malformed"})
        EXPECT_GT(report.at("packets").at(name), 0) << name;
    int different = 0;
    for (const auto& [name, count] : report.at("outcomes").items()) different += count != 0;
    EXPECT_GE(different, 20);
}

TEST_F(Determinism, RunsAreByteIdentical) {
    expect_the_same({});
}
TEST_F(Determinism, BurstsOf1) {
    expect_the_same({"rx.burst=1"});
}
TEST_F(Determinism, BurstsOf7) {
    expect_the_same({"rx.burst=7"});
}
TEST_F(Determinism, BurstsOf64) {
    expect_the_same({"rx.burst=64"});
}
TEST_F(Determinism, TwoQueues) {
    expect_the_same({"rx.queues=2"});
}
TEST_F(Determinism, ThreeQueuesAndSmallBursts) {
    expect_the_same({"rx.queues=3", "rx.burst=3"});
}
TEST_F(Determinism, SmallBanks) {
    expect_the_same({"tally.records=16", "tally.banks=2"});
}

TEST_F(Determinism, AtControlDepthNeitherBurstsNorQueuesChangeAnything) {
    // There segments are dismissed while those before them in the same burst have not been judged yet.
    const std::string depth = "tracking.depth=control";
    for (const std::string& file : {mixed, bundled}) {
        const Replay one_by_one = report_of(file, {depth, "rx.burst=1"});
        expect_sound(one_by_one);
        for (const char* more : {"rx.burst=32", "rx.burst=64", "rx.queues=2"}) {
            const Replay other = report_of(file, {depth, more});
            EXPECT_TRUE(other.text == one_by_one.text)
                << file << " " << more << "\n"
                << Json::diff(one_by_one.report, other.report).dump().substr(0, 1000);
        }
    }
}

TEST_F(Determinism, TwoQueuesDifferInNothingButTheSizeOfTheirTables) {
    for (const std::string& file : {mixed, bundled}) {
        Json one = Json::parse(reference[file]), two = report_of(file, {"rx.queues=2"}).report;
        ASSERT_TRUE(two.is_object());
        for (Json* report : {&one, &two}) report->at("tables").at("connections").erase("capacity");
        EXPECT_EQ(Json::diff(one, two), Json::array());
    }
}

TEST_F(Determinism, TwoQueuesWhereAllStampsAreTheSame) {
    // Then nothing but the order within each connection tells what came first.
    std::vector<TimedFrame> frames;
    for (std::uint16_t port = 0; port < 40; ++port) {
        Conversation c(Endpoint("10.0.0.2", static_cast<std::uint16_t>(40000 + port)), "10.0.0.1:80");
        for (std::uint32_t attempt = 0; attempt < 4; ++attempt) c.new_syn(1000 * (attempt + 1));
        for (TimedFrame frame : c.refused().frames()) frames.push_back({default_start_us, frame.bytes, 0});
    }
    const std::string file = *directory / "stamps.pcap";
    write_capture(file, frames);
    const Json one = report_of(file, {}).report, two = report_of(file, {"rx.queues=2"}).report;
    expect_conserved(one);
    ASSERT_TRUE(two.is_object());
    EXPECT_EQ(one.at("connections"), two.at("connections"));
    EXPECT_EQ(one.at("outcomes"), two.at("outcomes"));
    EXPECT_EQ(one.at("top"), two.at("top"));
}

TEST_F(Determinism, TwoFilesAreMergedIntoWhatOneFileSays) {
    const std::vector<TimedFrame> frames = mixed_frames(5'000);
    std::vector<TimedFrame> parts[2], halves[2];
    for (std::size_t i = 0; i < frames.size(); ++i) {
        parts[i * 2654435761u >> 7 & 1].push_back(frames[i]);
        halves[i * 2 / frames.size()].push_back(frames[i]);
    }
    const TempDir files;
    const std::string names[] = {files / "one", files / "a", files / "b", files / "first", files / "second"};
    write_capture(names[0], frames);
    write_capture(names[1], parts[0]);
    write_capture(names[2], parts[1], {.format = CaptureFormat::pcapng});
    write_capture(names[3], halves[0]);
    write_capture(names[4], halves[1], {.gzip = true});
    const Json one = without_input(replay({names[0]}).report);
    expect_conserved(one);
    EXPECT_EQ(Json::diff(one, without_input(replay({names[1], names[2]}).report)), Json::array());
    EXPECT_EQ(Json::diff(one, without_input(replay({names[4], names[3]}).report)), Json::array());
}

}  // namespace
}  // namespace rstwatch::test
