// SPDX-License-Identifier: Apache-2.0
// Files that are not what they should be: the message names the file, the place and the remedy; what could be read is
// reported; the exit code is 1; and standard output holds the document or nothing.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

class BadFiles : public testing::Test {
  protected:
    std::string file(const std::string& name, const Bytes& bytes) {
        const std::string path = directory_ / name;
        write_file(path, bytes);
        return path;
    }

    /// Nothing of the file can be read.
    static void expect_refused(const std::string& path, const std::string& why) {
        const Replay result = replay({path});
        EXPECT_EQ(result.exit_code, 1);
        EXPECT_EQ(result.signal, 0);
        EXPECT_EQ(result.text, "");
        EXPECT_NE(result.err.find(path == "-" ? "standard input" : path), std::string::npos) << result.err;
        EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
        EXPECT_NE(result.err.find("; "), std::string::npos) << "a remedy: " << result.err;
        EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    }

    /// The first `packets` are reported, and where the rest was lost.
    static void expect_partial(const Replay& result, const std::string& path, std::size_t packets,
                               const std::string& place) {
        EXPECT_EQ(result.exit_code, 1);
        EXPECT_EQ(result.signal, 0);
        ASSERT_TRUE(result.report.is_object()) << result.err;
        expect_conserved(result.report);
        EXPECT_EQ(result.report.at("packets").at("received"), packets);
        EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
        EXPECT_NE(result.err.find(place), std::string::npos) << "place: " << place << " in " << result.err;
        EXPECT_NE(result.err.find("before it has been counted"), std::string::npos) << result.err;
    }

    const TempDir directory_;
    const std::vector<TimedFrame> frames_ = all_frames();
};

constexpr std::size_t file_header = 24, record_header = 16;

/// Where the record of packet `number` begins in a pcap file.
std::size_t offset_of(const std::vector<TimedFrame>& frames, std::size_t number) {
    std::size_t offset = file_header;
    for (std::size_t i = 0; i < number; ++i) offset += record_header + frames[i].bytes.size();
    return offset;
}

std::string at_byte(std::size_t offset) {
    return "at byte " + std::to_string(offset);
}

TEST_F(BadFiles, Absent) {
    expect_refused(directory_ / "nothing here.pcap", "No such file");
}

TEST_F(BadFiles, Empty) {
    expect_refused(file("empty.pcap", {}), "empty");
}

TEST_F(BadFiles, EmptyStandardInput) {
    expect_refused("-", "empty");
}

TEST_F(BadFiles, Directory) {
    expect_refused(directory_.path().string(), "is a directory");
}

TEST_F(BadFiles, PermissionDenied) {
    if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
    const std::string path = file("secret.pcap", encode_capture(frames_));
    chmod(path.c_str(), 0);
    expect_refused(path, "Permission denied");
}

TEST_F(BadFiles, Unreadable) {
    expect_refused("/proc/self/mem", "cannot be read at byte 0");
}

TEST_F(BadFiles, Foreign) {
    expect_refused(file("picture.png", {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R'}),
                   "at byte 0");
    const std::string text = "# a note\nthat is no capture at all, but longer than a header of one\n";
    expect_refused(file("note.txt", Bytes(text.begin(), text.end())), "at byte 0");
    expect_refused(file("zeros", Bytes(100'000, 0)), "at byte 0");
    std::mt19937 random(1);
    Bytes noise(5000);
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random());
    expect_refused(file("noise", noise), "at byte 0");
    expect_refused(file("one", {0xd4}), "at byte 0");
}

TEST_F(BadFiles, GzipOfSomethingElse) {
    const std::string text = "no capture\n";
    expect_refused(file("note.gz", gzip(Bytes(text.begin(), text.end()))), "at byte 0");
}

TEST_F(BadFiles, CutWithinTheFileHeader) {
    for (const std::size_t size : {4u, 10u, 23u}) {
        expect_refused(file("cut.pcap", encode_capture(frames_, {.cut_at = size})), "at byte 0");
        expect_refused(file("cut.pcapng", encode_capture(frames_, {.format = CaptureFormat::pcapng, .cut_at = size})),
                       "at byte 0");
    }
}

TEST_F(BadFiles, CutWithinAPacket) {
    const std::size_t tenth = offset_of(frames_, 10);
    for (const std::size_t behind : {1u, 8u, 15u, 16u, 17u, 40u}) {
        const std::string path = file("cut.pcap", encode_capture(frames_, {.cut_at = tenth + behind}));
        expect_partial(replay({path}), path, 10, at_byte(tenth));
    }
}

TEST_F(BadFiles, CutBetweenPacketsIsWhole) {
    const Replay result = replay({file("whole.pcap", encode_capture(frames_, {.cut_at = offset_of(frames_, 10)}))});
    expect_sound(result);
    EXPECT_EQ(result.report.at("packets").at("received"), 10);
}

TEST_F(BadFiles, CutFilesOfOtherFormats) {
    const auto twenty = std::vector<TimedFrame>(frames_.begin(), frames_.begin() + 20);
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
        const std::size_t size = encode_capture(twenty, {.format = format}).size();
        const std::string path = file("cut", encode_capture(twenty, {.format = format, .cut_at = size - 3}));
        expect_partial(replay({path}), path, 19, "at byte ");
    }
}

TEST_F(BadFiles, CutOnStandardInput) {
    const Bytes cut = encode_capture(frames_, {.cut_at = offset_of(frames_, 10) + 30});
    const Replay result = replay({"-"}, {.input = std::string(cut.begin(), cut.end())});
    expect_partial(result, "standard input", 10, "after 10 packets");
}

TEST_F(BadFiles, CutBeforeItWasCompressed) {
    const std::string path =
        file("cut.pcap.gz", gzip(encode_capture(frames_, {.cut_at = offset_of(frames_, 10) + 30})));
    expect_partial(replay({path}), path, 10, "after 10 packets");
}

TEST_F(BadFiles, TruncatedGzip) {
    const Bytes whole = encode_capture(mixed_frames(3000), {.gzip = true});
    const std::string path =
        file("cut.gz", Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2)));
    const Replay result = replay({path});
    EXPECT_EQ(result.exit_code, 1);
    ASSERT_TRUE(result.report.is_object());
    expect_conserved(result.report);
    EXPECT_GT(result.report.at("packets").at("received"), 500);
    EXPECT_LT(result.report.at("packets").at("received"), 3000);
    EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("at byte "), std::string::npos) << result.err;
}

