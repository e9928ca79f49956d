// SPDX-License-Identifier: Apache-2.0
// The documents: report, top and status.
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>

#include "control/export/report.h"
#include "control/export/status.h"
#include "control/export/top.h"
#include "control/registry/ranking.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::address;
using test::endpoint;
using test::IntervalData;

void expect_members(const Json& json, std::initializer_list<const char*> names) {
    ASSERT_TRUE(json.is_object()) << json;
    for (const char* name : names) EXPECT_TRUE(json.contains(name)) << name << " is missing in " << json;
}

/// A snapshot of some attempts, made as the controller makes it.
class SnapshotBuilder {
  public:
    SnapshotBuilder& add(IntervalData data) {
        snapshot.totals.last_interval = data.interval.interval;
        snapshot.totals.packets.add(data.interval.packets);
        control::add(snapshot.totals.outcomes, data.interval.outcomes);
        registry_.add(data.interval);
        scanners_.add(data.interval, registry_, overlay_);
        window_.add(data.interval);
        return *this;
    }

    Snapshot& finished() {
        snapshot.ranking = rank(registry_, scanners_, 1000);
        snapshot.window = window_.intervals();
        return snapshot;
    }

    Snapshot snapshot;

  private:
    Registry registry_{config::Settings::Registry{}};
    OutcomeOverlay overlay_;
    Scanners scanners_{100};
    Window window_{config::Settings::Window{}};
};

TEST(Report, HasEveryFieldOfTheSchema) {
    SnapshotBuilder builder;
    IntervalData data(1);
    data.interval.packets.received = 5;
    for (std::uint32_t server = 100; server < 104; ++server)
        data.ended(endpoint(1, 1), endpoint(server, 80), Outcome::refused, 1'000'000);
    builder.add(data);
    Snapshot& snapshot = builder.finished();
    snapshot.files = {"a,b c.pcap"};
    snapshot.totals.first_packet = 1'000'000;
    snapshot.totals.last_packet = 2'500'000;
    const Json json = report(snapshot, 10, Json::array());
    expect_members(json, {"schema", "sensor", "input", "packets", "tcp_flags", "attempts", "outcomes", "span", "tables",
                          "top", "services", "alerts"});
    EXPECT_EQ(json["schema"], "rstwatch.report/1");
    EXPECT_EQ(json["input"]["files"], Json::array({"a,b c.pcap"}));
    EXPECT_EQ(json["input"]["first_packet"], 1.0);
    EXPECT_EQ(json["input"]["last_packet"], 2.5);
    EXPECT_EQ(json["input"]["duration_seconds"], 1.5);
    expect_members(json["packets"], {"received", "tcp", "icmp_errors", "other_ip", "non_ip", "fragments", "malformed",
                                     "duplicates", "bytes"});
    expect_members(json["tcp_flags"], {"syn", "syn_ack", "rst", "rst_ack", "fin", "null", "xmas", "tcp_total"});
    EXPECT_EQ(json["outcomes"].size(), tally::outcome_count) << "every name, zeros included";
    for (const Outcome outcome : tally::all_outcomes())
        EXPECT_TRUE(json["outcomes"].contains(std::string(tally::name(outcome))));
    expect_members(json["span"], {"one_way", "duplicated", "text"});
    expect_members(json["tables"], {"connections", "datagrams", "destinations", "clients", "records_dropped"});
    for (const char* table : {"connections", "datagrams", "destinations", "clients"})
        expect_members(json["tables"][table], {"capacity", "used", "overflowed", "evicted"});
    expect_members(json["top"], {"refused", "failed", "clients", "scanners"});
    ASSERT_EQ(json["top"]["refused"].size(), 4u);
    expect_members(json["top"]["refused"][0],
                   {"address", "port", "count", "error", "clients", "clients_error", "first", "last", "service"});
    expect_members(json["top"]["failed"][0], {"address", "port", "count", "outcomes"});
    expect_members(json["top"]["clients"][0], {"address", "count", "outcomes"});
    ASSERT_EQ(json["top"]["scanners"].size(), 1u);
    expect_members(json["top"]["scanners"][0], {"address", "failed", "half_open", "first", "last"});
    EXPECT_TRUE(json["services"].is_array());
    EXPECT_TRUE(json["alerts"].is_array());
    EXPECT_EQ(json["attempts"], 4);
    EXPECT_EQ(json["outcomes"]["refused"], 4);
}

