// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace rstwatch::control {

/// SIGTERM and SIGINT ask the daemon to stop. One per process.
class StopSignals {
  public:
    /// `request_stop` is called within the signal handler: it may only do what signal-safety(7) allows.
    explicit StopSignals(std::function<void()> request_stop);
    ~StopSignals();
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    bool requested() const;
    /// Returns when one has come, at once if it has already.
    void wait() const;
};

}  // namespace rstwatch::control
