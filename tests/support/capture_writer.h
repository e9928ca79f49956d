// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/support/timed_frame.h"

namespace rstwatch::test {

enum class CaptureFormat : std::uint8_t { pcap, pcapng };
enum class TimeResolution : std::uint8_t { microseconds, nanoseconds };
enum class ByteOrder : std::uint8_t { little, big };

/// How a capture file is written. What the defaults say is what tcpdump writes on this machine.
struct CaptureOptions {
    CaptureFormat format = CaptureFormat::pcap;
    TimeResolution resolution = TimeResolution::microseconds;
    ByteOrder order = ByteOrder::little;
    LinkType link = LinkType::ethernet;
    std::uint32_t snap_length = 262144;  ///< longer frames are cut to it
    bool gzip = false;
    std::optional<std::size_t> cut_at;  ///< bytes of the finished file that are kept
};

/// One interface of a pcapng file, with what was captured on it.
struct CaptureInterface {
    std::vector<TimedFrame> frames;
    LinkType link = LinkType::ethernet;
    TimeResolution resolution = TimeResolution::microseconds;
    std::uint32_t snap_length = 262144;
};

/// A file in memory. pcapng has one interface, with the options' link type, resolution and snap length.
Bytes encode_capture(const std::vector<TimedFrame>& frames, const CaptureOptions& options = {});

/// pcapng with several interfaces: their frames in the order of time, and a block of a kind that readers must skip.
/// Of the options, order, gzip and cut_at count.
Bytes encode_capture(const std::vector<CaptureInterface>& interfaces, const CaptureOptions& options = {});

Bytes gzip(std::span<const std::uint8_t> data);

/// Throw std::runtime_error, naming the file.
void write_file(const std::string& path, std::span<const std::uint8_t> bytes);
Bytes read_file(const std::string& path);

void write_capture(const std::string& path, const std::vector<TimedFrame>& frames, const CaptureOptions& options = {});
void write_capture(const std::string& path, const std::vector<CaptureInterface>& interfaces,
                   const CaptureOptions& options = {});

/// A pcap that is too long to lie in memory: frames are written as they come.
class PcapFile {
  public:
    explicit PcapFile(std::string path);
    void add(const TimedFrame& frame);
    /// Throws std::runtime_error, naming the file, if anything could not be written.
    void close();

  private:
    std::string path_;
    CaptureOptions options_;
    std::ofstream file_;
};

}  // namespace rstwatch::test
