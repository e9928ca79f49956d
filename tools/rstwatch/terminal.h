// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <termios.h>

#include <chrono>

namespace rstwatch::cli {

/// Takes single keys from the terminal on standard input, unseen, and gives it back as it was.
class KeyInput {
  public:
    KeyInput();
    ~KeyInput();
    KeyInput(const KeyInput&) = delete;
    KeyInput& operator=(const KeyInput&) = delete;

    /// Waits until `delay` is over or somebody wants to leave, and says whether: q, Q, ^C, ^D, a signal to end, or the
    /// terminal is gone.
    bool wait_for_quit(std::chrono::milliseconds delay);

  private:
    bool has_keys_ = false;  ///< standard input is a terminal
    termios before_{};
};

}  // namespace rstwatch::cli
