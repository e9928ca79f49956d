// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rstwatch::cli {

/// 1234567 as "1,234,567".
std::string with_separators(std::int64_t value);

/// The same, and "unknown" where there is no number: never 0 for what nobody knows.
std::string count_text(std::optional<std::int64_t> value);

/// A rate with two decimals: "1,234.50"; "unknown" where there is none or it is not finite.
std::string rate_text(std::optional<double> per_second);

/// "24.3 %"; "-" of nothing.
std::string share_text(std::int64_t part, std::int64_t whole);

/// Count with its largest error: "1,234", "1,234 ±20".
std::string estimate_text(std::optional<std::int64_t> value, std::optional<std::int64_t> error);

}  // namespace rstwatch::cli
