// SPDX-License-Identifier: Apache-2.0
// dataplane/port/capture_reading.cpp, which has no header: it stands in for functions of libpcap.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/support/capture_writer.h"
#include "tests/support/temp_dir.h"

namespace rstwatch::port {
namespace {

using Capture = std::unique_ptr<pcap_t, void (*)(pcap_t*)>;

Capture open(const std::string& path, std::string& words) {
    char said[PCAP_ERRBUF_SIZE] = "";
    Capture capture(pcap_open_offline(path.c_str(), said), pcap_close);
    words = said;
    return capture;
}

int packets_in(pcap_t* capture) {
    if (capture == nullptr) return -1;
    int packets = 0;
    pcap_pkthdr* header = nullptr;
    const unsigned char* data = nullptr;
    while (pcap_next_ex(capture, &header, &data) == 1) ++packets;
    return packets;
}

/// Both read a file to its end and must say the same of it, packet by packet; returns how many there were.
int compare_with_libpcap(const std::string& path) {
    std::string words;
    const Capture ours = open(path, words);
    char said[PCAP_ERRBUF_SIZE] = "";
    const Capture theirs(pcap_fopen_offline(std::fopen(path.c_str(), "rb"), said), pcap_close);
    EXPECT_EQ(ours == nullptr, theirs == nullptr) << words << said;
    EXPECT_EQ(words, said);
    if (ours == nullptr || theirs == nullptr) return -1;
    for (int packets = 0;; ++packets) {
        pcap_pkthdr *our_header = nullptr, *their_header = nullptr;
        const unsigned char *our_data = nullptr, *their_data = nullptr;
        const int our_result = pcap_next_ex(ours.get(), &our_header, &our_data);
        EXPECT_EQ(our_result, pcap_next_ex(theirs.get(), &their_header, &their_data)) << packets;
        if (our_result != 1) {
            EXPECT_STREQ(pcap_geterr(ours.get()), pcap_geterr(theirs.get()));
            return packets;
        }
        EXPECT_EQ(our_header->ts.tv_sec, their_header->ts.tv_sec) << packets;
        EXPECT_EQ(our_header->ts.tv_usec, their_header->ts.tv_usec) << packets;
        EXPECT_EQ(our_header->len, their_header->len) << packets;
        EXPECT_EQ(test::Bytes(our_data, our_data + our_header->caplen),
                  test::Bytes(their_data, their_data + their_header->caplen))
            << packets;
    }
}

/// Of all lengths, the longest more than is read at once.
std::vector<test::TimedFrame> frames_of_all_lengths() {
    std::vector<test::TimedFrame> frames;
    for (const std::size_t length : {60, 0, 1500, 65519, 65520, 65521, 100'000, 262'144, 40, 9000, 65536}) {
        test::Bytes bytes(length);
        for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(i + frames.size());
        const auto number = static_cast<std::int64_t>(frames.size());
        frames.push_back({1'700'000'000'123'456 + 999'999 * number, std::move(bytes), 0});
    }
    return frames;
}

/// How far reading has come in the file, whatever has been given out of it; -1 if no descriptor is open on it.
off_t position_in(const std::string& path) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry.path(), gone) == path)
            return lseek(std::stoi(entry.path().filename()), 0, SEEK_CUR);
    }
    return -1;
}

TEST(CaptureReading, ReadsManyPacketsWithOneSystemCall) {
    const test::TempDir directory;
    const std::string path = directory / "capture.pcap";
    test::write_file(path, test::encode_capture(std::vector<test::TimedFrame>(3000, {0, test::Bytes(84), 0})));
    std::string words;
    const Capture capture = open(path, words);
    ASSERT_NE(capture, nullptr) << words;
    EXPECT_EQ(position_in(path), 64 << 10);
    EXPECT_EQ(packets_in(capture.get()), 3000);
}

/// libpcap has one place for all of them.
TEST(CaptureReading, GivesOutPacketsWhereTheyLie) {
    const test::TempDir directory;
    const std::string path = directory / "capture";
    test::write_file(path, test::encode_capture(std::vector<test::TimedFrame>(2, {0, test::Bytes(84), 0})));
    std::string words;
    const Capture capture = open(path, words);
    pcap_pkthdr* header = nullptr;
    const unsigned char *first = nullptr, *second = nullptr;
    ASSERT_EQ(pcap_next_ex(capture.get(), &header, &first), 1);
    ASSERT_EQ(pcap_next_ex(capture.get(), &header, &second), 1);
    EXPECT_EQ(second - first, 84 + 16);
}

