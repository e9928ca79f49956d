// SPDX-License-Identifier: Apache-2.0
#include "control/store/database.h"

#include <sqlite3.h>

#include <chrono>

namespace rstwatch::control {
namespace {

std::int64_t monotonic_nanoseconds() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

bool DatabaseError::is_corrupt() const {
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool DatabaseError::is_interrupted() const {
    return code == SQLITE_INTERRUPT;
}

bool DatabaseError::is_environment() const {
    switch (code) {
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_PROTOCOL:
        case SQLITE_NOMEM:
            return true;
        default:
            return false;
    }
}

bool Database::open(const std::string& path, Mode mode) {
    close();
    error_.reset();
    const int access = mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    // One thread at a time, so SQLite need not lock; no URI: a name is a name.
    const int code = sqlite3_open_v2(path.c_str(), &handle_, access | SQLITE_OPEN_NOMUTEX, nullptr);
    if (check(code)) return true;
    close();
    return false;
}

void Database::close() {
    if (handle_ != nullptr) sqlite3_close_v2(handle_);
    handle_ = nullptr;
}

bool Database::check(int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return true;
    if (!error_) {
        // The extended code would be more precise; what to do hangs on the primary one.
        const char* words = handle_ != nullptr ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
        error_ = DatabaseError{code & 0xff, words};
    }
    return false;
}

bool Database::execute(const char* sql) {
    if (error_ || handle_ == nullptr) return false;
    return check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
}

std::int64_t Database::integer(const char* sql) {
    Query query(*this, sql);
    return query.step() ? query.integer(0) : 0;
}

std::string Database::text(const char* sql) {
    Query query(*this, sql);
    return query.step() ? std::string(query.text(0)) : std::string();
}

void Database::wait_for_locks(int milliseconds) {
    if (handle_ != nullptr) sqlite3_busy_timeout(handle_, milliseconds);
}

int Database::is_overdue(void* database) {
    return monotonic_nanoseconds() > static_cast<Database*>(database)->deadline_ ? 1 : 0;
}

void Database::set_deadline(int milliseconds) {
    constexpr int instructions_between_looks = 1000;  // some tens of microseconds
    deadline_ = monotonic_nanoseconds() + std::int64_t{milliseconds} * 1'000'000;
    if (handle_ != nullptr) sqlite3_progress_handler(handle_, instructions_between_looks, is_overdue, this);
}

std::uint64_t Database::changes() const {
    return handle_ == nullptr ? 0 : static_cast<std::uint64_t>(sqlite3_changes64(handle_));
}

Query::Query(Database& database, std::string_view sql) : database_(database) {
    if (database_.error_ || database_.handle_ == nullptr) return;
    database_.check(
        sqlite3_prepare_v2(database_.handle_, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr));
}

Query::~Query() {
    sqlite3_finalize(statement_);
}

Query& Query::bind(int parameter, std::int64_t value) {
    if (statement_ != nullptr) database_.check(sqlite3_bind_int64(statement_, parameter, value));
    return *this;
}

Query& Query::bind(int parameter, std::string_view text) {
    if (statement_ != nullptr)
        database_.check(
            sqlite3_bind_text(statement_, parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC));
    return *this;
}

Query& Query::bind(int parameter, std::span<const std::uint8_t> blob) {
    // An empty span may have no address at all, which would bind NULL.
    const void* bytes = blob.empty() ? "" : static_cast<const void*>(blob.data());
    if (statement_ != nullptr)
        database_.check(sqlite3_bind_blob(statement_, parameter, bytes, static_cast<int>(blob.size()), SQLITE_STATIC));
    return *this;
}

bool Query::step() {
    if (statement_ == nullptr || database_.error_) return false;
    const int code = sqlite3_step(statement_);
    database_.check(code);
    return code == SQLITE_ROW;
}

bool Query::run() {
    step();
    reset();
    return database_.ok();
}

void Query::reset() {
    // What went wrong was said by step(); resetting says it again.
    if (statement_ != nullptr) sqlite3_reset(statement_);
}

std::int64_t Query::integer(int column) const {
    return statement_ == nullptr ? 0 : sqlite3_column_int64(statement_, column);
}

std::string_view Query::text(int column) const {
    const auto bytes = blob(column);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::uint8_t> Query::blob(int column) const {
    if (statement_ == nullptr) return {};
    const void* bytes = sqlite3_column_blob(statement_, column);
    return {static_cast<const std::uint8_t*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

}  // namespace rstwatch::control
