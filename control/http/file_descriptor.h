// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <utility>

namespace rstwatch::control::http {

/// Owns one open file descriptor, or none (-1), and closes it.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~FileDescriptor() {
        if (number_ >= 0) ::close(number_);
    }

    /// The number, still owned by this object; -1 when there is none.
    int get() const { return number_; }

    /// Gives ownership to the caller.
    int release() { return std::exchange(number_, -1); }

    explicit operator bool() const { return number_ >= 0; }

  private:
    int number_ = -1;
};

}  // namespace rstwatch::control::http
