// SPDX-License-Identifier: Apache-2.0
#include "control/store/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "control/store/schema.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

namespace fs = std::filesystem;
using rstwatch::test::TempDir;
using std::chrono::milliseconds;
using tally::Outcome;
using test::refused;

const tally::Endpoint a_service = tally::parse_endpoint("10.0.0.1:80").value();

std::vector<MinuteRow> minute_rows(std::uint64_t minute, std::uint32_t services, std::int64_t each = 1) {
    std::vector<MinuteRow> rows{{{minute, Scope::network, stored_kind::seconds, false, {}}, 60, 0, 0, 0}};
    for (std::uint32_t number = 0; number < services; ++number) {
        const std::uint8_t bytes[] = {10, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
        rows.push_back({{minute, Scope::service, refused, true, {tally::IpAddress::v4(bytes), 80}},
                        each,
                        1,
                        minute * 60'000'000,
                        minute * 60'000'000 + 5});
    }
    return rows;
}

/// What a store said to the log.
struct Log {
    std::vector<std::string> lines;
    std::mutex mutex;

    Store::Tell tell() {
        return [this](bool, const std::string& line) {
            const std::lock_guard lock(mutex);
            lines.push_back(line);
        };
    }
    std::size_t count(const std::string& words) {
        const std::lock_guard lock(mutex);
        return static_cast<std::size_t>(
            std::ranges::count_if(lines, [&](const std::string& line) { return line.find(words) != line.npos; }));
    }
};

Store::Options quick(std::string path) {
    Store::Options options;
    options.path = std::move(path);
    options.commit_every = milliseconds(5);
    options.first_retry = milliseconds(5);
    options.longest_retry = milliseconds(20);
    return options;
}

/// Waits for a state that must come, and no longer than a minute.
template <typename Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 12000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
}

bool is_written(const Store& store) {
    const StoreStatus status = store.status();
    return status.state == StoreStatus::State::ok && status.queue == 0 && status.rows;
}

bool is_degraded(const Store& store) {
    return store.status().state == StoreStatus::State::degraded;
}

std::int64_t ask(const std::string& path, const char* sql) {
    Database database;
    EXPECT_TRUE(database.open(path, Database::Mode::read_only));
    const std::int64_t number = database.integer(sql);
    EXPECT_TRUE(database.ok()) << database.error()->message;
    return number;
}

TEST(Store, KeepsWhatIsSavedAndCounted) {
    const TempDir directory;
    const std::string path = directory / "deep/er/rstwatch.db";
    Log log;
    {
        Store store(quick(path), log.tell());
        EXPECT_TRUE(store.load_all("registry").empty());
        store.start();
        store.save("registry", "10.0.0.1:80", "{\"first\":1}");
        store.save("registry", "10.0.0.2:80", "{}");
        store.save("registry", "10.0.0.1:80", "{\"first\":2}");
        store.save("alerts", "10.0.0.1:80", "other");
        store.save("alerts", "gone", "x");
        store.erase("alerts", "gone");
        store.add(minute_rows(100, 3));
        store.add(minute_rows(100, 3));
        EXPECT_TRUE(eventually([&] { return is_written(store); }));
        const StoreStatus status = store.status();
        EXPECT_EQ(status.rows, 4u);
        EXPECT_GT(status.bytes.value_or(0), 4096u);
        EXPECT_EQ(status.dropped, 0u);
    }
    Store again(quick(path), log.tell());
    EXPECT_EQ(again.load_all("registry"),
              (std::map<std::string, std::string>{{"10.0.0.1:80", "{\"first\":2}"}, {"10.0.0.2:80", "{}"}}));
    EXPECT_EQ(again.load_all("alerts"), (std::map<std::string, std::string>{{"10.0.0.1:80", "other"}}));
    EXPECT_EQ(ask(path, "SELECT SUM(count) FROM minute WHERE scope = 1"), 6);
    EXPECT_EQ(ask(path, "SELECT MAX(clients) FROM minute"), 2);
    EXPECT_EQ(ask(path, "PRAGMA user_version"), schema_version());
    EXPECT_EQ(log.lines, std::vector<std::string>{});
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07, 0u) << "others may not read who talks to whom";
}

