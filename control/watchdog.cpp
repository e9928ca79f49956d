// SPDX-License-Identifier: Apache-2.0
#include "control/watchdog.h"

#include <charconv>
#include <cstdint>
#include <cstring>

namespace rstwatch::control {
namespace {

std::optional<std::uint64_t> number(const char* text) {
    if (text == nullptr) return std::nullopt;
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, value);
    if (error != std::errc() || rest != end) return std::nullopt;
    return value;
}

}  // namespace

void Watchdog::feed(Clock::time_point now) {
    constexpr int times_within_timeout = 4;
    if (!timeout_ || (next_ && now < *next_)) return;
    next_ = now + *timeout_ / times_within_timeout;
    if (vitals_.what_stands_still(now).empty()) notify_("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> watchdog_timeout(const char* watchdog_usec, const char* watchdog_pid,
                                                          long pid) {
    const auto timeout = number(watchdog_usec);
    if (!timeout || *timeout == 0) return std::nullopt;
    if (watchdog_pid != nullptr && number(watchdog_pid) != static_cast<std::uint64_t>(pid)) return std::nullopt;
    return std::chrono::microseconds(*timeout);
}

}  // namespace rstwatch::control
