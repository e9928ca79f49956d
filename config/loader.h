// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/override.h"
#include "config/settings.h"

namespace rstwatch::config {

struct LoadResult {
    Settings settings;               ///< what was right, the defaults for the rest; use it only if ok()
    std::vector<Diagnostic> errors;  ///< all there are, in the order of the text, then those of the command line

    [[nodiscard]] bool ok() const { return errors.empty(); }
};

/// Reads a file of settings in TOML, at most 256 KiB. Everything that is wrong is reported at once: what TOML does not
/// allow, unknown keys, wrong kinds of values, values out of range, and settings that do not fit together. Overrides
/// come last and win, also where they make the file fit together. Never throws.
LoadResult load_file(const std::string& path, std::span<const Override> overrides = {});

/// The same for a text. `source` stands for the file name in messages; an empty text gives the defaults.
LoadResult load_text(std::string_view text, const std::string& source, std::span<const Override> overrides = {});

}  // namespace rstwatch::config