TEST(Store, TextsAreKeptByteForByte) {
    const TempDir directory;
    const std::string path = directory / "s.db", odd("a\0b'\xff\n", 6);
    Log log;
    {
        Store store(quick(path), log.tell());
        store.save("x", odd, odd);
        store.start();
        store.stop();
    }
    EXPECT_EQ(Store(quick(path), log.tell()).load_all("x"), (std::map<std::string, std::string>{{odd, odd}}));
}

TEST(Store, OffKeepsNothing) {
    Log log;
    Store store(Store::Options{}, log.tell());
    store.start();
    store.save("a", "b", "c");
    store.add(minute_rows(1, 1));
    EXPECT_EQ(store.status().state, StoreStatus::State::off);
    EXPECT_EQ(store.status().queue, 0u);
    EXPECT_FALSE(store.is_on());
}

TEST(Store, WhatDoesNotFitIntoTheQueueIsDroppedAndCounted) {
    const TempDir directory;
    Log log;
    Store::Options options = quick(directory / "s.db");
    options.queue = 10;
    Store store(options, log.tell());
    store.add(minute_rows(1, 7));  // 8 rows; nobody writes yet
    store.save("a", "1", "x");
    store.save("a", "1", "y");  // replaces what waits
    store.add(minute_rows(2, 3));
    store.save("a", "2", "x");
    store.save("a", "3", "x");
    EXPECT_EQ(store.status().queue, 10u);
    EXPECT_EQ(store.status().dropped, 5u);
    store.start();
    EXPECT_TRUE(eventually([&] { return is_written(store); }));
    store.add(minute_rows(3, 3));
    EXPECT_EQ(store.status().dropped, 5u);
}

TEST(Store, AReplayWaitsInsteadOfDropping) {
    const TempDir directory;
    Log log;
    Store::Options options = quick(directory / "s.db");
    options.queue = 50;
    options.wait_when_full = true;
    Store store(options, log.tell());
    store.start();
    for (std::uint64_t minute = 1; minute <= 100; ++minute) store.add(minute_rows(minute, 20));
    store.add(minute_rows(101, 200));  // more than there is ever room for
    store.stop();
    EXPECT_EQ(store.status().dropped, 0u);
    EXPECT_EQ(ask(store.path(), "SELECT SUM(count) FROM minute WHERE scope = 1"), 2200);
}

