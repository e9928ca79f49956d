// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rstwatch::cli {

/// `text` without anything a terminal would obey or that would hide what follows: control characters (C0, DEL, C1),
/// invisible and direction-changing characters become \n, \x1b or \u202e; bytes that are not UTF-8 become \xff.
/// Backslashes stay as they are, so that text that was escaped by its sender is not escaped twice.
std::string printable(std::string_view text);

/// Characters in printable UTF-8 text, which is its width in a terminal but for wide and combining characters.
std::size_t display_width(std::string_view text);

/// `json` with every byte that is not UTF-8 written out as \\xff, so that one bad name does not cost the document.
std::string with_valid_utf8(std::string_view json);

}  // namespace rstwatch::cli
