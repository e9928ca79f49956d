// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/wrap.h"

namespace rstwatch::cli {
namespace {

/// https://no-color.org: set and not empty, whatever the value.
bool colour_wanted() {
    const char* no_color = std::getenv("NO_COLOR");
    if (no_color != nullptr && *no_color != '\0') return false;
    return !is_dumb_terminal();
}

/// What ECMA-48 calls Select Graphic Rendition.
const char* code_of(Style style) {
    switch (style) {
        case Style::plain:
            return "0";
        case Style::heading:
            return "1";
        case Style::selected:
            return "7";
        case Style::good:
            return "32";
        case Style::warn:
            return "33";
        case Style::error:
            return "31";
        case Style::critical:
            break;
    }
    return "1;31";
}

}  // namespace

Style style_of_level(std::string_view level) {
    if (level == "critical") return Style::critical;
    if (level == "error") return Style::error;
    return level == "warn" ? Style::warn : Style::plain;
}

std::size_t terminal_width() {
    if (isatty(STDOUT_FILENO) != 1) return 0;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char* columns = std::getenv("COLUMNS");
    const auto given = columns == nullptr ? 0 : std::strtoul(columns, nullptr, 10);
    constexpr unsigned long least = 20;
    constexpr unsigned long most = 1000;
    return given >= least && given <= most ? given : 80;
}

bool is_dumb_terminal() {
    const char* terminal = std::getenv("TERM");
    return terminal == nullptr || std::string_view(terminal) == "dumb";
}

Output Output::standard() {
    return {std::cout, isatty(STDOUT_FILENO) == 1, colour_wanted(), terminal_width()};
}

void Output::line(std::string_view text) {
    stream_ << text << '\n';
    if (!terminal_) stream_.flush();
}

void Output::raw(std::string_view bytes) {
    stream_ << bytes;
}

void Output::text(std::string_view first, std::string_view text, Style style, Style style_of_first) {
    const std::size_t indent = display_width(first);
    // Where hardly a word fits beside it, the text is better put below it, over all of the width.
    constexpr std::size_t least_room = 20;
    const bool below = width_ > 0 && width_ < indent + least_room;
    if (below && first.find_first_not_of(' ') != std::string_view::npos) line(styled(first, style_of_first));
    auto before = below ? std::string() : styled(first, style_of_first);
    for (const auto& part : wrapped(text, width_ == 0 || below ? width_ : width_ - indent)) {
        line(before + styled(part, style));
        before.assign(below ? 0 : indent, ' ');
    }
}

std::string Output::styled(std::string_view text, Style style) const {
    if (!colour_ || style == Style::plain || text.empty()) return std::string(text);
    return "\x1B[" + std::string(code_of(style)) + "m" + std::string(text) + "\x1B[0m";
}

bool Output::finish() {
    stream_.flush();
    return stream_.good();
}

}  // namespace rstwatch::cli
