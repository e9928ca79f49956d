// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// "2026-11-20T22:43:31.123456Z" (RFC 3339; RFC 5424 asks for the same).
std::string rfc3339(tally::Time time);

}  // namespace rstwatch::control
