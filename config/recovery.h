// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <toml++/toml.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace rstwatch::config {

/// What could be read of a TOML text, however broken.
struct Recovered {
    toml::table table;
    std::vector<Diagnostic> errors;
    /// What stands below a broken or repeated [header] is in a table of another name: from that to the name meant.
    std::map<std::string, std::string, std::less<>> stand_ins;
    bool complete = true;  ///< false: so much is wrong that the rest was not looked at
};

/// Parses a text and goes on behind whatever TOML does not allow, so that one look at a file finds all its errors.
Recovered parse_with_recovery(std::string_view text, const std::string& source);

}  // namespace rstwatch::config
