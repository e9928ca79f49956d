// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// An hour of the sensor's local time, because what fails regularly follows the days of people: with summer time its
/// pattern moves, too. Numbers rise by one from hour to hour, but for the hour that summer time takes away, and the one
/// that there is twice.
struct WeekHour {
    static constexpr int in_a_week = 168;

    std::int64_t number = 0;  ///< hours of local time since 1970-01-01 00:00

    /// 0 to 167, from Monday, midnight, on.
    int of_week() const;
    /// Weeks since the epoch, for places in a ring.
    std::int64_t week() const;

    auto operator<=>(const WeekHour&) const = default;
};

/// The hour that `time` lies in.
WeekHour week_hour_of(tally::Time time);

/// "Saturday 14:00" of an hour of the week, 0 to 167.
std::string week_hour_in_words(int of_week);

}  // namespace rstwatch::control
