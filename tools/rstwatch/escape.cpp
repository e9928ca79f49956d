// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/escape.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace rstwatch::cli {
namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t length = 0;  ///< in bytes; 0: not UTF-8
};

/// Decodes strictly (RFC 3629): neither overlong forms, nor surrogates, nor anything beyond U+10FFFF.
Character decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return {byte(0), 1};
    const std::size_t length = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
    if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < length) return {};
    std::uint32_t code = byte(0) & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
    return {code, length};
}

/// Zero-width characters, line separators and those that turn the direction of writing.
bool is_invisible(std::uint32_t code) {
    return code == 0xAD || code == 0x061C || (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

std::string formatted(const char* format, std::uint32_t value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

std::string escaped(std::uint32_t code) {
    if (code == '\n') return "\\n";
    if (code == '\r') return "\\r";
    if (code == '\t') return "\\t";
    return formatted(code < 0x80 ? "\\x%02x" : "\\u%04x", code);
}

}  // namespace

std::string printable(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    while (!text.empty()) {
        const auto [code, length] = decode(text);
        if (length == 0) {
            safe += formatted("\\x%02x", static_cast<unsigned char>(text[0]));
        } else if (code < 0x20 || (code >= 0x7F && code < 0xA0) || is_invisible(code)) {
            safe += escaped(code);
        } else {
            safe += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return safe;
}

std::size_t display_width(std::string_view text) {
    const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts));
}

std::string with_valid_utf8(std::string_view json) {
    std::string valid;
    valid.reserve(json.size());
    while (!json.empty()) {
        const auto length = decode(json).length;
        if (length == 0)
            valid += formatted("\\\\x%02x", static_cast<unsigned char>(json[0]));
        else
            valid += json.substr(0, length);
        json.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return valid;
}

}  // namespace rstwatch::cli
