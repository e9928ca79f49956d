// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::cli {

/// `text`, which is printable, in lines of at most `width` characters, broken at blanks; a word that is longer than a
/// line is broken where the line ends. Nothing is left out. A width of 0 is without limit: one line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// The first `width` characters of a line, and all of its control sequences (ESC [ ... final), which have no width.
std::string clipped(std::string_view line, std::size_t width);

}  // namespace rstwatch::cli
