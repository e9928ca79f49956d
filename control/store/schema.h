// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "control/store/database.h"

namespace rstwatch::control {

/// Version of the file that this program writes: PRAGMA user_version.
std::int64_t schema_version();

/// Brings a file of any earlier version, an empty one too, to schema_version(), step by step, all or nothing. Says what
/// is wrong in the database's error. A newer file must not be given.
bool migrate(Database& database);

}  // namespace rstwatch::control