TEST(Store, OldMinutesAreForgotten) {
    const TempDir directory;
    Log log;
    Store::Options options = quick(directory / "s.db");
    options.days = 1;
    Store store(options, log.tell());
    store.start();
    for (std::uint64_t hour = 0; hour < 72; ++hour) store.add(minute_rows(10'000 + hour * 60, 2));
    store.stop();
    // Not before a day has passed since.
    EXPECT_EQ(ask(store.path(), "SELECT MIN(minute) FROM minute"), 10'000 + 71 * 60 - 1440);
    EXPECT_EQ(ask(store.path(), "SELECT COUNT(*) FROM minute"), 25 * 3);
    EXPECT_EQ(store.status().rows, 25u * 3);
}

TEST(Store, TheOldestMinutesGiveWayToTheSizeOfTheFile) {
    const TempDir directory;
    Log log;
    Store::Options options = quick(directory / "s.db");
    options.bytes = 1 << 20;
    Store store(options, log.tell());
    store.save("registry", "kept", "whatever comes");
    store.start();
    for (std::uint64_t minute = 1000; minute < 1200; ++minute) {
        store.add(minute_rows(minute, 500));
        ASSERT_TRUE(eventually([&] { return is_written(store); }));
        EXPECT_LT(fs::file_size(store.path()), 3u << 19);
    }
    store.stop();
    EXPECT_EQ(ask(store.path(), "SELECT MAX(minute) FROM minute"), 1199);
    EXPECT_GT(ask(store.path(), "SELECT MIN(minute) FROM minute"), 1100);
    EXPECT_EQ(ask(store.path(), "SELECT COUNT(DISTINCT minute) FROM minute"),
              ask(store.path(), "SELECT MAX(minute) - MIN(minute) + 1 FROM minute"))
        << "only the oldest go";
    EXPECT_EQ(static_cast<std::int64_t>(store.status().rows.value_or(0)),
              ask(store.path(), "SELECT COUNT(*) FROM minute"));
    EXPECT_EQ(ask(store.path(), "SELECT COUNT(*) FROM saved"), 1);
    EXPECT_EQ(store.status().dropped, 0u);
}

TEST(Store, AFileOfVersion1IsMigrated) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    sqlite3* old = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &old), SQLITE_OK);
    // As version 1 made it, with outcomes numbered in another order.
    ASSERT_EQ(sqlite3_exec(old,
                           "CREATE TABLE kind(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
                           "CREATE TABLE minute(scope INTEGER NOT NULL, minute INTEGER NOT NULL, address BLOB NOT NULL,"
                           " port INTEGER NOT NULL, kind INTEGER NOT NULL, count INTEGER NOT NULL,"
                           " clients INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
                           " PRIMARY KEY(scope, minute, address, port, kind)) WITHOUT ROWID;"
                           "INSERT INTO kind VALUES(7, 'refused'), (8, 'an outcome of long ago');"
                           "INSERT INTO minute VALUES(1, 100, x'0a000000', 80, 7, 40, 1, 5, 6);"
                           "INSERT INTO minute VALUES(1, 100, x'0a000000', 80, 8, 40, 1, 5, 6);"
                           "PRAGMA user_version = 1",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(old);
    Log log;
    Store store(quick(path), log.tell());
    store.start();
    store.add(minute_rows(100, 1, 2));
    store.save("registry", "a", "b");
    store.stop();
    EXPECT_EQ(log.lines, std::vector<std::string>{});
    EXPECT_EQ(ask(path, "PRAGMA user_version"), schema_version());
    EXPECT_EQ(ask(path, "SELECT count FROM minute WHERE kind = 7"), 42);
    EXPECT_EQ(ask(path, "SELECT COUNT(*) FROM saved"), 1);
}

TEST(Store, AFileOfVersion2IsMigrated) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    {
        Log log;
        Store store(quick(path), log.tell());
        store.start();
        store.stop();
    }
    sqlite3* old = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &old), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(old,
                     "DROP TABLE service;"
                     "INSERT INTO saved VALUES('service', '10.0.0.1:80', '{\"accepted\":1}'), ('alert', 'a', '{}');"
                     "PRAGMA user_version = 2",
                     nullptr, nullptr, nullptr),
        SQLITE_OK);
    sqlite3_close(old);
    Log log;
    Store store(quick(path), log.tell());
    EXPECT_EQ(store.load_services().size(), 0u);
    EXPECT_EQ(store.load_all("alert").size(), 1u);
    store.start();
    KeptService kept;
    kept.service = a_service;
    store.save({kept});
    store.stop();
    EXPECT_EQ(log.lines, std::vector<std::string>{});
    EXPECT_EQ(ask(path, "PRAGMA user_version"), schema_version());
    EXPECT_EQ(ask(path, "SELECT COUNT(*) FROM service"), 1);
    EXPECT_EQ(ask(path, "SELECT COUNT(*) FROM saved"), 1) << "in columns now, learnt anew";
}

