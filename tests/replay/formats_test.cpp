// SPDX-License-Identifier: Apache-2.0
// Every file format, way of reading and link layer gives the same verdicts.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

class Formats : public testing::Test {
  protected:
    static void SetUpTestSuite() { reference = without_input(replay_frames(all_frames()).report); }

    static void expect_the_same(const Replay& result) {
        expect_sound(result);
        EXPECT_EQ(Json::diff(reference, without_input(result.report)), Json::array());
    }

    static inline Json reference;
};

TEST_F(Formats, PcapOfBothResolutionsAndByteOrders) {
    for (const auto resolution : {TimeResolution::microseconds, TimeResolution::nanoseconds})
        for (const auto order : {ByteOrder::little, ByteOrder::big})
            expect_the_same(replay_frames(all_frames(), {.resolution = resolution, .order = order}));
}

TEST_F(Formats, Pcapng) {
    for (const auto order : {ByteOrder::little, ByteOrder::big})
        expect_the_same(replay_frames(all_frames(), {.format = CaptureFormat::pcapng, .order = order}));
    expect_the_same(
        replay_frames(all_frames(), {.format = CaptureFormat::pcapng, .resolution = TimeResolution::nanoseconds}));
}

TEST_F(Formats, PcapngWithSeveralInterfaces) {
    const TempDir directory;
    std::vector<CaptureInterface> interfaces(3);
    interfaces[1].resolution = TimeResolution::nanoseconds;
    const auto frames = all_frames();
    for (std::size_t i = 0; i < frames.size(); ++i) interfaces[i % 3].frames.push_back(frames[i]);
    write_capture(directory / "three.pcapng", interfaces);
    expect_the_same(replay({directory / "three.pcapng"}));
}

TEST_F(Formats, Gzip) {
    expect_the_same(replay_frames(all_frames(), {.gzip = true}));
    expect_the_same(replay_frames(all_frames(), {.format = CaptureFormat::pcapng, .gzip = true}));
}

TEST_F(Formats, StandardInput) {
    for (const bool compressed : {false, true}) {
        const Bytes file = encode_capture(all_frames(), {.gzip = compressed});
        const Replay result = replay({"-"}, {.input = std::string(file.begin(), file.end())});
        expect_the_same(result);
        EXPECT_EQ(result.report.at("input").at("files"), Json::array({"-"}));
    }
}

TEST_F(Formats, StandardInputThroughTheCli) {
    const Bytes file = encode_capture(all_frames());
    ProcessOptions options;
    options.input = std::string(file.begin(), file.end());
    const ProcessResult cli = run_process({cli_path(), "analyze", "-", "-o", "json", "--connections"}, options);
    EXPECT_EQ(cli.exit_code, 0) << cli.err;
    EXPECT_EQ(without_input(Json::parse(cli.out, nullptr, false)), reference);
}

TEST_F(Formats, NamesWithCommasAndBlanks) {
    const TempDir directory;
    for (const char* name : {"a, b.pcap", "rx_pcap=x,iface=lo", " leading", "täst ☃ [1].pcap", "quote\"'"}) {
        write_capture(directory / name, all_frames());
        const Replay result = replay({directory / name});
        expect_the_same(result);
        EXPECT_EQ(result.report.at("input").at("files"), Json::array({directory / name}));
    }
}

TEST_F(Formats, ANameThatLooksLikeAnOption) {
    const TempDir directory;
    write_capture(directory / "-o", all_frames());
    ProcessOptions options;
    options.directory = directory.path().string();
    const ProcessResult cli = run_process({cli_path(), "analyze", "-o", "json", "--connections", "--", "-o"}, options);
    EXPECT_EQ(cli.exit_code, 0) << cli.err;
    EXPECT_EQ(without_input(Json::parse(cli.out, nullptr, false)), reference);
}

TEST_F(Formats, ANameThatIsNoUtf8IsStillValidJson) {
    const TempDir directory;
    const std::string name = directory / "caf\xe9.pcap";
    write_capture(name, all_frames());
    expect_the_same(replay({name}));
}

TEST_F(Formats, SnapLengthCutsPayloadNotCounts) {
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng})
        expect_the_same(replay_frames(all_frames(), {.format = format, .snap_length = 96}));
}

