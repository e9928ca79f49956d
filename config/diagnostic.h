// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace rstwatch::config {

/// A position in a text: both numbers count from 1, columns in characters. Line 0 stands for no position.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    bool operator==(const Place&) const = default;
};

/// One thing that is wrong, where it is, and what to do about it.
struct Diagnostic {
    std::string source;  ///< file name, or the command line option at fault
    Place place;
    std::string message;

    bool operator==(const Diagnostic&) const = default;
};

/// "file:line:column: message", or "source: message" where there is no position.
std::string to_string(const Diagnostic& diagnostic);

}  // namespace rstwatch::config