TEST(Store, ServicesComeBackAsTheyWere) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    KeptService plain, rich;
    plain.service = a_service;
    plain.accepted = 5;
    const std::uint8_t six[16] = {0x20, 1, 0xd, 0xb8};
    rich.service = {tally::IpAddress::v6(six), 443};
    rich.first_accepted = 11;
    rich.last_accepted = 12;
    rich.heard = true;
    rich.last_response = 13;
    rich.failing = {.failed = 7, .since = 14, .last = 15, .recovered_at = 16, .cause = tally::Outcome::unanswered};
    rich.application = "tls";
    rich.detail = std::string("SNI \xff\0 x", 8);  // bytes of strangers
    rich.identified = 17;
    {
        Log log;
        Store store(quick(path), log.tell());
        store.start();
        store.save({plain, rich, rich});
        store.save({plain});
        store.stop();
        EXPECT_EQ(log.lines, std::vector<std::string>{});
    }
    Log log;
    Store store(quick(path), log.tell());
    std::vector<KeptService> found = store.load_services();
    ASSERT_EQ(found.size(), 2u);
    std::ranges::sort(found, {}, &KeptService::accepted);
    EXPECT_EQ(found[1].service, plain.service);
    EXPECT_EQ(found[1].accepted, 5u);
    EXPECT_FALSE(found[1].failing);
    EXPECT_EQ(found[0].service, rich.service);
    EXPECT_EQ(found[0].first_accepted, 11u);
    EXPECT_EQ(found[0].last_accepted, 12u);
    EXPECT_TRUE(found[0].heard);
    EXPECT_EQ(found[0].last_response, 13u);
    ASSERT_TRUE(found[0].failing);
    EXPECT_EQ(found[0].failing->failed, 7u);
    EXPECT_EQ(found[0].failing->since, 14u);
    EXPECT_EQ(found[0].failing->last, 15u);
    EXPECT_EQ(found[0].failing->recovered_at, 16u);
    EXPECT_EQ(found[0].failing->cause, tally::Outcome::unanswered);
    EXPECT_EQ(found[0].application, "tls");
    EXPECT_EQ(found[0].detail, rich.detail);
    EXPECT_EQ(found[0].identified, 17u);
    store.start();
    store.erase(std::vector{plain.service});
    store.stop();
    EXPECT_EQ(ask(path, "SELECT COUNT(*) FROM service"), 1);
}

TEST(Store, ANewerFileIsLeftAlone) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    sqlite3* newer = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &newer), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(newer, "CREATE TABLE future(x); PRAGMA user_version = 99", nullptr, nullptr, nullptr), 0);
    sqlite3_close(newer);
    Log log;
    Store store(quick(path), log.tell());
    store.start();
    store.add(minute_rows(1, 1));
    store.stop();
    EXPECT_TRUE(is_degraded(store));
    EXPECT_NE(store.status().reason.find("newer"), std::string::npos) << store.status().reason;
    EXPECT_EQ(ask(path, "PRAGMA user_version"), 99);
    EXPECT_EQ(ask(path, "SELECT COUNT(*) FROM sqlite_master"), 1);
}

TEST(Store, ADamagedFileIsMovedAside) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    std::ofstream(path) << "this is no database at all, and was never one: " << std::string(8192, 'x');
    Log log;
    Store store(quick(path), log.tell());
    EXPECT_EQ(store.generation(), 1u);
    store.start();
    store.add(minute_rows(1, 1));
    EXPECT_TRUE(eventually([&] { return is_written(store); }));
    store.stop();
    EXPECT_EQ(log.count("moved it to " + path + ".corrupt-"), 1u);
    std::size_t aside = 0;
    for (const auto& entry : fs::directory_iterator(directory.path()))
        if (entry.path().string().find(".corrupt-") != std::string::npos) {
            ++aside;
            EXPECT_EQ(fs::file_size(entry), 8192u + 47);
        }
    EXPECT_EQ(aside, 1u);
    EXPECT_EQ(ask(path, "SELECT COUNT(*) FROM minute"), 2);
}

/// Spoils the pages of tables behind a header that is well.
void spoil(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<std::streamoff>(fs::file_size(path));
    for (std::streamoff at = 4096; at < size; at += 512) {
        file.seekp(at);
        file << "spoilt spoilt spoilt";
    }
}

TEST(Store, DamageThatShowsLaterIsMovedAsideToo) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    Log log;
    {
        Store store(quick(path), log.tell());
        store.start();
        store.add(minute_rows(1, 1000));
    }
    spoil(path);
    Store store(quick(path), log.tell());
    store.start();
    store.suspect_damage();
    store.add(minute_rows(2, 1));
    EXPECT_TRUE(eventually([&] { return is_written(store) && store.generation() == 1; }));
    store.stop();
    EXPECT_GE(log.count(".corrupt-"), 1u);
    EXPECT_EQ(ask(path, "SELECT COUNT(*) FROM minute"), 2);
}

