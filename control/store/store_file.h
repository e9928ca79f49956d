// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/http/file_descriptor.h"
#include "control/store/database.h"
#include "control/store/kept_service.h"
#include "control/store/minute_row.h"

namespace rstwatch::control {

/// The SQLite file of one daemon, open for writing. A lock beside it keeps other daemons away: counts of two would mix.
/// Used by one thread at a time.
class StoreFile {
  public:
    StoreFile(std::string path, std::uint64_t bytes, std::uint64_t days);

    /// Opens the file, beginning or migrating it where that is needed. What is wrong is in error().
    bool open();
    bool is_open() const { return database_.is_open(); }
    void close();

    const std::optional<DatabaseError>& error() const { return error_; }

    std::map<std::string, std::string> load_all(const std::string& space);
    std::vector<KeptService> load_services();

    /// One transaction; all or nothing.
    bool begin();
    bool save(const std::string& space, const std::string& key, const std::string& text);
    bool erase(const std::string& space, const std::string& key);
    bool save(const std::vector<KeptService>& services);
    bool erase(const std::vector<tally::Endpoint>& services);
    bool add(const std::vector<MinuteRow>& rows);
    bool commit();
    void roll_back();

    /// Forgets minutes that are too old or too many, oldest first; a part of them, if there is much to do.
    bool trim();

    /// Renames a damaged file, so that another can take its place; the new name, or nothing and error().
    std::optional<std::string> move_aside();

    /// True if the file really is damaged. Reads all of it.
    bool is_damaged();

    /// Counts the minute rows, which reads all of the file; rows() knows from then on.
    bool count_rows();
    std::optional<std::uint64_t> rows() const { return rows_; }  ///< none: not counted yet
    std::uint64_t bytes() const;                                 ///< that it takes on disk, its log included

  private:
    bool prepare_directory();
    bool lock();
    bool make_file();
    bool read_kinds();
    bool forget_before(std::int64_t minute);
    bool fail(int code, std::string message);
    bool take_error();

    std::string path_;
    std::uint64_t most_bytes_;
    std::uint64_t days_;
    http::FileDescriptor lock_;
    Database database_;
    std::optional<DatabaseError> error_;
    std::map<tally::RowKind, std::int64_t> kinds_;  // the file's numbers
    std::optional<std::uint64_t> rows_;
    std::uint64_t added_ = 0;  // rows of the transaction
};

}  // namespace rstwatch::control
