// SPDX-License-Identifier: Apache-2.0
#include "control/store/schema.h"

#include <array>
#include <string>

namespace rstwatch::control {
namespace {

/// What makes version i + 1 of version i. Steps that were ever released are not changed any more: files of every
/// version are out there. An address has 4 or 16 bytes, or none: the network, or all who have no row of their own.
constexpr std::array migrations{
    // 1: minutes. Rows of a minute lie together, so that a range of time is one stretch of the file.
    "CREATE TABLE kind(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE minute(scope INTEGER NOT NULL, minute INTEGER NOT NULL, address BLOB NOT NULL, port INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, count INTEGER NOT NULL, clients INTEGER NOT NULL, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, PRIMARY KEY(scope, minute, address, port, kind)) WITHOUT ROWID;",
    // 2: what has to survive a restart.
    "CREATE TABLE saved(space TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(space, key))"
    " WITHOUT ROWID;",
};

}  // namespace

std::int64_t schema_version() {
    return static_cast<std::int64_t>(migrations.size());
}

bool migrate(Database& database) {
    const std::int64_t version = database.integer("PRAGMA user_version");
    if (!database.ok() || version == schema_version()) return database.ok();
    database.execute("BEGIN IMMEDIATE");
    for (auto step = static_cast<std::size_t>(version); step < migrations.size(); ++step)
        database.execute(migrations[step]);
    database.execute(("PRAGMA user_version = " + std::to_string(schema_version())).c_str());
    database.execute("COMMIT");
    return database.ok();
}

}  // namespace rstwatch::control
