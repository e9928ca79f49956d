// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace rstwatch::config {

/// Settings that are right one by one and wrong together.
struct Conflict {
    std::vector<std::string_view> settings;  ///< names of those involved; empty where it is about the ports
    std::optional<std::size_t> port;         ///< the one of Settings::ports that is at fault
    std::string message;                     ///< object, value, limit and remedy
    std::optional<std::size_t> sink{};       ///< the one of Settings::sinks that is at fault
};

/// Everything that does not fit together. The defaults do.
std::vector<Conflict> conflicts(const Settings& settings);

}  // namespace rstwatch::config
