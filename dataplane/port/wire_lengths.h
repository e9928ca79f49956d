// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/port/capture_file.h"

struct pcap;

namespace rstwatch::port {

/// How long the packets of a capture were on the wire. net_pcap hands on what was captured and not that; a packet that
/// says to be longer than it is was either cut by the capture or lies. So the file is read a second time, as far as
/// somebody asks: for whole captures not at all. Used by the core that replays.
class WireLengths {
  public:
    /// Nothing for what can be read only once: a pipe.
    static std::unique_ptr<WireLengths> of(const CaptureFile& file);

    ~WireLengths();
    WireLengths(const WireLengths&) = delete;
    WireLengths& operator=(const WireLengths&) = delete;

    /// Bytes that packet `number`, counted from 0, had on the wire. The number rises from call to call. Nothing where
    /// the file cannot be read that far.
    std::optional<std::uint32_t> length_of(std::uint64_t number);

  private:
    explicit WireLengths(int descriptor) : descriptor_(descriptor) {}
    void open();

    int descriptor_;  // ours until the file is open
    pcap* capture_ = nullptr;
    bool is_open_ = false;
    std::uint64_t next_ = 0;
};

}  // namespace rstwatch::port
