// SPDX-License-Identifier: Apache-2.0
#include "config/text_scan.h"

#include <algorithm>

namespace rstwatch::config {
namespace {

// toml++ nests values 256 deep at most, but the dots of a key have no limit of their own, and tables are freed
// recursively: 60,000 levels overflow a stack of 8 MiB. 256 values times 64 dots stay well below that.
constexpr std::size_t most_dots = 64;

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view bare_key_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

// RFC 3629, section 4: what the second byte may be depends on the first, which keeps overlong forms, surrogates and
// everything above U+10FFFF out.
bool is_second_byte(unsigned char first, char c) {
    const auto second = static_cast<unsigned char>(c);
    if (first == 0xe0) return second >= 0xa0 && second <= 0xbf;
    if (first == 0xed) return second >= 0x80 && second <= 0x9f;
    if (first == 0xf0) return second >= 0x90 && second <= 0xbf;
    if (first == 0xf4) return second >= 0x80 && second <= 0x8f;
    return is_continuation(c);
}

std::string hexadecimal(unsigned char byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

std::optional<LineFault> utf8_fault(std::string_view line) {
    std::uint32_t column = 1;
    for (std::size_t at = 0; at < line.size(); ++column) {
        const auto length = character_length(line.substr(at));
        if (length == 0)
            return LineFault{column, "byte " + hexadecimal(static_cast<unsigned char>(line[at])) +
                                         " is not UTF-8; save the file as UTF-8"};
        at += length;
    }
    return std::nullopt;
}

// Rows of dots, as in a comment's "....", are no separators of keys.
std::size_t separating_dots(std::string_view line) {
    std::size_t dots = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool lone = (i == 0 || line[i - 1] != '.') && (i + 1 == line.size() || line[i + 1] != '.');
        if (line[i] == '.' && lone) ++dots;
    }
    return dots;
}

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::size_t character_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (text.size() < length || !is_second_byte(first, text[1])) return 0;
    return std::all_of(text.begin() + 2, text.begin() + static_cast<std::ptrdiff_t>(length), is_continuation) ? length
                                                                                                              : 0;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;
    for (;;) {
        const auto end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return lines;
        text.remove_prefix(end + 1);
    }
}

std::string join_lines(const std::vector<std::string>& lines, std::size_t first, std::size_t end) {
    std::string text;
    for (std::size_t line = first; line < end; ++line) text += lines[line] + '\n';
    return text;
}

std::string trimmed(std::string_view text) {
    return std::string(without_blanks(text));
}

std::optional<LineFault> unreadable(std::string_view line) {
    if (auto fault = utf8_fault(line)) return fault;
    if (without_blanks(line).starts_with('#') || separating_dots(line) <= most_dots) return std::nullopt;
    return LineFault{1,
                     "has more than " + std::to_string(most_dots) + " dots; keys are not that deep: shorten the line"};
}

bool begins_statement(std::string_view line) {
    const auto text = without_blanks(line);
    if (text.starts_with('[')) return text.ends_with(']');
    const auto key_end = text.find_first_not_of(std::string(bare_key_characters) + " \t.\"'");
    return key_end != std::string_view::npos && key_end != 0 && text[key_end] == '=';
}

bool opens_many_lines(std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return false;
    const auto value = without_blanks(line.substr(equals + 1));
    return value.starts_with('[') || value.starts_with('{') || value.starts_with("\"\"\"") || value.starts_with("'''");
}

std::string header_name(std::string_view line) {
    const auto name = line.substr(std::min(line.find_first_not_of("[ \t"), line.size()));
    return std::string(name.substr(0, name.find_first_not_of(bare_key_characters)));
}

}  // namespace rstwatch::config
