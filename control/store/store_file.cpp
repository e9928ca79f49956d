// SPDX-License-Identifier: Apache-2.0
#include "control/store/store_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "control/store/address_blob.h"
#include "control/store/schema.h"

namespace rstwatch::control {
namespace {

namespace fs = std::filesystem;

constexpr int lock_patience = 1000;  // ms, of the writing thread alone
constexpr std::int64_t minutes_in_a_day = 1440;
constexpr std::array companions{"", "-wal", "-shm"};  // of a file in WAL mode

std::string errno_text() {
    return std::strerror(errno);
}

std::uint64_t size_of(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// None for what has no name.
std::span<const std::uint8_t> address_of(const MinuteKey& key) {
    if (!key.named) return {};
    return blob_of(key.subject.address);
}

std::span<const std::uint8_t> blob_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string stamp() {
    const std::time_t now = std::time(nullptr);
    std::tm fields{};
    gmtime_r(&now, &fields);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &fields);
    return text.data();
}

}  // namespace

StoreFile::StoreFile(std::string path, std::uint64_t bytes, std::uint64_t days)
    : path_(std::move(path)), most_bytes_(bytes), days_(days) {}

bool StoreFile::fail(int code, std::string message) {
    if (!error_) error_ = DatabaseError{code, std::move(message)};
    return false;
}

bool StoreFile::take_error() {
    if (database_.ok()) return true;
    if (!error_) error_ = database_.error();
    return false;
}

bool StoreFile::open() {
    close();
    error_.reset();
    if (!prepare_directory() || !lock() || !make_file()) return false;
    database_.open(path_, Database::Mode::read_write);
    database_.wait_for_locks(lock_patience);
    database_.execute("PRAGMA auto_vacuum = INCREMENTAL");  // counts for a new file only
    const std::string mode = database_.text("PRAGMA journal_mode = WAL");
    if (database_.ok() && mode != "wal") return fail(SQLITE_CANTOPEN, "its file system cannot share memory (WAL)");
    // With WAL that loses at most the last transactions when the power fails, and none when the daemon does.
    database_.execute("PRAGMA synchronous = NORMAL");
    database_.execute("PRAGMA journal_size_limit = 16777216");
    const std::int64_t version = database_.integer("PRAGMA user_version");
    if (version > schema_version()) {
        fail(SQLITE_CANTOPEN, "was written by a newer rstwatch (version " + std::to_string(version) +
                                  " of the file, this one knows " + std::to_string(schema_version()) +
                                  "); name another file with store.path, or run the newer one");
        database_.close();
        return false;
    }
    migrate(database_);
    if (take_error() && read_kinds() && index_failures(database_)) return true;
    take_error();
    database_.close();
    return false;
}

void StoreFile::close() {
    database_.close();
    database_.forgive();
    kinds_.clear();
    rows_.reset();
    lock_ = {};
}

bool StoreFile::prepare_directory() {
    const fs::path directory = fs::path(path_).parent_path();
    std::error_code error;
    const bool exists = fs::exists(directory, error);
    if (exists) return true;
    fs::create_directories(directory, error);
    if (error) return fail(SQLITE_CANTOPEN, "cannot create " + directory.string() + ": " + error.message());
    fs::permissions(directory, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec, error);
    return true;
}

bool StoreFile::lock() {
    const std::string name = path_ + ".lock";
    lock_ = http::FileDescriptor(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (lock_.get() < 0) return fail(SQLITE_CANTOPEN, "cannot create " + name + ": " + errno_text());
    if (flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return true;
    const std::string words =
        errno == EWOULDBLOCK ? "another rstwatchd writes it; give each its own by store.path" : errno_text();
    lock_ = {};
    return fail(SQLITE_BUSY, words);
}

/// Addresses of who talks to whom are not for everybody.
bool StoreFile::make_file() {
    const http::FileDescriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (file.get() >= 0) return true;
    return fail(SQLITE_CANTOPEN, errno_text());
}

bool StoreFile::read_kinds() {
    database_.execute("BEGIN IMMEDIATE");
    {
        Query insert(database_, "INSERT OR IGNORE INTO kind(name) VALUES(?)");
        Query find(database_, "SELECT id FROM kind WHERE name = ?");
        for (tally::RowKind kind = 0; kind < stored_kind::count; ++kind) {
            insert.bind(1, stored_name(kind)).run();
            find.bind(1, stored_name(kind));
            if (find.step()) kinds_[kind] = find.integer(0);
            find.reset();
        }
    }
    database_.execute("COMMIT");
    return take_error();
}

bool StoreFile::count_rows() {
    const auto rows = static_cast<std::uint64_t>(database_.integer("SELECT COUNT(*) FROM minute"));
    if (take_error()) rows_ = rows;
    return !error_;
}

std::map<std::string, std::string> StoreFile::load_all(const std::string& space) {
    std::map<std::string, std::string> found;
    Query query(database_, "SELECT key, value FROM saved WHERE space = ?");
    query.bind(1, space);
    while (query.step()) found.emplace(query.text(0), query.text(1));
    take_error();
    return found;
}

std::vector<KeptService> StoreFile::load_services() {
    std::vector<KeptService> found;
    Query query(database_,
                "SELECT address, port, accepted, first_accepted, last_accepted, heard, last_response, failed,"
                " failing_since, last_failed, recovered_at, cause, application, detail, identified FROM service");
    const auto number = [&](int column) { return static_cast<std::uint64_t>(query.integer(column)); };
    while (query.step()) {
        const auto address = address_from(query.blob(0));
        if (!address) continue;
        KeptService& kept = found.emplace_back();
        kept.service = {*address, static_cast<std::uint16_t>(query.integer(1))};
        kept.accepted = number(2);
        kept.first_accepted = number(3);
        kept.last_accepted = number(4);
        kept.heard = query.integer(5) != 0;
        kept.last_response = number(6);
        for (const auto& [kind, id] : kinds_)
            if (number(7) > 0 && kind < tally::outcome_count && id == query.integer(11))
                kept.failing = {number(7), number(8), number(9), number(10), static_cast<tally::Outcome>(kind)};
        kept.application = query.text(12);
        const auto detail = query.blob(13);
        kept.detail.assign(detail.begin(), detail.end());
        kept.identified = number(14);
    }
    take_error();
    return found;
}

bool StoreFile::begin() {
    added_ = 0;
    database_.execute("BEGIN IMMEDIATE");
    return take_error();
}

bool StoreFile::save(const std::string& space, const std::string& key, const std::string& text) {
    Query query(database_,
                "INSERT INTO saved(space, key, value) VALUES(?, ?, ?)"
                " ON CONFLICT(space, key) DO UPDATE SET value = excluded.value");
    query.bind(1, space).bind(2, key).bind(3, text).run();
    return take_error();
}

bool StoreFile::erase(const std::string& space, const std::string& key) {
    Query(database_, "DELETE FROM saved WHERE space = ? AND key = ?").bind(1, space).bind(2, key).run();
    return take_error();
}

bool StoreFile::save(const std::vector<KeptService>& services) {
    Query query(database_, "INSERT OR REPLACE INTO service VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
    for (const KeptService& kept : services) {
        const KeptService::Failing failing = kept.failing.value_or(KeptService::Failing{});
        query.bind(1, blob_of(kept.service.address))
            .bind(2, std::int64_t{kept.service.port})
            .bind(3, number(kept.accepted))
            .bind(4, number(kept.first_accepted))
            .bind(5, number(kept.last_accepted))
            .bind(6, std::int64_t{kept.heard})
            .bind(7, number(kept.last_response))
            .bind(8, number(failing.failed))
            .bind(9, number(failing.since))
            .bind(10, number(failing.last))
            .bind(11, number(failing.recovered_at))
            .bind(12, kinds_[tally::row_kind(failing.cause)])
            .bind(13, std::string_view(kept.application))
            .bind(14, blob_of(kept.detail))
            .bind(15, number(kept.identified));
        if (!query.run()) break;
    }
    return take_error();
}

bool StoreFile::erase(const std::vector<tally::Endpoint>& services) {
    Query query(database_, "DELETE FROM service WHERE address = ? AND port = ?");
    for (const tally::Endpoint& service : services)
        if (!query.bind(1, blob_of(service.address)).bind(2, std::int64_t{service.port}).run()) break;
    return take_error();
}

/// An update tells by its changes whether the row was there, which an upsert does not: so rows can be counted.
bool StoreFile::add(const std::vector<MinuteRow>& rows) {
    Query update(database_,
                 "UPDATE minute SET count = count + ?6, clients = clients + ?7,"
                 " first = CASE WHEN ?8 = 0 THEN first WHEN first = 0 THEN ?8 ELSE MIN(first, ?8) END,"
                 " last = MAX(last, ?9)"
                 " WHERE scope = ?1 AND minute = ?2 AND address = ?3 AND port = ?4 AND kind = ?5");
    Query insert(database_, "INSERT INTO minute VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    for (const MinuteRow& row : rows) {
        const auto fill = [&](Query& query) -> Query& {
            return query.bind(1, static_cast<std::int64_t>(row.key.scope))
                .bind(2, static_cast<std::int64_t>(row.key.minute))
                .bind(3, address_of(row.key))
                .bind(4, std::int64_t{row.key.subject.port})
                .bind(5, kinds_[row.key.kind])
                .bind(6, row.count)
                .bind(7, row.clients)
                .bind(8, static_cast<std::int64_t>(row.first))
                .bind(9, static_cast<std::int64_t>(row.last));
        };
        if (!fill(update).run()) break;
        if (database_.changes() > 0) continue;
        if (!fill(insert).run()) break;
        ++added_;
    }
    return take_error();
}

bool StoreFile::commit() {
    database_.execute("COMMIT");
    if (!take_error()) return false;
    if (rows_) *rows_ += added_;
    return true;
}

/// Also after an error that has rolled back by itself.
void StoreFile::roll_back() {
    database_.forgive();
    error_.reset();
    database_.execute("ROLLBACK");
    database_.forgive();
}

bool StoreFile::trim() {
    // Every minute has a row of the network, so that scope tells how far back the file reaches.
    const std::int64_t newest = database_.integer("SELECT MAX(minute) FROM minute WHERE scope = 0");
    std::int64_t oldest = database_.integer("SELECT MIN(minute) FROM minute WHERE scope = 0");
    if (!take_error()) return false;
    const std::int64_t horizon = newest - static_cast<std::int64_t>(days_) * minutes_in_a_day;
    if (oldest < horizon && !forget_before(horizon)) return false;
    oldest = std::max(oldest, horizon);
    const auto used = [this] {
        const std::int64_t pages = database_.integer("PRAGMA page_count") - database_.integer("PRAGMA freelist_count");
        return static_cast<std::uint64_t>(pages * database_.integer("PRAGMA page_size"));
    };
    if (used() <= most_bytes_) return take_error();
    // Some more than needed, so that it is not needed again at once; in pieces, so that the queue does not wait long.
    constexpr std::int64_t pieces = 20;
    const std::int64_t piece = std::max<std::int64_t>(1, (newest - oldest) / pieces);
    while (database_.ok() && used() > most_bytes_ / 10 * 9 && oldest < newest) {
        oldest = std::min(oldest + piece, newest);
        if (!forget_before(oldest)) return false;
    }
    database_.execute("PRAGMA incremental_vacuum");
    return take_error();
}

bool StoreFile::forget_before(std::int64_t minute) {
    database_.execute("BEGIN IMMEDIATE");
    std::uint64_t gone = 0;
    {
        Query query(database_, "DELETE FROM minute WHERE scope = ? AND minute < ?");
        for (std::int64_t scope = 0; scope < scope_count; ++scope) {
            query.bind(1, scope).bind(2, minute).run();
            gone += database_.changes();
        }
    }
    database_.execute("COMMIT");
    if (!take_error()) return false;
    if (rows_) *rows_ -= std::min(*rows_, gone);
    return true;
}

bool StoreFile::is_damaged() {
    const std::string answer = database_.text("PRAGMA quick_check(1)");
    const bool damaged = !database_.ok() ? database_.error()->is_corrupt() : answer != "ok";
    database_.forgive();
    return damaged;
}

std::optional<std::string> StoreFile::move_aside() {
    // The lock is kept: nobody else is to begin a file in between.
    database_.close();
    database_.forgive();
    error_.reset();
    const std::string base = path_ + ".corrupt-" + stamp();
    std::string name = base;
    for (int again = 2; fs::exists(name); ++again) name = base + "-" + std::to_string(again);
    for (const char* companion : companions) {
        if (rename((path_ + companion).c_str(), (name + companion).c_str()) == 0 || errno == ENOENT) continue;
        fail(SQLITE_CANTOPEN, "is damaged, and cannot be moved aside to " + name + companion + ": " + errno_text());
        return std::nullopt;
    }
    return name;
}

std::uint64_t StoreFile::bytes() const {
    return size_of(path_) + size_of(path_ + "-wal");
}

}  // namespace rstwatch::control
