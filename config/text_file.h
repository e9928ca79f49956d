// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace rstwatch::config {

/// Bounds the time that a file which is no file of settings can take; the longest that is shipped has 30 KiB.
inline constexpr std::size_t largest_file = 256 * 1024;

struct TextFile {
    std::string text;  ///< one byte more than `largest_file` at most
    int error = 0;     ///< errno where the file could not be read
};

TextFile read_text_file(const std::string& path);

}  // namespace rstwatch::config
