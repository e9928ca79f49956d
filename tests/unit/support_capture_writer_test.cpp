// SPDX-License-Identifier: Apache-2.0
#include "tests/support/capture_writer.h"

#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <zlib.h>

#include <memory>
#include <string>

#include "tests/support/conversation.h"
#include "tests/support/temp_dir.h"

namespace rstwatch::test {
namespace {

struct ReadBack {
    std::vector<TimedFrame> frames;
    std::uint64_t nanoseconds = 0;  ///< of the first frame, below the second
    int link = -1;
    std::string error;
};

/// What libpcap makes of a file.
ReadBack read_with_libpcap(const std::string& path, unsigned precision = PCAP_TSTAMP_PRECISION_MICRO) {
    char message[PCAP_ERRBUF_SIZE] = "";
    const std::unique_ptr<pcap_t, void (*)(pcap_t*)> file(
        pcap_open_offline_with_tstamp_precision(path.c_str(), precision, message), pcap_close);
    ReadBack result;
    if (!file) {
        result.error = message;
        return result;
    }
    result.link = pcap_datalink(file.get());
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    int status = 0;
    while ((status = pcap_next_ex(file.get(), &header, &data)) == 1) {
        if (result.frames.empty()) result.nanoseconds = static_cast<std::uint64_t>(header->ts.tv_usec);
        result.frames.push_back(
            {header->ts.tv_sec * 1'000'000LL + header->ts.tv_usec, Bytes(data, data + header->caplen), header->len});
    }
    if (status == PCAP_ERROR) result.error = pcap_geterr(file.get());
    return result;
}

std::vector<TimedFrame> story() {
    return Conversation("10.0.0.2:40000", "10.0.0.1:443").wait(0.123456).connected().client_data(900).frames();
}

void expect_same(const std::vector<TimedFrame>& read, const std::vector<TimedFrame>& written) {
    ASSERT_EQ(read.size(), written.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        EXPECT_EQ(read[i].time_us, written[i].time_us) << i;
        EXPECT_EQ(read[i].bytes, written[i].bytes) << i;
        EXPECT_EQ(read[i].original_length, written[i].bytes.size()) << i;
    }
}

TEST(CaptureWriter, EveryFormatReadsBack) {
    const TempDir directory;
    const auto frames = story();
    for (const CaptureFormat format : {CaptureFormat::pcap, CaptureFormat::pcapng})
        for (const TimeResolution resolution : {TimeResolution::microseconds, TimeResolution::nanoseconds})
            for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
                CaptureOptions options;
                options.format = format;
                options.resolution = resolution;
                options.order = order;
                const std::string path = directory / "file";
                write_capture(path, frames, options);
                const ReadBack read = read_with_libpcap(path);
                EXPECT_EQ(read.error, "");
                EXPECT_EQ(read.link, DLT_EN10MB);
                expect_same(read.frames, frames);
                EXPECT_EQ(read_with_libpcap(path, PCAP_TSTAMP_PRECISION_NANO).nanoseconds, 123'456'000U);
            }
}

TEST(CaptureWriter, HeaderOfAPcapFile) {
    CaptureOptions options;
    options.order = ByteOrder::big;
    options.snap_length = 96;
    options.link = LinkType::linux_sll2;
    EXPECT_EQ(encode_capture(std::vector<TimedFrame>{}, options),
              (Bytes{0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 96, 0, 0, 1, 20}));
}

TEST(CaptureWriter, LinkTypesReadBack) {
    const TempDir directory;
    for (const auto& [link, expected] :
         {std::pair{LinkType::null, DLT_NULL}, std::pair{LinkType::raw_ip, DLT_RAW},
          std::pair{LinkType::loop, DLT_LOOP}, std::pair{LinkType::linux_sll, DLT_LINUX_SLL},
          std::pair{LinkType::linux_sll2, DLT_LINUX_SLL2}}) {
        CaptureOptions options;
        options.link = link;
        const auto frames = Conversation("10.0.0.2:40000", "10.0.0.1:443").link(link).refused().frames();
        write_capture(directory / "file", frames, options);
        const ReadBack read = read_with_libpcap(directory / "file");
        EXPECT_EQ(read.link, expected);
        expect_same(read.frames, frames);

        // libpcap's own compiler agrees about where the headers of this link type are.
        const std::unique_ptr<pcap_t, void (*)(pcap_t*)> handle(pcap_open_dead(read.link, 65535), pcap_close);
        bpf_program program{};
        ASSERT_EQ(pcap_compile(handle.get(), &program, "tcp dst port 443 and tcp[13] = 2", 1, 0), 0);
        pcap_pkthdr header{};
        header.caplen = header.len = static_cast<bpf_u_int32>(frames[0].bytes.size());
        EXPECT_NE(pcap_offline_filter(&program, &header, frames[0].bytes.data()), 0) << expected;
        pcap_freecode(&program);
    }
}

TEST(CaptureWriter, SnapLengthCutsBytesAndKeepsTheLength) {
    const TempDir directory;
    CaptureOptions options;
    options.snap_length = 54;
    write_capture(directory / "file", story(), options);
    const ReadBack read = read_with_libpcap(directory / "file");
    ASSERT_EQ(read.frames.size(), 4U);
    EXPECT_EQ(read.frames[3].bytes.size(), 54U);
    EXPECT_EQ(read.frames[3].original_length, story()[3].bytes.size());
}

TEST(CaptureWriter, SeveralInterfaces) {
    const TempDir directory;
    const auto first = story();
    const auto second = Conversation("10.0.0.3:40000", "10.0.0.1:443").wait(0.12350).refused().frames();
    write_capture(directory / "file", {CaptureInterface{first}, CaptureInterface{second}});
    const ReadBack read = read_with_libpcap(directory / "file");
    EXPECT_EQ(read.error, "");
    expect_same(read.frames, merged({first, second}));
}

TEST(CaptureWriter, CutFilesEndInsideAPacket) {
    const TempDir directory;
    CaptureOptions options;
    options.cut_at = encode_capture(story()).size() - 1;
    write_capture(directory / "file", story(), options);
    const ReadBack read = read_with_libpcap(directory / "file");
    EXPECT_EQ(read.frames.size(), 3U);
    EXPECT_NE(read.error, "");
}

TEST(CaptureWriter, GzipUnpacksToTheSame) {
    const TempDir directory;
    CaptureOptions options;
    options.gzip = true;
    write_capture(directory / "file.gz", story(), options);
    EXPECT_EQ(read_file(directory / "file.gz")[0], 0x1F);

    const Bytes plain = encode_capture(story());
    const gzFile file = gzopen((directory / "file.gz").c_str(), "rb");
    ASSERT_NE(file, nullptr);
    Bytes unpacked(plain.size() + 1);
    const int size = gzread(file, unpacked.data(), static_cast<unsigned>(unpacked.size()));
    gzclose(file);
    unpacked.resize(static_cast<std::size_t>(size));
    EXPECT_EQ(unpacked, plain);
}

TEST(CaptureWriter, SaysWhichFileFailed) {
    EXPECT_THROW(write_capture("/nowhere/at/all", story()), std::runtime_error);
    EXPECT_THROW(read_file("/nowhere/at/all"), std::runtime_error);
}

}  // namespace
}  // namespace rstwatch::test
