// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rstwatch::cli {

/// One character for each value, on a scale from 0 to the largest: eight blocks, or the digits 1 to 9 where there is no
/// Unicode. Whatever is above 0 shows. A value of 0 is a dot; a missing one is blank.
std::string sparkline(const std::vector<std::optional<double>>& values, bool unicode);

/// At most `columns` values, each the largest of as many neighbours: a peak stays visible.
std::vector<std::optional<double>> squeezed(const std::vector<std::optional<double>>& values, std::size_t columns);

/// True where the locale's characters are those of UTF-8.
bool locale_is_utf8();

}  // namespace rstwatch::cli