TEST(Store, AFileThatAnotherDaemonWritesIsLeftToIt) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    Log log, other_log;
    Store store(quick(path), log.tell());
    store.start();
    Store other(quick(path), other_log.tell());
    EXPECT_TRUE(is_degraded(other));
    EXPECT_NE(other.status().reason.find("another rstwatchd"), std::string::npos) << other.status().reason;
    other.start();
    other.add(minute_rows(1, 4));
    store.add(minute_rows(1, 1));
    store.stop();
    // The other one gets it when it is free, and has lost nothing.
    EXPECT_TRUE(eventually([&] { return is_written(other); }));
    other.stop();
    EXPECT_EQ(ask(path, "SELECT SUM(count) FROM minute WHERE scope = 1"), 5);
    EXPECT_EQ(other_log.count("in memory only"), 1u) << "once, not at every try";
    EXPECT_EQ(other_log.count("written again"), 1u);
}

TEST(Store, ALockOfAnyOtherProgramIsWaitedFor) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    Log log;
    Store store(quick(path), log.tell());
    Database holder;
    ASSERT_TRUE(holder.open(path, Database::Mode::read_write));
    ASSERT_TRUE(holder.execute("BEGIN IMMEDIATE"));
    store.start();
    store.add(minute_rows(1, 3));
    EXPECT_TRUE(eventually([&] { return is_degraded(store); }));
    EXPECT_EQ(store.status().queue, 4u);
    EXPECT_NE(store.status().reason.find("locked"), std::string::npos) << store.status().reason;
    ASSERT_TRUE(holder.execute("ROLLBACK"));
    EXPECT_TRUE(eventually([&] { return is_written(store); }));
    EXPECT_EQ(store.status().rows, 4u);
    EXPECT_TRUE(store.status().reason.empty());
}

TEST(Store, ADirectoryWithoutPermissionDegrades) {
    if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
    const TempDir directory;
    fs::permissions(directory.path(), fs::perms::owner_read | fs::perms::owner_exec);
    Log log;
    Store store(quick(directory / "s.db"), log.tell());
    EXPECT_TRUE(is_degraded(store));
    fs::permissions(directory.path(), fs::perms::owner_all);
}

TEST(Store, APathThatCannotBeDegrades) {
    const TempDir directory;
    std::ofstream(directory / "file") << "x";
    Log log;
    Store store(quick(directory / "file/s.db"), log.tell());
    EXPECT_TRUE(is_degraded(store));
    EXPECT_EQ(log.lines.size(), 1u);
    EXPECT_FALSE(store.status().reason.empty());
    EXPECT_TRUE(store.load_all("registry").empty());
}

/// A file system of a megabyte in memory, or why there is none.
class SmallDisk {
  public:
    explicit SmallDisk(const std::string& place, unsigned long flags = 0) : place_(place) {
        fs::create_directories(place);
        mounted_ = geteuid() == 0 && mount("none", place.c_str(), "tmpfs", flags, "size=1m") == 0;
    }
    ~SmallDisk() {
        if (mounted_) umount2(place_.c_str(), MNT_DETACH);
    }
    bool mounted() const { return mounted_; }
    void make_read_only(bool read_only) const {
        EXPECT_EQ(mount("none", place_.c_str(), "tmpfs", MS_REMOUNT | (read_only ? MS_RDONLY : 0), "size=1m"), 0);
    }

  private:
    std::string place_;
    bool mounted_ = false;
};

