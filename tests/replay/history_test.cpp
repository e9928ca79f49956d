// SPDX-License-Identifier: Apache-2.0
// The past, asked of a daemon that has replayed a capture, over REST and by the CLI, from memory and from the store.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

/// A daemon that serves the bundled capture: 76 s, of which the last began at 22:44 UTC.
class Served {
  public:
    explicit Served(const std::vector<std::string>& more = {}) {
        std::vector<std::string> command{daemon_path(),
                                         "--capture",
                                         source_path("tests/captures/branch-office.pcap"),
                                         "--set",
                                         "http.listen=",
                                         "--socket",
                                         directory / "rest.sock"};
        command.insert(command.end(), more.begin(), more.end());
        ProcessOptions options;
        options.environment = {"XDG_STATE_HOME=" + (directory / "state")};
        process = std::make_unique<BackgroundProcess>(command, options);
        EXPECT_TRUE(process->wait_for_err("replay finished", std::chrono::seconds(30))) << process->err();
    }

    ProcessResult cli(std::vector<std::string> arguments, const std::string& locale = "C.UTF-8") const {
        arguments.insert(arguments.begin(), cli_path());
        arguments.insert(arguments.end(), {"--server", "unix:" + (directory / "rest.sock")});
        ProcessOptions options;
        options.environment = {"TZ=UTC0", "LC_ALL=" + locale};
        return run_process(arguments, options);
    }

    Json json(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"-o", "json"});
        const ProcessResult result = cli(std::move(arguments));
        EXPECT_EQ(result.exit_code, 0) << result.err;
        const Json document = Json::parse(result.out, nullptr, false);
        EXPECT_TRUE(document.is_object()) << result.out;
        return document;
    }

    /// When all that was counted is in the file.
    void wait_for_store() const {
        for (int i = 0; i < 600; ++i) {
            const Json store = json({"status"}).at("store");
            if (store.at("queue") == 0 && store.at("rows").is_number() && store.at("rows") > 0) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        ADD_FAILURE() << json({"status"}).at("store");
    }

    TempDir directory;
    std::unique_ptr<BackgroundProcess> process;
};

/// What all points of a document come to.
Json sums(const Json& document) {
    std::map<std::string, std::uint64_t> sums;
    for (const Json& point : document.at("points")) {
        for (const char* member : {"seconds", "packets", "attempts", "accepted", "failed"})
            if (point.at(member).is_number()) sums[member] += point.at(member).get<std::uint64_t>();
        for (const auto& [name, count] : point.at("outcomes").items()) sums[name] += count.get<std::uint64_t>();
    }
    return sums;
}

TEST(HistoryReplay, EveryStepAddsUpToTheReport) {
    const Served served;
    const Json report = replay({source_path("tests/captures/branch-office.pcap")}, {.connections = false}).report;
    const Json seconds = sums(served.json({"history", "--step", "1"}));
    EXPECT_EQ(seconds.at("packets"), report.at("packets").at("received"));
    EXPECT_EQ(seconds.at("attempts"), report.at("attempts"));
    EXPECT_EQ(seconds.at("failed"), report.at("failed"));
    for (const auto& [name, count] : report.at("outcomes").items())
        EXPECT_EQ(seconds.value(name, 0u), count.get<std::uint64_t>()) << name;
    for (const char* step : {"10", "60", "600", "3600"})
        EXPECT_EQ(sums(served.json({"history", "--step", step})), seconds) << step;
}

TEST(HistoryReplay, AReplayKeepsNothingOnDiskUnlessItIsTold) {
    const Served served;
    EXPECT_EQ(served.json({"status"}).at("store").at("state"), "off");
    EXPECT_EQ(served.json({"status"}).at("store").at("path"), nullptr);
    EXPECT_FALSE(std::filesystem::exists(served.directory / "state"));
    EXPECT_EQ(served.json({"history", "--last", "1h"}).at("source"), "memory");
}

