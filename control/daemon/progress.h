// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include "config/settings.h"

namespace rstwatch::control {

/// A line on the terminal that tells how far a long replay has come; silent where stderr is not a terminal, and for a
/// replay that is over before anybody could wonder.
class Progress {
  public:
    explicit Progress(const config::Settings& settings);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(std::uint64_t packets);

  private:
    using Clock = std::chrono::steady_clock;

    bool terminal_;
    bool shown_ = false;
    std::uint64_t megabytes_ = 0;  // of the captures together; 0 when not known
    Clock::time_point started_ = Clock::now();
};

}  // namespace rstwatch::control