TEST(Store, AFullDiskDegradesAndRecovers) {
    const TempDir directory;
    const SmallDisk disk(directory / "disk");
    if (!disk.mounted()) GTEST_SKIP() << "needs root and a mount of its own";
    const std::string path = directory / "disk/s.db";
    Log log;
    Store store(quick(path), log.tell());
    store.start();
    store.add(minute_rows(1, 10));
    ASSERT_TRUE(eventually([&] { return is_written(store); }));
    {
        std::ofstream ballast(directory / "disk/ballast");
        while (ballast << std::string(4096, 'x') << std::flush) continue;
    }
    store.add(minute_rows(2, 3000));
    ASSERT_TRUE(eventually([&] { return is_degraded(store); }));
    EXPECT_EQ(store.status().queue, 3001u);
    // Whoever adds does not wait for it.
    for (std::uint64_t minute = 3; minute < 10; ++minute) store.add(minute_rows(minute, 10));
    fs::remove(directory / "disk/ballast");
    ASSERT_TRUE(eventually([&] { return is_written(store); })) << store.status().reason;
    store.stop();
    EXPECT_EQ(store.status().dropped, 0u);
    EXPECT_EQ(ask(path, "SELECT SUM(count) FROM minute WHERE scope = 1"), 3080);
    EXPECT_EQ(log.count("in memory only"), 1u) << "once, not at every try";
    EXPECT_EQ(log.count("written again"), 1u);
}

TEST(Store, AReadOnlyDiskDegradesAndRecovers) {
    const TempDir directory;
    const SmallDisk disk(directory / "disk");
    if (!disk.mounted()) GTEST_SKIP() << "needs root and a mount of its own";
    disk.make_read_only(true);
    Log log;
    Store store(quick(directory / "disk/s.db"), log.tell());
    EXPECT_TRUE(is_degraded(store));
    EXPECT_NE(store.status().reason.find("Read-only"), std::string::npos) << store.status().reason;
    store.start();
    store.add(minute_rows(1, 5));
    disk.make_read_only(false);
    EXPECT_TRUE(eventually([&] { return is_written(store); })) << store.status().reason;
    store.stop();
    EXPECT_EQ(ask(store.path(), "SELECT COUNT(*) FROM minute"), 6);
}

/// Writes until it is killed, and says on a pipe what is in the file for sure.
[[noreturn]] void write_for_ever(const std::string& path, int said) {
    Store store(quick(path), [](bool, const std::string&) {});
    store.start();
    for (std::uint64_t minute = 1;; ++minute) {
        store.add(minute_rows(minute, 50));
        store.save("registry", std::to_string(minute), "x");
        while (!is_written(store)) std::this_thread::sleep_for(milliseconds(1));
        if (write(said, &minute, sizeof minute) != sizeof minute) _exit(1);
    }
}

TEST(Store, AWriterThatIsKilledLosesNothingThatWasWritten) {
    const TempDir directory;
    const std::string path = directory / "s.db";
    for (int round = 0; round < 3; ++round) {
        fs::remove_all(path);
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t writer = fork();
        ASSERT_GE(writer, 0);
        if (writer == 0) write_for_ever(path, ends[1]);
        close(ends[1]);
        std::uint64_t last = 0;
        for (int i = 0; i < 20 + round * 7; ++i) ASSERT_EQ(read(ends[0], &last, sizeof last), ssize_t{sizeof last});
        kill(writer, SIGKILL);
        ASSERT_EQ(waitpid(writer, nullptr, 0), writer);
        while (read(ends[0], &last, sizeof last) == ssize_t{sizeof last}) continue;
        close(ends[0]);

        Log log;
        Store store(quick(path), log.tell());
        EXPECT_EQ(log.lines, std::vector<std::string>{});
        EXPECT_GE(store.load_all("registry").size(), last);
        EXPECT_GE(ask(path, "SELECT MAX(minute) FROM minute"), static_cast<std::int64_t>(last));
        Database database;
        ASSERT_TRUE(database.open(path, Database::Mode::read_only));
        EXPECT_EQ(database.text("PRAGMA integrity_check"), "ok");
        EXPECT_EQ(database.integer("SELECT COUNT(*) FROM minute") % 51, 0) << "a transaction is all or nothing";
        store.stop();
        for (const char* companion : {"-wal", "-shm"}) fs::remove(path + companion);
    }
}

}  // namespace
}  // namespace rstwatch::control
