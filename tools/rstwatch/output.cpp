// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/output.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace rstwatch::cli {
namespace {

/// https://no-color.org: set and not empty, whatever the value.
bool colour_wanted() {
    const char* no_color = std::getenv("NO_COLOR");
    if (no_color != nullptr && *no_color != '\0') return false;
    const char* terminal = std::getenv("TERM");
    return terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

Output Output::standard() {
    return {std::cout, isatty(STDOUT_FILENO) == 1, colour_wanted()};
}

void Output::line(std::string_view text) {
    stream_ << text << '\n';
    if (!terminal_) stream_.flush();
}

void Output::raw(std::string_view bytes) {
    stream_ << bytes;
}

std::string Output::in_style(std::string_view text, const char* style) const {
    if (!colour_) return std::string(text);
    return "\x1B[" + std::string(style) + "m" + std::string(text) + "\x1B[0m";
}

std::string Output::heading(std::string_view text) const {
    return in_style(text, "1");
}

std::string Output::alarming(std::string_view text) const {
    return in_style(text, "31");
}

bool Output::finish() {
    stream_.flush();
    return stream_.good();
}

}  // namespace rstwatch::cli
