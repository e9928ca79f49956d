// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/capture_file.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <thread>

#include "tests/support/capture_writer.h"
#include "tests/support/conversation.h"
#include "tests/support/temp_dir.h"

namespace rstwatch::port {
namespace {

using test::CaptureFormat;
using test::CaptureOptions;
using test::TempDir;

std::vector<test::TimedFrame> frames() {
    return test::Conversation("10.0.0.2:40000", "10.0.0.1:80").connected().client_data(10).frames();
}

/// An open capture, closed at the end of the scope.
struct Opened {
    explicit Opened(const std::string& path) : failure(open_capture(path, file)) {}
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;
    ~Opened() {
        if (file.decompressor != nullptr) gzclose_r(static_cast<gzFile>(file.decompressor));
        if (file.descriptor >= 0) close(file.descriptor);
    }

    CaptureFile file;
    Failure failure;
};

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

/// The message of a capture that cannot be opened; it begins with the name, and nothing stays open.
std::string refusal(const std::string& path) {
    const std::size_t before = open_descriptors();
    CaptureFile file;
    const Failure failure = open_capture(path, file);
    EXPECT_TRUE(failure) << path;
    EXPECT_EQ(file.descriptor, -1);
    EXPECT_EQ(file.decompressor, nullptr);
    EXPECT_EQ(open_descriptors(), before);
    const std::string& message = failure.message();
    EXPECT_TRUE(message.starts_with(path + ": ")) << message;
    return message.substr(std::min(message.size(), path.size() + 2));
}

void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(CaptureFile, AbsentFileIsNamed) {
    const TempDir directory;
    EXPECT_EQ(refusal(directory / "absent.pcap"), "cannot be opened: No such file or directory; check the name");
}

TEST(CaptureFile, DirectoryIsNamed) {
    const TempDir directory;
    EXPECT_EQ(refusal(directory.path().string()), "is a directory; name the capture files in it");
}

TEST(CaptureFile, EmptyFileIsNamed) {
    const TempDir directory;
    const std::string path = directory / "empty.pcap";
    test::write_file(path, {});
    EXPECT_EQ(refusal(path), "is empty (0 bytes); capture with `tcpdump -w FILE`");
}

TEST(CaptureFile, GarbageIsNoCapture) {
    const TempDir directory;
    const std::string path = directory / "garbage";
    test::write_file(path, test::Bytes(1000, 'x'));
    const std::string message = refusal(path);
    expect_contains(message, "is not a capture file");
    expect_contains(message, "; give a pcap or pcapng file, gzipped or not");
    test::write_file(path, test::gzip(test::Bytes(1000, 'x')));
    expect_contains(refusal(path), "is not a capture file");
}

TEST(CaptureFile, HeaderCutShortIsNoCapture) {
    const TempDir directory;
    const std::string path = directory / "cut.pcap";
    const test::Bytes whole = test::encode_capture(frames());
    for (const std::size_t length : {1U, 3U, 4U, 12U, 23U}) {
        test::write_file(path, std::span(whole).first(length));
        expect_contains(refusal(path), "is not a capture file");
    }
    test::write_file(path, std::span(whole).first(24));
    EXPECT_FALSE(Opened(path).failure);
}

TEST(CaptureFile, CompressedFileCutInItsHeaderIsNotCalledEmpty) {
    const TempDir directory;
    const std::string path = directory / "cut.pcap.gz";
    CaptureOptions options;
    options.gzip = true;
    options.cut_at = 12;
    test::write_capture(path, frames(), options);
    const std::string message = refusal(path);
    EXPECT_EQ(message.find("empty"), std::string::npos) << message;
    EXPECT_EQ(message.find("0 bytes"), std::string::npos) << message;
}

TEST(CaptureFile, UnsupportedLinkTypeIsNamed) {
    const TempDir directory;
    const std::string path = directory / "wlan.pcap";
    test::Bytes bytes = test::encode_capture(frames());
    bytes[20] = 105;  // LINKTYPE_IEEE802_11
    test::write_file(path, bytes);
    EXPECT_EQ(refusal(path),
              "has link type IEEE802_11 (802.11), which cannot be parsed; supported are Ethernet, Linux cooked v1 and "
              "v2, raw IP, BSD loopback (NULL, LOOP), PPP and HDLC");
}

TEST(CaptureFile, EveryLinkTypeIsFound) {
    const TempDir directory;
    const std::pair<test::LinkType, packet::LinkType> links[] = {
        {test::LinkType::ethernet, packet::LinkType::ethernet},
        {test::LinkType::linux_sll, packet::LinkType::linux_sll},
        {test::LinkType::linux_sll2, packet::LinkType::linux_sll2},
        {test::LinkType::raw_ip, packet::LinkType::raw_ip},
        {test::LinkType::null, packet::LinkType::null_loopback},
        {test::LinkType::loop, packet::LinkType::loop},
        {test::LinkType::ppp, packet::LinkType::ppp},
        {test::LinkType::ppp_serial, packet::LinkType::ppp_serial},
        {test::LinkType::ppp_ether, packet::LinkType::ppp_ether},
        {test::LinkType::cisco_hdlc, packet::LinkType::cisco_hdlc},
    };
    for (const auto& [link, expected] : links) {
        for (const CaptureFormat format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
            const std::string path = directory / "link.pcap";
            CaptureOptions options;
            options.link = link;
            options.format = format;
            test::write_capture(path, frames(), options);
            const Opened opened(path);
            EXPECT_FALSE(opened.failure) << opened.failure.message();
            EXPECT_EQ(opened.file.link, expected);
        }
    }
}

TEST(CaptureFile, FormatsAreFound) {
    const TempDir directory;
    for (const CaptureFormat format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
        for (const auto resolution : {test::TimeResolution::microseconds, test::TimeResolution::nanoseconds}) {
            for (const auto order : {test::ByteOrder::little, test::ByteOrder::big}) {
                for (const bool gzip : {false, true}) {
                    const std::string path = directory / "capture";
                    CaptureOptions options;
                    options.format = format;
                    options.resolution = resolution;
                    options.order = order;
                    options.gzip = gzip;
                    test::write_capture(path, frames(), options);
                    const Opened opened(path);
                    ASSERT_FALSE(opened.failure) << opened.failure.message();
                    EXPECT_EQ(opened.file.is_stream, gzip);
                    EXPECT_EQ(opened.file.size, std::filesystem::file_size(path));
                    EXPECT_EQ(opened.file.decompressor != nullptr, gzip);
                    EXPECT_GE(opened.file.descriptor, 0);
                    options.gzip = false;
                    const test::Bytes plain = test::encode_capture(frames(), options);
                    EXPECT_EQ(opened.file.prefix, gzip ? plain : test::Bytes{});
                }
            }
        }
    }
}

TEST(CaptureFile, PipeIsAStream) {
    const TempDir directory;
    const std::string path = directory / "pipe";
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    const test::Bytes bytes = test::encode_capture(frames());
    std::thread writer([&] { test::write_file(path, bytes); });
    const Opened opened(path);
    writer.join();
    EXPECT_FALSE(opened.failure) << opened.failure.message();
    EXPECT_TRUE(opened.file.is_stream);
    EXPECT_EQ(opened.file.size, 0U);
    EXPECT_EQ(opened.file.prefix, bytes);
}

TEST(CaptureFile, DamageIsDescribedWithItsPlace) {
    const TempDir directory;
    const std::string path = directory / "cut.pcap";
    const auto all = frames();
    const test::Bytes whole = test::encode_capture(all);
    test::write_file(path, whole);
    EXPECT_EQ(describe_damage(path), "");
    const std::size_t second = 24 + 16 + all[0].bytes.size();
    test::write_file(path, std::span(whole).first(second + 16 + 10));
    const std::string in_packet = describe_damage(path);
    expect_contains(in_packet, "(at byte " + std::to_string(second) + ", after 1 packets)");
    expect_contains(in_packet, "truncated dump file");
    test::write_file(path, std::span(whole).first(second + 7));
    expect_contains(describe_damage(path), "(at byte " + std::to_string(second) + ", after 1 packets)");
    test::write_file(path, std::span(whole).first(second));
    EXPECT_EQ(describe_damage(path), "");
    EXPECT_NE(describe_damage(directory / "absent"), "");
}

TEST(CaptureFile, LinkLayersHaveWordsAndNumbers) {
    EXPECT_EQ(describe(packet::LinkType::ethernet), "Ethernet");
    EXPECT_EQ(describe(packet::LinkType::linux_sll), "Linux cooked v1");
    EXPECT_EQ(describe(packet::LinkType::linux_sll2), "Linux cooked v2");
    EXPECT_EQ(describe(packet::LinkType::raw_ip), "raw IP");
    EXPECT_EQ(describe(packet::LinkType::null_loopback), "BSD loopback");
    EXPECT_EQ(describe(packet::LinkType::loop), "OpenBSD loopback");
    EXPECT_EQ(link_type_of_dlt(DLT_IPV4), packet::LinkType::raw_ip);
    EXPECT_EQ(link_type_of_dlt(DLT_IPV6), packet::LinkType::raw_ip);
    EXPECT_EQ(link_type_of_dlt(DLT_IEEE802_11), std::nullopt);
    EXPECT_EQ(link_type_of_dlt(-1), std::nullopt);
}

}  // namespace
}  // namespace rstwatch::port