TEST(Report, LimitsItsRankings) {
    SnapshotBuilder builder;
    IntervalData data(1);
    for (std::uint32_t server = 100; server < 150; ++server)
        data.ended(endpoint(server, 1), endpoint(server, 80), Outcome::refused, 1'000'000);
    builder.add(data);
    const Json json = report(builder.finished(), 7, Json::array());
    for (const char* ranking : {"refused", "failed", "clients"}) EXPECT_EQ(json["top"][ranking].size(), 7u);
    EXPECT_TRUE(report(builder.snapshot, 0, Json::array())["top"]["refused"].empty());
}

TEST(Report, OfNothingHasNoTimes) {
    const Json json = report(Snapshot{}, 10, Json::array());
    EXPECT_TRUE(json["input"]["first_packet"].is_null());
    EXPECT_TRUE(json["input"]["last_packet"].is_null());
    EXPECT_EQ(json["attempts"], 0);
    EXPECT_NE(json["span"]["text"], "");
}

TEST(Report, TimesKeepTheirMicroseconds) {
    Snapshot snapshot;
    snapshot.totals.packets.received = 1;
    snapshot.totals.first_packet = snapshot.totals.last_packet = 1'795'214'611'936'005;
    EXPECT_EQ(report(snapshot, 1, Json::array())["input"]["first_packet"].dump(), "1795214611.936005");
}

const std::chrono::steady_clock::time_point now{};

TEST(Status, SaysNullForWhatCannotBeKnown) {
    Snapshot snapshot;
    tally::PortStatus port;
    port.name = "net_af_xdp0";
    port.source = "eth1";
    port.link = "Ethernet";
    port.driver = "net_af_xdp";
    port.received = 5;
    port.errors = 0;
    port.no_mbuf = 3;
    snapshot.ports.push_back(port);
    snapshot.cores.push_back({});
    const Json json = status(snapshot, now);
    ASSERT_EQ(json["ports"].size(), 1u);
    const Json& dropped = json["ports"][0]["dropped"];
    EXPECT_TRUE(dropped["missed"].is_null());
    EXPECT_EQ(dropped["errors"], 0);
    EXPECT_EQ(dropped["no_mbuf"], 3);
    EXPECT_TRUE(dropped["interface"].is_null());
    EXPECT_TRUE(json["ports"][0]["why"].is_null());
    EXPECT_TRUE(json["ports"][0]["link_up"].is_null());
    EXPECT_TRUE(json["clock"].is_null()) << "no packet, no time";
    expect_members(json["cores"][0], {"core", "received", "bursts", "forwarded", "misdirected", "waits"});
}

TEST(Status, SaysHowAPortIsReadAndThatItWasAway) {
    Snapshot snapshot;
    tally::PortStatus port;
    port.driver = "net_af_packet";
    port.why = "net_af_packet, because";
    port.removed = true;
    port.queues = 2;
    port.removals = 1;
    port.warnings = {"it is slow"};
    port.missed = 7;
    port.interface_missed = 8;
    snapshot.ports.push_back(port);
    const Json json = status(snapshot, now)["ports"][0];
    EXPECT_EQ(json["driver"], "net_af_packet");
    EXPECT_EQ(json["why"], "net_af_packet, because");
    EXPECT_EQ(json["removed"], true);
    EXPECT_EQ(json["queues"], 2);
    EXPECT_EQ(json["removals"], 1);
    EXPECT_EQ(json["warnings"], Json::array({"it is slow"}));
    EXPECT_EQ(json["dropped"]["missed"], 7);
    EXPECT_EQ(json["dropped"]["interface"], 8);
}