TEST(CaptureReading, ReadsWhatLibpcapReads) {
    const test::TempDir directory;
    const std::string path = directory / "capture";
    const std::vector<test::TimedFrame> frames = frames_of_all_lengths();
    for (const auto format : {test::CaptureFormat::pcap, test::CaptureFormat::pcapng})
        for (const auto resolution : {test::TimeResolution::microseconds, test::TimeResolution::nanoseconds})
            for (const auto order : {test::ByteOrder::little, test::ByteOrder::big})
                for (const std::uint32_t snap_length : {262144u, 128u}) {
                    test::CaptureOptions options;
                    options.format = format;
                    options.resolution = resolution;
                    options.order = order;
                    options.snap_length = snap_length;
                    test::write_capture(path, frames, options);
                    EXPECT_EQ(compare_with_libpcap(path), static_cast<int>(frames.size()));
                }
}

TEST(CaptureReading, SaysOfDamageWhatLibpcapSays) {
    const test::TempDir directory;
    const std::string path = directory / "capture";
    const test::Bytes whole = test::encode_capture({{5, test::Bytes(60), 0}, {6, test::Bytes(70), 0}});
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        test::write_file(path, std::span(whole).first(length));
        compare_with_libpcap(path);
    }
    // Each byte of the file's header and of the first packet's in turn.
    for (std::size_t at = 0; at < 24 + 16; ++at)
        for (const std::uint8_t other : {0x01, 0x80, 0xff}) {
            test::Bytes damaged = whole;
            damaged[at] ^= other;
            test::write_file(path, damaged);
            compare_with_libpcap(path);
        }
}

TEST(CaptureReading, DoesNotWaitForMoreThanThereIs) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const test::Bytes bytes = test::encode_capture({{5, test::Bytes(60), 0}});
    ASSERT_EQ(write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    std::string words;
    {
        const Capture capture = open("/proc/self/fd/" + std::to_string(ends[0]), words);
        ASSERT_NE(capture, nullptr) << words;
        pcap_pkthdr* header = nullptr;
        const unsigned char* data = nullptr;
        EXPECT_EQ(pcap_next_ex(capture.get(), &header, &data), 1);  // while the pipe stays open
        close(ends[1]);
        EXPECT_EQ(pcap_next_ex(capture.get(), &header, &data), PCAP_ERROR_BREAK);
    }
    close(ends[0]);
}

/// More than places are kept for: what finds none is read by libpcap.
TEST(CaptureReading, ReadsAnyNumberOfCaptures) {
    const test::TempDir directory;
    const std::string path = directory / "capture";
    test::write_file(path, test::encode_capture(std::vector<test::TimedFrame>(9, {0, test::Bytes(60), 0})));
    std::string words;
    std::vector<Capture> captures;
    for (int i = 0; i < 100; ++i) captures.push_back(open(path, words));
    for (const Capture& capture : captures) EXPECT_EQ(packets_in(capture.get()), 9);
    captures.clear();
    EXPECT_EQ(position_in(path), -1);
}

TEST(CaptureReading, KeepsSeveralCapturesApart) {
    const test::TempDir directory;
    std::string words;
    std::vector<Capture> captures;
    for (std::size_t packets = 1; packets <= 3; ++packets) {
        const std::string path = directory / std::to_string(packets);
        test::write_file(path, test::encode_capture(std::vector<test::TimedFrame>(packets, {0, test::Bytes(60), 0})));
        captures.push_back(open(path, words));
    }
    for (int packets = 1; packets <= 3; ++packets)
        EXPECT_EQ(packets_in(captures[static_cast<std::size_t>(packets - 1)].get()), packets);
}

TEST(CaptureReading, TakesADashForStandardInput) {
    const test::TempDir directory;
    test::write_file(directory / "capture",
                     test::encode_capture(std::vector<test::TimedFrame>(3, {0, test::Bytes(60), 0})));
    const int before = dup(STDIN_FILENO), file = ::open((directory / "capture").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(dup2(file, STDIN_FILENO), STDIN_FILENO);
    std::string words;
    EXPECT_EQ(packets_in(open("-", words).get()), 3) << words;
    dup2(before, STDIN_FILENO);
    close(before);
    close(file);
}

TEST(CaptureReading, SaysWhatCannotBeOpened) {
    const test::TempDir directory;
    std::string words;
    EXPECT_EQ(open(directory / "missing", words), nullptr);
    EXPECT_EQ(words, (directory / "missing") + ": No such file or directory");
    test::write_file(directory / "text", test::Bytes(100, 'x'));
    EXPECT_EQ(open(directory / "text", words), nullptr);
    EXPECT_NE(words.find("unknown file format"), std::string::npos) << words;
}

/// A shared library that looks the function up, as net_pcap does, finds the program's.
TEST(CaptureReading, IsWhatDriversCall) {
    Dl_info found{};
    for (const char* name : {"pcap_open_offline", "pcap_next_ex"}) {
        ASSERT_NE(dladdr(dlsym(RTLD_DEFAULT, name), &found), 0);
        EXPECT_TRUE(std::filesystem::equivalent(found.dli_fname, "/proc/self/exe")) << found.dli_fname;
    }
}

}  // namespace
}  // namespace rstwatch::port
