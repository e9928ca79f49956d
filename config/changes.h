// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/schema.h"
#include "config/settings.h"

namespace rstwatch::config {

/// One setting that differs.
struct Change {
    std::string setting;   ///< its name; "port" and "sink" for the lists of these
    std::string from, to;  ///< as TOML writes them; of a list, its elements' names
    Effect effect = Effect::restart;

    bool operator==(const Change&) const = default;
};

/// What has to change to get from one to the other, in the order of the schema.
std::vector<Change> changes(const Settings& from, const Settings& to);

/// `running` with all that a reload takes over from `wanted`.
Settings reloaded(Settings running, const Settings& wanted);

}  // namespace rstwatch::config