TEST(Status, HasEveryLossAndTable) {
    Snapshot snapshot;
    snapshot.replay = true;
    snapshot.totals.packets.received = 1;
    snapshot.totals.last_packet = 2'000'000;
    const Json json = status(snapshot, now);
    expect_members(json, {"sensor", "version", "mode", "state", "started", "clock", "ports", "cores", "packets",
                          "attempts", "pending", "open", "late_merges", "forward_dropped", "tables"});
    expect_members(json["tables"], {"connections", "destinations", "clients", "records_dropped"});
    EXPECT_EQ(json["mode"], "replay");
    EXPECT_EQ(json["state"], "running");
    EXPECT_TRUE(json["started"].is_null()) << "a replay knows no wall time";
    EXPECT_EQ(json["clock"], 2.0);
    snapshot.finished = true;
    EXPECT_EQ(status(snapshot, now)["state"], "finished");
    snapshot.replay = false;
    snapshot.started = 3'500'000;
    EXPECT_EQ(status(snapshot, now)["mode"], "live");
    EXPECT_EQ(status(snapshot, now)["started"], 3.5);
}

TopQuery query(std::string outcome, std::optional<std::uint64_t> window = std::nullopt,
               TopQuery::By by = TopQuery::By::destination) {
    TopQuery query;
    query.by = by;
    query.outcome = std::move(outcome);
    query.window_seconds = window;
    return query;
}

/// Refusals in the intervals 10, 12 and 19.
SnapshotBuilder refusals() {
    SnapshotBuilder builder;
    for (const tally::Interval interval : {10, 12, 19}) {
        IntervalData data(interval);
        data.interval.packets.received = 2;
        data.ended(endpoint(1, 1), endpoint(100, 80), Outcome::refused, tally::interval_start(interval) + 1);
        data.ended(endpoint(static_cast<std::uint32_t>(interval), 1), endpoint(101, 443), Outcome::unanswered,
                   tally::interval_start(interval) + 2);
        builder.add(data);
    }
    return builder;
}

TEST(Top, HasEveryFieldOfTheContract) {
    SnapshotBuilder builder = refusals();
    const Json json = top(builder.finished(), query("refused"));
    expect_members(json, {"window_seconds", "outcome", "rows"});
    EXPECT_EQ(json["window_seconds"], 10);
    EXPECT_EQ(json["outcome"], "refused");
    ASSERT_EQ(json["rows"].size(), 1u);
    const Json& row = json["rows"][0];
    expect_members(
        row, {"address", "port", "count", "per_second", "error", "clients", "first", "last", "service", "outcomes"});
    EXPECT_EQ(row["address"], "10.0.0.100");
    EXPECT_EQ(row["port"], 80);
    EXPECT_EQ(row["count"], 3);
    EXPECT_DOUBLE_EQ(row["per_second"].get<double>(), 0.3);
    EXPECT_EQ(row["clients"], 1);
    EXPECT_EQ(row["first"], 10.000001);
    EXPECT_EQ(row["last"], 19.000001);
}

TEST(Top, TheWindowEndsNow) {
    SnapshotBuilder builder = refusals();
    builder.finished();
    EXPECT_EQ(top(builder.snapshot, query("refused", 1))["rows"][0]["count"], 1);
    EXPECT_EQ(top(builder.snapshot, query("refused", 7))["rows"][0]["count"], 1);
    EXPECT_EQ(top(builder.snapshot, query("refused", 8))["rows"][0]["count"], 2);
    EXPECT_EQ(top(builder.snapshot, query("refused", 8))["window_seconds"], 8);
    EXPECT_EQ(top(builder.snapshot, query("refused", 3600))["rows"][0]["count"], 3);
    EXPECT_EQ(top(builder.snapshot, query("refused", 3600))["window_seconds"], 10) << "no longer than there is data";
}

TEST(Top, RanksByClientAndService) {
    SnapshotBuilder builder = refusals();
    builder.finished();
    const Json clients = top(builder.snapshot, query("failed", std::nullopt, TopQuery::By::client));
    ASSERT_EQ(clients["rows"].size(), 4u);
    EXPECT_EQ(clients["rows"][0]["address"], "10.0.0.1");
    EXPECT_EQ(clients["rows"][0]["count"], 3);
    EXPECT_FALSE(clients["rows"][0].contains("port"));
    const Json services = top(builder.snapshot, query("failed", std::nullopt, TopQuery::By::service));
    ASSERT_EQ(services["rows"].size(), 2u);
    EXPECT_FALSE(services["rows"][0].contains("address"));
    EXPECT_EQ(services["rows"][1]["port"], 443);
    EXPECT_EQ(services["rows"][1]["clients"], 3);
}

