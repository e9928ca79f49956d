// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::config {

/// True for the second and later bytes of a character in UTF-8.
bool is_continuation(char c);

/// The bytes of the character that a text, which is not empty, begins with; 0 where that is no UTF-8.
std::size_t character_length(std::string_view text);

/// The lines of a text without their line breaks. A text that ends in a line break has an empty last line.
std::vector<std::string> split_lines(std::string_view text);

/// Lines first..end-1, each with its line break.
std::string join_lines(const std::vector<std::string>& lines, std::size_t first, std::size_t end);

/// Without the blanks (spaces, tabs, carriage returns) at both ends.
std::string trimmed(std::string_view text);

struct LineFault {
    std::uint32_t column;  ///< in characters, from 1
    std::string message;
};

/// Why a line must not reach the TOML parser: it is not UTF-8 (whose place toml++ tells only roughly) or it nests keys
/// so deeply that freeing the tables would exhaust the stack.
std::optional<LineFault> unreadable(std::string_view line);

/// True for a line that looks like `key = ...` or `[header]`, whether or not it is right.
bool begins_statement(std::string_view line);

/// True where the value of `key = ...` may go on in the next line: arrays and texts in triple quotes.
bool opens_many_lines(std::string_view line);

/// The name in a header, however broken: of "[[port" it is "port".
std::string header_name(std::string_view line);

}  // namespace rstwatch::config
