// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/capture_bytes.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rstwatch::port {

CaptureBytes::CaptureBytes(int descriptor)
    : descriptor_(descriptor), buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity)) {}

CaptureBytes::~CaptureBytes() {
    if (descriptor_ != STDIN_FILENO) close(descriptor_);
}

/// With one system call: a pipe gives what is in it, and is not waited for. Returns what read(2) does.
ssize_t CaptureBytes::fill() {
    std::memmove(buffer_.get(), buffer_.get() + next_, end_ - next_);
    end_ -= next_;
    next_ = 0;
    ssize_t length;
    do length = ::read(descriptor_, buffer_.get() + end_, std::min(at_once, capacity - end_));
    while (length < 0 && errno == EINTR);
    if (length > 0) end_ += static_cast<std::size_t>(length);
    return length;
}

ssize_t CaptureBytes::read(char* to, std::size_t most) {
    if (next_ == end_) {
        const ssize_t length = fill();
        if (length <= 0) return length;
    }
    const std::size_t length = std::min(most, end_ - next_);
    std::memcpy(to, buffer_.get() + next_, length);
    next_ += length;
    return static_cast<ssize_t>(length);
}

}  // namespace rstwatch::port