TEST(HistoryReplay, TheStoreSaysWhatMemorySays) {
    const TempDir place;
    const Served in_memory, stored({"--set", "store.path=" + (place / "history.db")});
    stored.wait_for_store();
    const Json status = stored.json({"status"}).at("store");
    EXPECT_EQ(status.at("state"), "ok");
    EXPECT_EQ(status.at("path"), place / "history.db");
    EXPECT_EQ(status.at("dropped"), 0);
    const std::vector<std::vector<std::string>> subjects{
        {}, {"--service", "10.20.2.22:5432"}, {"--service", "[2001:db8:20:2::22]:5432"}, {"--host", "10.20.2.23"}};
    for (std::vector<std::string> arguments : subjects) {
        arguments.insert(arguments.begin(), {"history", "--step", "60"});
        const Json expected = in_memory.json(arguments), found = stored.json(arguments);
        EXPECT_EQ(found.at("source"), "store");
        EXPECT_EQ(expected.at("source"), "memory");
        EXPECT_EQ(found.at("points"), expected.at("points")) << arguments.back();
        EXPECT_GT(sums(found).at("failed"), 0);
    }
    // A host's outgoing connections: banks do not count what accepted them, so memory has the verdicts alone.
    const std::vector<std::string> outgoing{"history", "--step", "60", "--host", "10.20.1.11", "--outgoing"};
    const Json expected = in_memory.json(outgoing), found = stored.json(outgoing);
    EXPECT_EQ(sums(found).at("failed"), sums(expected).at("failed"));
}

TEST(HistoryReplay, TheStoreSurvivesARestartAndAddsUp) {
    const TempDir place;
    const std::string set = "store.path=" + (place / "history.db");
    Json once;
    for (int run = 1; run <= 2; ++run) {
        const Served served({"--set", set});
        served.wait_for_store();
        // The minutes of the earlier run are in the file alone.
        const Json found = sums(served.json({"history", "--service", "10.20.2.22:5432", "--step", "60"}));
        if (run == 1)
            once = found;
        else
            EXPECT_EQ(found.at("refused").get<int>(), 2 * once.at("refused").get<int>());
        EXPECT_EQ(served.process->terminate().exit_code, 0);
    }
}

TEST(HistoryReplay, TopOfATimeInThePast) {
    const TempDir place;
    const Served in_memory, stored({"--set", "store.path=" + (place / "history.db")});
    stored.wait_for_store();
    const std::vector<std::string> minute{"top", "--outcome", "failed", "--from", "22:44", "--to", "22:45"};
    const Json expected = in_memory.json(minute);
    EXPECT_EQ(expected.at("source"), "memory");
    EXPECT_EQ(expected.at("covered_seconds"), 49);
    EXPECT_EQ(expected.at("window_seconds"), 49) << "what lies ahead is left out";
    // From before the first record on memory does not reach; the store is asked, and says what it covers.
    const std::vector<std::string> all{"top", "--outcome", "failed", "--from", "22:43", "--to", "22:45", "-n", "100"};
    const Json from_memory = in_memory.json(all), from_store = stored.json(all);
    EXPECT_EQ(from_memory.at("source"), "memory");
    EXPECT_EQ(from_store.at("source"), "store");
    EXPECT_EQ(from_memory.at("covered_seconds"), from_store.at("covered_seconds"));
    EXPECT_EQ(from_memory.at("attempts"), from_store.at("attempts"));
    ASSERT_EQ(from_memory.at("rows").size(), from_store.at("rows").size());
    for (std::size_t i = 0; i < from_memory.at("rows").size(); ++i)
        for (const char* member : {"address", "port", "count", "first", "last", "outcomes", "per_second"})
            EXPECT_EQ(from_memory.at("rows")[i].at(member), from_store.at("rows")[i].at(member)) << i << member;
    // Half a minute, to the second.
    const Json half = in_memory.json({"top", "--from", "22:44:00", "--to", "22:44:30", "--outcome", "failed"});
    const Json other = in_memory.json({"top", "--from", "22:44:30", "--outcome", "failed"});
    const auto count = [](const Json& top) {
        std::uint64_t sum = 0;
        for (const Json& row : top.at("rows")) sum += row.at("count").get<std::uint64_t>();
        return sum;
    };
    EXPECT_EQ(count(half) + count(other), count(expected));
}

TEST(HistoryReplay, TopByClientAndServiceFromTheStore) {
    const TempDir place;
    const Served in_memory, stored({"--set", "store.path=" + (place / "history.db")});
    stored.wait_for_store();
    for (const char* by : {"client", "service"}) {
        const std::vector<std::string> arguments{"top", "--by", by, "--from", "22:43", "--outcome", "failed"};
        const Json expected = in_memory.json(arguments).at("rows"), found = stored.json(arguments).at("rows");
        ASSERT_EQ(found.size(), expected.size()) << by;
        for (std::size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(found[i].at("count"), expected[i].at("count"));
            EXPECT_EQ(found[i].at("outcomes"), expected[i].at("outcomes"));
        }
    }
}

