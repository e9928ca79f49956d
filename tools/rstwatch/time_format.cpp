// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/time_format.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "tools/rstwatch/number_format.h"

namespace rstwatch::cli {
namespace {

/// Years 0 to 9999: beyond them the fixed width of the columns is gone, and no packet was ever seen there.
constexpr double earliest = -62167219200.0;
constexpr double latest = 253402300799.0;

std::string two_units(std::int64_t seconds, std::int64_t large, const char* large_name, std::int64_t small,
                      const char* small_name) {
    return with_separators(seconds / large) + " " + large_name + " " + std::to_string(seconds % large / small) + " " +
           small_name;
}

}  // namespace

std::string local_time(std::optional<double> seconds) {
    if (!seconds || !(*seconds >= earliest && *seconds <= latest)) return "unknown";
    const auto when = static_cast<std::time_t>(std::floor(*seconds));
    std::tm fields{};
    std::array<char, 32> text{};
    if (localtime_r(&when, &fields) == nullptr) return "unknown";
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &fields);
    return text.data();
}

std::string time_text(std::optional<double> seconds, double now) {
    constexpr std::size_t date_length = 10;
    auto text = local_time(seconds);
    if (std::isnan(now)) return text;
    const auto today = local_time(now).substr(0, date_length);
    return text.size() > date_length && text.starts_with(today) ? text.substr(date_length + 1) : text;
}

double wall_clock() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string span_text(std::optional<double> seconds) {
    if (!seconds || !(*seconds >= 0 && *seconds <= latest)) return "unknown";
    if (*seconds < 60) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), *seconds < 1 ? "%.3f s" : "%.1f s", *seconds);
        return text.data();
    }
    const auto whole = static_cast<std::int64_t>(*seconds);
    if (whole < 3600) return two_units(whole, 60, "min", 1, "s");
    if (whole < 86400) return two_units(whole, 3600, "h", 60, "min");
    return two_units(whole, 86400, "d", 3600, "h");
}

std::string period_text(std::int64_t seconds) {
    if (seconds == 0) return "0 s";
    if (seconds % 86400 == 0 && seconds > 86400) return with_separators(seconds / 86400) + " d";
    if (seconds % 3600 == 0) return with_separators(seconds / 3600) + " h";
    if (seconds % 60 == 0) return with_separators(seconds / 60) + " min";
    return seconds < 60 ? std::to_string(seconds) + " s" : span_text(static_cast<double>(seconds));
}

std::string latency_text(std::optional<double> seconds) {
    if (!seconds || !(*seconds >= 0 && *seconds < 1)) return span_text(seconds);
    std::array<char, 32> text{};
    if (*seconds < 1e-3)
        std::snprintf(text.data(), text.size(), "%.0f µs", *seconds * 1e6);
    else
        std::snprintf(text.data(), text.size(), "%.1f ms", *seconds * 1e3);
    return text.data();
}

}  // namespace rstwatch::cli
