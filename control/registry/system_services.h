// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/services.h"

namespace rstwatch::control {

/// The TCP ports in a file such as /etc/services (services(5)). A file that is not there has none; lines that make no
/// sense are left out.
std::vector<config::ServiceLabel> system_services(const std::string& path);

}  // namespace rstwatch::control
