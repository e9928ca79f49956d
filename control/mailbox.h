// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include "dataplane/tally/spsc_ring.h"

namespace rstwatch::control {

/// Passes values from one thread to another, which sleeps on a descriptor. The sender never waits: what finds no room
/// is refused. Several threads may send, if something else sees to it that they do so one after the other.
template <typename T>
class Mailbox {
  public:
    /// Throws std::system_error where the process has no descriptor left.
    explicit Mailbox(std::size_t capacity) : ring_(capacity), descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    }
    ~Mailbox() {
        receive([](T&&) {});
        close(descriptor_);
    }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    /// Sender only. False when the mailbox is full; the value is gone then.
    [[nodiscard]] bool send(T value) {
        auto letter = std::make_unique<T>(std::move(value));
        if (!ring_.push(letter.get())) return false;
        (void)letter.release();  // the receiver owns it now
        wake();
        return true;
    }

    /// Any thread: makes the descriptor readable.
    void wake() const {
        const std::uint64_t one = 1;
        // Can only fail when the counter is at its limit, and then the descriptor is readable anyway.
        [[maybe_unused]] const auto written = write(descriptor_, &one, sizeof one);
    }

    /// Readable when receive() has something to do.
    int descriptor() const { return descriptor_; }

    /// Receiver only. Calls `each` with every value that has come.
    template <typename Each>
    void receive(Each&& each) {
        std::uint64_t count = 0;
        // Before the ring is looked at: what comes afterwards makes it readable again.
        [[maybe_unused]] const auto bytes = read(descriptor_, &count, sizeof count);
        while (T* pointer = ring_.pop()) {
            const std::unique_ptr<T> letter(pointer);
            each(std::move(*letter));
        }
    }

  private:
    tally::SpscRing<T> ring_;
    int descriptor_;
};

}  // namespace rstwatch::control
