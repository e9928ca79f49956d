// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "control/store/database.h"

namespace rstwatch::control {

/// Version of the file that this program writes: PRAGMA user_version.
std::int64_t schema_version();

/// Brings a file of any earlier version, an empty one too, to schema_version(), step by step, all or nothing. Says what
/// is wrong in the database's error. A newer file must not be given.
bool migrate(Database& database);

/// "kind IN (2,3,7)": rows that count failures, by this file's own numbers. Whoever asks for such rows says so in these
/// words, and SQLite reads the index of failures instead of everything that was counted.
std::string failing_condition(Database& database);

/// Makes the index of failures, anew if other outcomes are failures now. Once the kinds have their numbers.
bool index_failures(Database& database);

}  // namespace rstwatch::control
