// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rstwatch::control {

/// Where the store is kept: the setting, if it names a file; else /var/lib/rstwatch/rstwatch.db for root, and
/// rstwatch/rstwatch.db under XDG_STATE_HOME, else ~/.local/state, for others (XDG Base Directory Specification 0.8).
/// Empty: nowhere, because the setting is "off", because it is a replay, or because there is no home.
std::string store_path(const std::string& setting, bool replay);

}  // namespace rstwatch::control
