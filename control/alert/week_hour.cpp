// SPDX-License-Identifier: Apache-2.0
#include "control/alert/week_hour.h"

#include <array>
#include <ctime>

namespace rstwatch::control {
namespace {

/// The epoch was a Thursday: 72 hours after the beginning of its week.
constexpr std::int64_t epoch_in_week = 72;

std::int64_t floor_divided(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace

int WeekHour::of_week() const {
    return static_cast<int>(number + epoch_in_week - week() * in_a_week);
}

std::int64_t WeekHour::week() const {
    return floor_divided(number + epoch_in_week, in_a_week);
}

WeekHour week_hour_of(tally::Time time) {
    const auto seconds = static_cast<std::time_t>(time / tally::second);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return {floor_divided(seconds + parts.tm_gmtoff, 3600)};
}

std::string week_hour_in_words(int of_week) {
    static constexpr std::array days{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
    const int hour = of_week % 24;
    return std::string(days.at(static_cast<std::size_t>(of_week / 24))) + (hour < 10 ? " 0" : " ") +
           std::to_string(hour) + ":00";
}

}  // namespace rstwatch::control
