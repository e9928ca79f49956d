// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "dataplane/port/capture_file.h"

namespace rstwatch::port {

/// Feeds a capture that net_pcap cannot open by itself, because it is compressed or comes over a pipe, to net_pcap over
/// a pipe of our own. Uses a thread of its own, bounded memory, no file on disk.
class CaptureStream {
  public:
    /// Takes over the descriptors of `file`, which must be a stream.
    static Failure start(CaptureFile& file, std::unique_ptr<CaptureStream>& stream);
    ~CaptureStream();

    /// The end that net_pcap is to read; open as long as the stream lives.
    int descriptor() const { return read_end_; }

    /// After the reader has met the end: why the source could not be read to its own. Empty: it could.
    std::string error();

  private:
    CaptureStream(CaptureFile& file, int read_end, int write_end);
    void feed();

    CaptureFile source_;
    int read_end_;
    int write_end_;
    std::string error_;  // written by the feeder, read after it was joined
    std::thread feeder_;
};

}  // namespace rstwatch::port