TEST(Top, OfAnOutcomeThatDidNotHappenIsEmpty) {
    SnapshotBuilder builder = refusals();
    const Json json = top(builder.finished(), query("reset_by_device"));
    EXPECT_TRUE(json["rows"].empty());
    EXPECT_EQ(json["packets"]["received"], 6) << "so that an empty answer can say why";
    EXPECT_EQ(json["attempts"], 6);
    EXPECT_TRUE(top(Snapshot{}, query("refused"))["rows"].empty());
}

TEST(Top, AWithdrawnVerdictIsTakenBack) {
    SnapshotBuilder builder = refusals();
    IntervalData data(20);
    data.revised(endpoint(10, 1), endpoint(101, 443), 10, Outcome::unanswered, std::nullopt, 20'000'000);
    builder.add(data);
    builder.finished();
    EXPECT_EQ(top(builder.snapshot, query("unanswered"))["rows"][0]["count"], 2);
    EXPECT_EQ(top(builder.snapshot, query("unanswered", 5))["rows"][0]["count"], 1)
        << "what was given before the window is not in it";
}

TEST(Top, AWithdrawnVerdictTakesItsClientAlong) {
    SnapshotBuilder builder = refusals();
    IntervalData data(20);
    data.revised(endpoint(10, 1), endpoint(101, 443), 10, Outcome::unanswered, std::nullopt, 20'000'000);
    builder.add(data);
    const Json json = top(builder.finished(), query("unanswered"));
    EXPECT_LE(json["rows"][0]["clients"], json["rows"][0]["count"]) << "there are no more clients than attempts";
}

TEST(Top, AChangedVerdictCountsAsWhatItHasBecome) {
    SnapshotBuilder builder;
    IntervalData first(10), second(12);
    first.judged(endpoint(1, 1), endpoint(100, 80), Outcome::unanswered, 10'000'001);
    second.revised(endpoint(1, 1), endpoint(100, 80), 10, Outcome::unanswered, Outcome::refused, 12'000'001);
    builder.add(first).add(second);
    builder.finished();
    EXPECT_TRUE(top(builder.snapshot, query("unanswered"))["rows"].empty());
    const Json json = top(builder.snapshot, query("refused"));
    ASSERT_EQ(json["rows"].size(), 1u);
    EXPECT_EQ(json["rows"][0]["count"], 1);
    EXPECT_EQ(json["rows"][0]["outcomes"], (Json{{"refused", 1}}));
}

TEST(Top, AChangedVerdictHasATimeAndAClient) {
    SnapshotBuilder builder;
    IntervalData first(10), second(12);
    first.judged(endpoint(1, 1), endpoint(100, 80), Outcome::unanswered, 10'000'001);
    second.revised(endpoint(1, 1), endpoint(100, 80), 10, Outcome::unanswered, Outcome::refused, 12'000'001);
    builder.add(first).add(second);
    const Json json = top(builder.finished(), query("refused"));
    ASSERT_EQ(json["rows"].size(), 1u);
    EXPECT_EQ(json["rows"][0]["clients"], 1);
    EXPECT_GT(json["rows"][0]["first"], 0.0);
    EXPECT_GT(json["rows"][0]["last"], 0.0);
}

TEST(Top, AgreesWithTheRegistry) {
    SnapshotBuilder builder = refusals();
    Snapshot& snapshot = builder.finished();
    const Json json = top(snapshot, query("failed"));
    ASSERT_EQ(json["rows"].size(), snapshot.ranking.failed.size());
    for (std::size_t i = 0; i < snapshot.ranking.failed.size(); ++i) {
        EXPECT_EQ(json["rows"][i]["count"], snapshot.ranking.failed[i].count);
        EXPECT_EQ(json["rows"][i]["clients"], snapshot.ranking.failed[i].clients);
        EXPECT_EQ(json["rows"][i]["first"], seconds(snapshot.ranking.failed[i].first));
    }
}

}  // namespace
}  // namespace rstwatch::control
