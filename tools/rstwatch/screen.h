// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>
#include <termios.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "tools/rstwatch/key_decoder.h"

namespace rstwatch::cli {

/// The whole terminal on standard output, with single keys from the terminal on standard input. The destructor, and
/// every signal that ends or stops the process, gives it back as it was. There can be one at a time.
class Screen {
  public:
    struct Size {
        std::size_t rows = 24;
        std::size_t columns = 80;
    };

    struct Event {
        bool end = false;  ///< a signal says to end, or the terminal is gone
        std::vector<Key> keys{};
    };

    Screen();
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    /// As of now: it changes while the program runs.
    Size size() const;

    /// Replaces all that is shown, by one write, so that nobody sees a half of it. Lines must fit. False when the
    /// terminal is gone.
    [[nodiscard]] bool show(const std::vector<std::string>& lines);

    /// Waits for keys, at most for `limit`; returns early, without any, when the screen must be drawn anew: its size
    /// has changed, the process has been continued, or wake() was called.
    Event wait(std::chrono::milliseconds limit);

    /// Makes wait() return. From any thread.
    void wake();

  private:
    void enter();
    void leave();
    void stop_process();
    bool take_notices(Event& event);

    bool has_keys_ = false;  ///< standard input is a terminal
    KeyDecoder decoder_;
    std::array<struct sigaction, 13> former_{};
};

}  // namespace rstwatch::cli
