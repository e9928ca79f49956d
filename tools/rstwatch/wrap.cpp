// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/wrap.h"

#include <algorithm>

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {
namespace {

/// The bytes of the first `characters` characters of UTF-8 text.
std::size_t bytes_of(std::string_view text, std::size_t characters) {
    std::size_t at = 0;
    for (; at < text.size() && characters > 0; --characters) do
            ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80);
    return at;
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
    if (width == 0) return {std::string(text)};
    std::vector<std::string> lines;
    while (display_width(text) > width) {
        // One more character: a blank just behind the line lets all of the line be used.
        const auto fitting = bytes_of(text, width);
        auto end = text.substr(0, bytes_of(text, width + 1)).rfind(' ');
        if (end == std::string_view::npos || end == 0) end = fitting;
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    lines.emplace_back(text);
    return lines;
}

std::string clipped(std::string_view line, std::size_t width) {
    std::string kept;
    while (!line.empty()) {
        const bool control = line.starts_with("\x1B[");
        auto length = bytes_of(line, 1);
        if (control) length = std::min(line.find_first_not_of("0123456789;", 2), line.size() - 1) + 1;
        if (control || width > 0) kept += line.substr(0, length);
        if (!control && width > 0) --width;
        line.remove_prefix(length);
    }
    return kept;
}

}  // namespace rstwatch::cli
