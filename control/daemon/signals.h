// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace rstwatch::control {

/// SIGTERM and SIGINT ask the daemon to stop, SIGHUP to read its settings anew. One per process.
class Signals {
  public:
    /// `request_stop` is called within the signal handler: it may only do what signal-safety(7) allows. `reloads`: else
    /// SIGHUP stays as it is.
    Signals(std::function<void()> request_stop, bool reloads);
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    bool stop_requested() const;
    /// True once for all the requests since it was asked last.
    bool take_reload_request() const;
    /// Returns when one of them has come, at once if it came since the last time, and after so long.
    void wait_for(std::chrono::milliseconds time) const;

  private:
    bool reloads_;
};

}  // namespace rstwatch::control
