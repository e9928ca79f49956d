// SPDX-License-Identifier: Apache-2.0
// dataplane/port/capture_reading.cpp, which has no header: it stands in for a function of libpcap.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

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

TEST(CaptureReading, ReadsManyPacketsWithOneSystemCall) {
    const test::TempDir directory;
    const std::string path = directory / "capture.pcap";
    test::write_file(path, test::encode_capture(std::vector<test::TimedFrame>(3000, {0, test::Bytes(84), 0})));
    std::string words;
    const Capture capture = open(path, words);
    ASSERT_NE(capture, nullptr) << words;
    EXPECT_EQ(lseek(fileno(pcap_file(capture.get())), 0, SEEK_CUR), 64 << 10);
    EXPECT_EQ(packets_in(capture.get()), 3000);
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
    ASSERT_NE(dladdr(dlsym(RTLD_DEFAULT, "pcap_open_offline"), &found), 0);
    EXPECT_TRUE(std::filesystem::equivalent(found.dli_fname, "/proc/self/exe")) << found.dli_fname;
}

}  // namespace
}  // namespace rstwatch::port