TEST(HistoryReplay, TheTableHasSparklinesAndUnits) {
    const Served served;
    const ProcessResult unicode = served.cli({"history", "--last", "2m"});
    EXPECT_EQ(unicode.exit_code, 0) << unicode.err;
    EXPECT_NE(unicode.out.find("█"), std::string::npos) << unicode.out;
    EXPECT_NE(unicode.out.find("PER SECOND"), std::string::npos);
    EXPECT_NE(unicode.out.find("scale from 0"), std::string::npos);
    EXPECT_NE(unicode.out.find("before the first record"), std::string::npos);
    for (const char* name : {"packets", "attempts", "failed", "refused"})
        EXPECT_NE(unicode.out.find(std::string("\n") + name + " "), std::string::npos) << name;
    const ProcessResult ascii = served.cli({"history", "--last", "2m"}, "C");
    EXPECT_TRUE(std::ranges::all_of(ascii.out, [](char c) { return c > 0; })) << ascii.out;
    EXPECT_NE(ascii.out.find('9'), std::string::npos);
}

TEST(HistoryReplay, EveryFormatHasEveryPoint) {
    const Served served;
    const Json document = served.json({"history", "--step", "10"});
    std::istringstream lines(served.cli({"history", "--step", "10", "-o", "jsonl"}).out);
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        EXPECT_EQ(Json::parse(line, nullptr, false), document.at("points").at(count));
    EXPECT_EQ(count, document.at("points").size());
    const std::string csv = served.cli({"history", "--step", "10", "-o", "csv"}).out;
    EXPECT_TRUE(csv.starts_with("time,seconds,packets,attempts,accepted,failed,")) << csv;
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(csv, '\n')), count + 1);
}

TEST(HistoryReplay, NothingHasItsReason) {
    const Served served;
    for (const char* format : {"table", "json", "csv"}) {
        const ProcessResult result =
            served.cli({"history", "--from", "2026-11-19T10:00", "--to", "2026-11-19T11:00", "-o", format});
        EXPECT_EQ(result.exit_code, 0);
        EXPECT_NE(result.err.find("no history from 2026-11-19 10:00:00"), std::string::npos) << result.err;
    }
}

TEST(HistoryReplay, MistakesAreNamed) {
    const Served served;
    const struct {
        std::vector<std::string> arguments;
        const char* words;
    } mistakes[] = {
        {{"history", "--last", "30d", "--step", "1"}, "give step=600"},
        {{"history", "--last", "yesterday"}, "duration"},
        {{"history", "--step", "7"}, "one of auto, 1, 10, 60"},
        {{"history", "--from", "22:44", "--to", "22:43"}, ""},  // the next day, which has not come
        {{"history", "--from", "2026-11-20T22:44", "--to", "2026-11-20T22:43"}, "later than"},
        {{"history", "--from", "2030-01-01"}, "the end of what has been counted"},
        {{"history", "--from", "25:00"}, "local time such as 10:50"},
        {{"history", "--from", "2026-02-30"}, "local time such as 10:50"},
        {{"history", "--service", "10.0.0.1"}, "ADDRESS:PORT"},
        {{"history", "--service", "2001:db8::1:80"}, "ADDRESS:PORT"},
        {{"history", "--host", "example.org"}, "an IP address"},
        {{"top", "--from", "22:44", "--window", "60s"}, "left out"},
    };
    for (const auto& [arguments, words] : mistakes) {
        const ProcessResult result = served.cli(arguments);
        if (*words == '\0') {
            EXPECT_EQ(result.exit_code, 0) << result.err;
            continue;
        }
        EXPECT_EQ(result.exit_code, 2) << arguments.back();
        EXPECT_EQ(result.out, "");
        EXPECT_NE(result.err.find(words), std::string::npos) << arguments.back() << ": " << result.err;
    }
}

TEST(HistoryReplay, AReportLeavesNothingBehind) {
    const TempDir place;
    const Replay report = replay({source_path("tests/captures/branch-office.pcap")},
                                 {.more = {"--set", "store.path=" + (place / "history.db")}, .connections = false});
    EXPECT_EQ(report.exit_code, 0) << report.err;
    EXPECT_TRUE(std::filesystem::is_empty(place.path()));
}

TEST(HistoryReplay, AStoreThatCannotBeIsNoReasonNotToServe) {
    const Served served({"--set", "store.path=/proc/nowhere/history.db"});
    const Json store = served.json({"status"}).at("store");
    EXPECT_EQ(store.at("state"), "degraded");
    EXPECT_TRUE(store.at("reason").is_string());
    EXPECT_EQ(sums(served.json({"history", "--last", "1m", "--step", "1"})).at("seconds"), 60);
    const ProcessResult older = served.cli({"history", "--last", "1d", "--step", "60"});
    EXPECT_EQ(older.exit_code, 1);
    EXPECT_NE(older.err.find("cannot be read"), std::string::npos) << older.err;
}

}  // namespace
}  // namespace rstwatch::test
