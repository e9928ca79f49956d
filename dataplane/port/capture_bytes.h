// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace rstwatch::port {

/// A capture's bytes on their way in, read from a file or a pipe many at a time, and either looked at where they lie or
/// read through a stream of the C library. Not to be shared by threads.
class CaptureBytes {
  public:
    /// The longest packet that libpcap takes from a file, and its header.
    static constexpr std::size_t capacity = (std::size_t{256} << 10) + 16;

    /// Bytes that are read at once. Four times as many make reading slower: they no longer stay in the core's own
    /// cache.
    static constexpr std::size_t at_once = std::size_t{64} << 10;

    /// Owns the descriptor, unless that is standard input.
    explicit CaptureBytes(int descriptor);
    ~CaptureBytes();
    CaptureBytes(const CaptureBytes&) = delete;
    CaptureBytes& operator=(const CaptureBytes&) = delete;

    /// The next bytes, at least `length` (at most `capacity`) of them unless the file ends before or cannot be read;
    /// valid until the next call. They stay the next ones until they are skipped or read.
    std::span<const std::uint8_t> peek(std::size_t length) {
        while (end_ - next_ < length && fill() > 0) {
        }
        return std::span(buffer_.get() + next_, end_ - next_);
    }
    void skip(std::size_t length) { next_ += length; }

    /// As read(2) does.
    ssize_t read(char* to, std::size_t most);

  private:
    ssize_t fill();

    int descriptor_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t next_ = 0, end_ = 0;  // what has been read and not been given out
};

}  // namespace rstwatch::port
