// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/capture_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>

#include "tests/support/capture_writer.h"
#include "tests/support/temp_dir.h"

namespace rstwatch::port {
namespace {

using test::Bytes;
using test::TempDir;

/// A capture of `size` bytes or a little more, which do not compress.
Bytes capture(std::size_t size) {
    std::mt19937 random(1);
    std::vector<test::TimedFrame> frames;
    for (std::size_t i = 0; i * 1016 < size; ++i) {
        Bytes bytes(1000);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
        frames.push_back({static_cast<std::int64_t>(i), bytes, 0});
    }
    return test::encode_capture(frames);
}

Bytes read_all(int descriptor) {
    Bytes all;
    std::array<std::uint8_t, 65536> buffer;
    for (ssize_t length = 0; (length = read(descriptor, buffer.data(), buffer.size())) > 0;)
        all.insert(all.end(), buffer.begin(), buffer.begin() + length);
    return all;
}

std::unique_ptr<CaptureStream> started(const std::string& path) {
    CaptureFile file;
    const Failure opened = open_capture(path, file);
    EXPECT_FALSE(opened) << opened.message();
    EXPECT_TRUE(file.is_stream);
    std::unique_ptr<CaptureStream> stream;
    const Failure failure = CaptureStream::start(file, stream);
    EXPECT_FALSE(failure) << failure.message();
    EXPECT_EQ(file.descriptor, -1);
    EXPECT_EQ(file.decompressor, nullptr);
    return stream;
}

TEST(CaptureStream, DeliversEveryByte) {
    const TempDir directory;
    // Shorter than the prefix, around it, around the chunks that are read, and larger than the pipe.
    for (const std::size_t size : {100U, 65000U, 66000U, 262144U, 327680U, 3000000U}) {
        const std::string path = directory / "capture.pcap.gz";
        const Bytes bytes = capture(size);
        test::write_file(path, test::gzip(bytes));
        const auto stream = started(path);
        EXPECT_TRUE(read_all(stream->descriptor()) == bytes) << size;
        EXPECT_EQ(stream->error(), "");
        EXPECT_EQ(stream->error(), "");
    }
}

TEST(CaptureStream, DeliversSeveralCompressedMembers) {
    const TempDir directory;
    const std::string path = directory / "capture.pcap.gz";
    const Bytes bytes = capture(200000);
    Bytes file = test::gzip(std::span(bytes).first(1000));
    const Bytes rest = test::gzip(std::span(bytes).subspan(1000));
    file.insert(file.end(), rest.begin(), rest.end());
    test::write_file(path, file);
    const auto stream = started(path);
    EXPECT_TRUE(read_all(stream->descriptor()) == bytes);
    EXPECT_EQ(stream->error(), "");
}

TEST(CaptureStream, ReportsCompressedDataThatEndsEarly) {
    const TempDir directory;
    const std::string path = directory / "capture.pcap.gz";
    for (const std::size_t size : {30000U, 1000000U}) {
        const Bytes bytes = capture(size);
        const Bytes compressed = test::gzip(bytes);
        for (const std::size_t kept : {compressed.size() / 2, compressed.size() - 9, compressed.size() - 1}) {
            test::write_file(path, std::span(compressed).first(kept));
            const auto stream = started(path);
            const Bytes received = read_all(stream->descriptor());
            EXPECT_LE(received.size(), bytes.size());
            EXPECT_TRUE(std::equal(received.begin(), received.end(), bytes.begin())) << kept;
            EXPECT_GT(received.size(), kept / 2);
            EXPECT_EQ(stream->error(), "compressed data ends early (at byte " + std::to_string(kept) + ")");
        }
    }
}

TEST(CaptureStream, ReportsCompressedDataThatIsSpoilt) {
    const TempDir directory;
    const std::string path = directory / "capture.pcap.gz";
    Bytes compressed = test::gzip(capture(1000000));
    compressed[compressed.size() - 6] ^= 0xFF;  // of the check sum
    test::write_file(path, compressed);
    const auto stream = started(path);
    (void)read_all(stream->descriptor());
    EXPECT_NE(stream->error().find("incorrect data check (at byte "), std::string::npos);
}

TEST(CaptureStream, EndsWhenItsReaderIsGone) {
    const TempDir directory;
    const std::string path = directory / "capture.pcap.gz";
    test::write_file(path, test::gzip(capture(3000000)));
    {
        const auto unread = started(path);  // the pipe is full long before the end
        std::array<std::uint8_t, 100> some;
        EXPECT_EQ(read(unread->descriptor(), some.data(), some.size()), 100);
    }
    const auto asked = started(path);
    EXPECT_EQ(asked->error(), "");
}

}  // namespace
}  // namespace rstwatch::port
