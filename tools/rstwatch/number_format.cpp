// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/number_format.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace rstwatch::cli {
namespace {

constexpr const char* unknown = "unknown";

/// Puts a comma before every third digit from the end of the integer part, which begins `text` but for a sign.
std::string separated(std::string text) {
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    const auto point = text.find('.');
    for (auto at = point == std::string::npos ? text.size() : point; at > first + 3;) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

std::string decimals(double value, int count) {
    std::array<char, 400> text{};  // the largest double has 309 digits
    std::snprintf(text.data(), text.size(), "%.*f", count, value);
    return text.data();
}

}  // namespace

std::string with_separators(std::int64_t value) {
    return separated(std::to_string(value));
}

std::string count_text(std::optional<std::int64_t> value) {
    return value ? with_separators(*value) : unknown;
}

std::string rate_text(std::optional<double> per_second) {
    if (!per_second || !std::isfinite(*per_second)) return unknown;
    return separated(decimals(*per_second, 2));
}

std::string share_text(std::int64_t part, std::int64_t whole) {
    if (whole <= 0) return "-";
    return decimals(100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) + " %";
}

std::string estimate_text(std::optional<std::int64_t> value, std::optional<std::int64_t> error) {
    if (!value || error.value_or(0) <= 0) return count_text(value);
    return with_separators(*value) + " ±" + with_separators(*error);
}

}  // namespace rstwatch::cli
