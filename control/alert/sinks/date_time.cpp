// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/date_time.h"

#include <array>
#include <chrono>
#include <cstdio>

namespace rstwatch::control {

std::string rfc3339(tally::Time time) {
    using namespace std::chrono;
    const sys_time<microseconds> when{microseconds(static_cast<std::int64_t>(time))};
    const auto day = floor<days>(when);
    const year_month_day date(day);
    const hh_mm_ss clock(when - day);
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text.data();
}

}  // namespace rstwatch::control
