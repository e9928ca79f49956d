// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/wire_lengths.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/support/capture_writer.h"
#include "tests/support/temp_dir.h"

namespace rstwatch::port {
namespace {

std::vector<test::TimedFrame> frames(std::size_t count) {
    std::vector<test::TimedFrame> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back({static_cast<std::int64_t>(i), test::Bytes(60), static_cast<std::uint32_t>(60 + i)});
    return all;
}

class WireLengthsOf : public testing::TestWithParam<test::CaptureOptions> {
  protected:
    std::unique_ptr<WireLengths> lengths_of(const test::Bytes& bytes) {
        const std::string name = directory_ / "capture";
        test::write_file(name, bytes);
        CaptureFile file;
        EXPECT_FALSE(open_capture(name, file));
        auto lengths = WireLengths::of(file);
        if (file.decompressor != nullptr) gzclose_r(static_cast<gzFile>(file.decompressor));
        if (file.descriptor >= 0) close(file.descriptor);
        return lengths;
    }

  private:
    test::TempDir directory_;
};

TEST_P(WireLengthsOf, AreFoundByNumber) {
    const auto lengths = lengths_of(test::encode_capture(frames(1000), GetParam()));
    ASSERT_NE(lengths, nullptr);
    for (const std::uint64_t number : {0U, 1U, 7U, 500U, 999U}) EXPECT_EQ(lengths->length_of(number), 60 + number);
    EXPECT_EQ(lengths->length_of(3), std::nullopt);  // is past
    EXPECT_EQ(lengths->length_of(1000), std::nullopt);
    EXPECT_EQ(lengths->length_of(1001), std::nullopt);
}

TEST_P(WireLengthsOf, EndWhereTheFileIsDamaged) {
    test::CaptureOptions options = GetParam();
    options.gzip = false;
    test::Bytes bytes = test::encode_capture(frames(10), options);
    bytes.resize(bytes.size() - 30);
    const auto lengths = lengths_of(bytes);
    ASSERT_NE(lengths, nullptr);
    EXPECT_EQ(lengths->length_of(8), 68U);
    EXPECT_EQ(lengths->length_of(9), std::nullopt);
}

std::vector<test::CaptureOptions> formats() {
    std::vector<test::CaptureOptions> all;
    for (const auto format : {test::CaptureFormat::pcap, test::CaptureFormat::pcapng}) {
        for (const bool gzip : {false, true}) {
            test::CaptureOptions options;
            options.format = format;
            options.gzip = gzip;
            all.push_back(options);
        }
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(Port, WireLengthsOf, testing::ValuesIn(formats()));

TEST(WireLengths, APipeIsReadOnce) {
    CaptureFile file;
    file.is_stream = true;
    EXPECT_EQ(WireLengths::of(file), nullptr);
}

}  // namespace
}  // namespace rstwatch::port
