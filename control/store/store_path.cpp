// SPDX-License-Identifier: Apache-2.0
#include "control/store/store_path.h"

#include <unistd.h>

#include <cstdlib>

namespace rstwatch::control {
namespace {

/// A variable that does not hold an absolute path is to be ignored, says the specification.
std::string directory_in(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value == '/' ? value : "";
}

}  // namespace

std::string store_path(const std::string& setting, bool replay) {
    if (setting == "off") return {};
    if (!setting.empty()) return setting;
    if (replay) return {};
    if (geteuid() == 0) return "/var/lib/rstwatch/rstwatch.db";
    if (const std::string state = directory_in("XDG_STATE_HOME"); !state.empty())
        return state + "/rstwatch/rstwatch.db";
    const std::string home = directory_in("HOME");
    return home.empty() ? home : home + "/.local/state/rstwatch/rstwatch.db";
}

}  // namespace rstwatch::control
