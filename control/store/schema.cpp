// SPDX-License-Identifier: Apache-2.0
#include "control/store/schema.h"

#include <array>
#include <string>

#include "dataplane/tally/outcome.h"

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
    // 3: services out of `saved`, in columns: hundreds of thousands of them change all the time. `failed` is 0, and
    // `application` empty, where there is no more to tell; `cause` is a number of `kind`.
    "CREATE TABLE service(address BLOB NOT NULL, port INTEGER NOT NULL, accepted INTEGER NOT NULL,"
    " first_accepted INTEGER NOT NULL, last_accepted INTEGER NOT NULL, heard INTEGER NOT NULL,"
    " last_response INTEGER NOT NULL, failed INTEGER NOT NULL, failing_since INTEGER NOT NULL,"
    " last_failed INTEGER NOT NULL, recovered_at INTEGER NOT NULL, cause INTEGER NOT NULL, application TEXT NOT NULL,"
    " detail BLOB NOT NULL, identified INTEGER NOT NULL, PRIMARY KEY(address, port)) WITHOUT ROWID;"
    "DELETE FROM saved WHERE space = 'service';",
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

std::string failing_condition(Database& database) {
    std::string numbers;
    Query query(database, "SELECT id, name FROM kind ORDER BY id");
    while (query.step()) {
        const auto outcome = tally::outcome_from_name(query.text(1));
        if (!outcome || !tally::is_failed(*outcome)) continue;
        numbers += (numbers.empty() ? "" : ",") + std::to_string(query.integer(0));
    }
    return "kind IN (" + numbers + ")";
}

bool index_failures(Database& database) {
    const std::string index = "CREATE INDEX failing ON minute(scope, minute, kind, address, port, count) WHERE " +
                              failing_condition(database);
    if (database.text("SELECT sql FROM sqlite_master WHERE name = 'failing'") == index) return database.ok();
    database.execute("BEGIN IMMEDIATE; DROP INDEX IF EXISTS failing;");
    database.execute(index.c_str());
    database.execute("COMMIT");
    return database.ok();
}

}  // namespace rstwatch::control