TEST_F(Formats, AnEmptyCaptureIsAReportOfNothing) {
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
        const Replay result = replay_frames({}, {.format = format});
        if (format == CaptureFormat::pcap) expect_sound(result);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        ASSERT_TRUE(result.report.is_object());
        EXPECT_EQ(result.report.at("packets").at("received"), 0);
        EXPECT_TRUE(result.report.at("input").at("first_packet").is_null());
        EXPECT_EQ(result.report.at("connections"), Json::array());
    }
}

class LinkTypes : public testing::TestWithParam<LinkType> {};

TEST_P(LinkTypes, GiveTheSameOutcomes) {
    for (const Wrapping wrapping : {Wrapping::ipv4, Wrapping::ipv6}) {
        const auto frames = all_frames(wrapping, GetParam());
        const Replay result = replay_frames(frames, {.link = GetParam()});
        expect_sound(result);
        EXPECT_EQ(result.by_port(), all_outcomes_by_port());
        EXPECT_EQ(result.report.at("packets").at("non_ip"), 0);
        EXPECT_EQ(result.report.at("packets").at("malformed"), 0);
        std::uint64_t bytes = 0;
        for (const TimedFrame& frame : frames) bytes += frame.bytes.size();
        EXPECT_EQ(result.report.at("packets").at("bytes").get<std::uint64_t>(), bytes);
    }
}

std::string name_of(const testing::TestParamInfo<LinkType>& info) {
    return "Dlt" + std::to_string(static_cast<int>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Formats, LinkTypes,
                         testing::Values(LinkType::ethernet, LinkType::linux_sll, LinkType::linux_sll2,
                                         LinkType::raw_ip, LinkType::null, LinkType::loop, LinkType::ppp,
                                         LinkType::ppp_serial, LinkType::ppp_ether, LinkType::cisco_hdlc),
                         name_of);

TEST(FormatsOfFiles, FilesOfDifferentLinkTypesAreMerged) {
    const TempDir directory;
    std::vector<std::string> files;
    std::uint64_t packets = 0;
    for (const LinkType link : {LinkType::ethernet, LinkType::linux_sll, LinkType::raw_ip, LinkType::null}) {
        const auto number = files.size() + 1;
        files.push_back(directory / std::to_string(number));
        Conversation c(Endpoint("10.0.0.2", static_cast<std::uint16_t>(number)), "10.0.0.1:80");
        c.link(link).refused();
        packets += c.frames().size();
        write_capture(files.back(), c.frames(), {.link = link});
    }
    const Replay result = replay(files);
    expect_sound(result);
    EXPECT_EQ(result.report.at("packets").at("received"), packets);
    EXPECT_EQ(result.outcome("refused"), 4u);
}

TEST(FormatsOfFiles, AnUnsupportedLinkTypeIsNamed) {
    constexpr auto ieee802_11 = static_cast<LinkType>(105);
    const Replay result = replay_frames(all_frames(), {.link = ieee802_11});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.text, "");
    EXPECT_NE(result.err.find("IEEE802_11"), std::string::npos) << result.err;
    EXPECT_NE(result.err.find("Ethernet"), std::string::npos) << "says what is supported: " << result.err;
}

TEST(FormatsOfFiles, ManyFiles) {
    const TempDir directory;
    std::vector<std::string> files;
    for (std::uint16_t i = 0; i < 30; ++i) {
        files.push_back(directory / std::to_string(i));
        write_capture(files.back(), Conversation(Endpoint("10.0.0.2", i), "10.0.0.1:80").refused().frames());
    }
    const Replay result = replay(files);
    expect_sound(result);
    EXPECT_EQ(result.outcome("refused"), 30u);
}

TEST(FormatsOfFiles, MoreFilesThanDevicesArePossibleOrRefusedInPlainWords) {
    const TempDir directory;
    const std::string file = directory / "capture.pcap";
    write_capture(file, Conversation("10.0.0.2:1", "10.0.0.1:80").refused().frames());
    const Replay result = replay(std::vector<std::string>(40, file));
    if (result.exit_code == 0) return expect_sound(result);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.text, "");
    EXPECT_NE(result.err.find(" 32 "), std::string::npos) << "the limit: " << result.err;
    EXPECT_NE(result.err.find("mergecap"), std::string::npos) << "the remedy: " << result.err;
}

}  // namespace
}  // namespace rstwatch::test
