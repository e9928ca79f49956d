// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/diagnostic.h"
#include "config/settings.h"

namespace rstwatch::config {

/// One setting from the command line.
struct Override {
    std::string assignment;        ///< KEY=VALUE
    std::string option = "--set";  ///< the option that it came from, for messages
};

/// Takes over one KEY=VALUE such as "rx.queues=2". Numbers are written as in TOML; text needs no quotes but may have
/// them. Looks at this one setting only: whether all of them fit together is for conflicts() to say.
std::optional<Diagnostic> apply_override(Settings& settings, const Override& given);
std::optional<Diagnostic> apply_override(Settings& settings, std::string_view assignment);

/// The KEY of KEY=VALUE without blanks around it.
std::string override_key(std::string_view assignment);

}  // namespace rstwatch::config