TEST_F(BadFiles, CorruptGzip) {
    Bytes whole = encode_capture(mixed_frames(3000), {.gzip = true});
    for (std::size_t i = whole.size() / 2; i < whole.size() / 2 + 64; ++i) whole[i] ^= 0xa5;
    const std::string path = file("corrupt.gz", whole);
    const Replay result = replay({path});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_EQ(result.signal, 0);
    EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
}

TEST_F(BadFiles, CorruptedRecordLength) {
    for (const std::uint32_t length : {0xffffffffu, 0x7fffffffu, 0x01000000u}) {
        Bytes bytes = encode_capture(frames_);
        const std::size_t tenth = offset_of(frames_, 10);
        for (std::size_t i = 0; i < 4; ++i) bytes[tenth + 8 + i] = static_cast<std::uint8_t>(length >> (8 * i));
        const std::string path = file("length.pcap", bytes);
        expect_partial(replay({path}), path, 10, at_byte(tenth));
    }
}

TEST_F(BadFiles, NoiseBehindGoodPackets) {
    Bytes bytes = encode_capture(frames_);
    const std::size_t tenth = offset_of(frames_, 10);
    for (std::size_t i = tenth; i < bytes.size(); ++i) bytes[i] = 0xee;
    const std::string path = file("noise.pcap", bytes);
    expect_partial(replay({path}), path, 10, at_byte(tenth));
}

TEST_F(BadFiles, ABadFileAmongGoodOnesIsNamed) {
    const std::string good = file("good.pcap", encode_capture(frames_)), bad = file("bad.pcap", Bytes(200, 'x'));
    const Replay result = replay({good, bad, good});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.text, "");
    EXPECT_NE(result.err.find(bad), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find(good), std::string::npos) << result.err;
}

TEST_F(BadFiles, ACutFileAmongGoodOnesIsReportedAsFarAsItGoes) {
    const std::string good = file("good.pcap", encode_capture(frames_));
    const std::string cut = file("cut.pcap", encode_capture(frames_, {.cut_at = offset_of(frames_, 10) + 5}));
    expect_partial(replay({good, cut}), cut, frames_.size() + 10, at_byte(offset_of(frames_, 10)));
}

TEST_F(BadFiles, TheCliSaysTheSame) {
    const std::string cut = file("cut.pcap", encode_capture(frames_, {.cut_at = offset_of(frames_, 10) + 5}));
    for (const char* format : {"json", "table", "csv"}) {
        const ProcessResult partial = run_process({cli_path(), "analyze", cut, "-o", format});
        EXPECT_EQ(partial.exit_code, 1);
        EXPECT_NE(partial.out, "") << format << ": everything before the cut is reported";
        EXPECT_NE(partial.err.find(cut), std::string::npos) << partial.err;
        const ProcessResult absent = run_process({cli_path(), "analyze", directory_ / "absent", "-o", format});
        EXPECT_EQ(absent.exit_code, 1);
        EXPECT_EQ(absent.out, "");
        EXPECT_NE(absent.err.find("absent"), std::string::npos);
    }
}

TEST_F(BadFiles, WithoutAFileUsageIsExplained) {
    EXPECT_EQ(run_process({cli_path(), "analyze"}).exit_code, 2);
    EXPECT_EQ(run_process({daemon_path(), "--report"}).exit_code, 2);
    EXPECT_EQ(run_process({daemon_path(), "--report", "--capture", "x", "--set", "rx.burst=0"}).exit_code, 4);
}

}  // namespace
}  // namespace rstwatch::test
