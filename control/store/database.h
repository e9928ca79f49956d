// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace rstwatch::control {

/// What SQLite says went wrong.
struct DatabaseError {
    static constexpr int corrupt = 11;  ///< SQLITE_CORRUPT

    int code = 0;  ///< primary result code (https://www.sqlite.org/rescode.html)
    std::string message;

    bool is_corrupt() const;      ///< the file is no database, or a damaged one
    bool is_interrupted() const;  ///< the time for it was over
    /// Somebody else may put it right: disk full, device, permissions, locks. Else the fault is in what was asked.
    bool is_environment() const;
};

/// One connection to a file. The first error stays, and everything after it does nothing, until it is forgiven: so a
/// sequence of steps is written as one, and looked at once. Used by one thread at a time.
class Database {
  public:
    enum class Mode : std::uint8_t { read_only, read_write };

    Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() { close(); }

    /// Opens what exists; never creates a file.
    bool open(const std::string& path, Mode mode);
    void close();
    bool is_open() const { return handle_ != nullptr; }

    /// Runs statements without results.
    bool execute(const char* sql);
    /// The first column of the first row; 0 for none.
    std::int64_t integer(const char* sql);
    std::string text(const char* sql);

    /// Waits up to that long for a lock of somebody else.
    void wait_for_locks(int milliseconds);
    /// Ends what runs longer than that, from now on, as interrupted.
    void set_deadline(int milliseconds);
    std::uint64_t changes() const;  ///< rows that the last statement changed

    bool ok() const { return !error_; }
    const std::optional<DatabaseError>& error() const { return error_; }
    void forgive() { error_.reset(); }

  private:
    friend class Query;
    bool check(int code);
    static int is_overdue(void* database);

    sqlite3* handle_ = nullptr;
    std::optional<DatabaseError> error_;
    std::int64_t deadline_ = 0;  // monotonic, in nanoseconds
};

/// A prepared statement. The database must outlive it.
class Query {
  public:
    Query(Database& database, std::string_view sql);
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;
    ~Query();

    /// Parameters count from 1. Texts and blobs must live until the next step().
    Query& bind(int parameter, std::int64_t value);
    Query& bind(int parameter, std::string_view text);
    Query& bind(int parameter, std::span<const std::uint8_t> blob);

    /// True when there is a row to read; false at the end, and after an error.
    bool step();
    /// step(), then ready for other parameters.
    bool run();
    void reset();

    /// Columns count from 0. Texts and blobs live until the next step().
    std::int64_t integer(int column) const;
    std::string_view text(int column) const;
    std::span<const std::uint8_t> blob(int column) const;

  private:
    Database& database_;
    sqlite3_stmt* statement_ = nullptr;
};

}  // namespace rstwatch::control
