// SPDX-License-Identifier: Apache-2.0
// What /metrics says of a snapshot, and of the daemon itself.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "control/export/outcome_metrics.h"
#include "control/export/packet_metrics.h"
#include "control/export/service_metrics.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using Clock = std::chrono::steady_clock;
using Samples = std::map<std::string, double>;

/// By name and labels, without the prefix.
Samples parse(std::string text) {
    Samples samples;
    std::istringstream lines(std::move(text));
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#')) continue;
        const std::size_t space = line.rfind(' ');
        EXPECT_TRUE(line.starts_with("rstwatch_")) << line;
        EXPECT_TRUE(samples.emplace(line.substr(9, space - 9), std::stod(line.substr(space + 1))).second) << line;
    }
    return samples;
}

Samples metrics_of(const Snapshot& snapshot, Clock::time_point asked = {}) {
    Exposition out;
    add_packet_metrics(out, snapshot, asked);
    add_outcome_metrics(out, snapshot);
    return parse(out.take());
}

/// The sum over all labels of a family.
double sum_of(const Samples& samples, const std::string& family) {
    double sum = 0;
    for (const auto& [name, value] : samples)
        if (name.substr(0, name.find('{')) == family) sum += value;
    return sum;
}

Snapshot live() {
    Snapshot snapshot;
    snapshot.version = "1.2";
    snapshot.totals.last_interval = 99;
    snapshot.ports.resize(1);
    snapshot.ports[0].name = "net_pcap0";
    snapshot.ports[0].source = "eth1";
    snapshot.port_activity.resize(1);
    snapshot.cores.resize(2);
    return snapshot;
}

TEST(Metrics, WhatADriverCannotKnowIsAbsentAndSaidToBe) {
    Snapshot snapshot = live();
    snapshot.ports[0].errors = 0;
    snapshot.ports[0].no_mbuf = 3;
    Samples samples = metrics_of(snapshot);
    EXPECT_FALSE(samples.contains("port_dropped_packets_total{port=\"eth1\",cause=\"missed\"}"));
    EXPECT_EQ(samples.at("port_dropped_packets_total{port=\"eth1\",cause=\"errors\"}"), 0);
    EXPECT_EQ(samples.at("port_dropped_packets_total{port=\"eth1\",cause=\"no_mbuf\"}"), 3);
    EXPECT_EQ(samples.at("port_drops_known{port=\"eth1\"}"), 0);
    EXPECT_FALSE(samples.contains("port_link_up{port=\"eth1\"}"));
    snapshot.ports[0].missed = 7;
    snapshot.ports[0].link_up = false;
    samples = metrics_of(snapshot);
    EXPECT_EQ(samples.at("port_dropped_packets_total{port=\"eth1\",cause=\"missed\"}"), 7);
    EXPECT_EQ(samples.at("port_drops_known{port=\"eth1\"}"), 1);
    EXPECT_EQ(samples.at("port_link_up{port=\"eth1\"}"), 0);
}

TEST(Metrics, AFileThatIsGivenTwiceIsTwoPorts) {
    Snapshot snapshot = live();
    snapshot.ports.push_back(snapshot.ports[0]);
    snapshot.ports[1].name = "net_pcap1";
    const Samples samples = metrics_of(snapshot);
    EXPECT_TRUE(samples.contains("port_received_packets_total{port=\"eth1\"}"));
    EXPECT_TRUE(samples.contains("port_received_packets_total{port=\"eth1 (net_pcap1)\"}"));
}

TEST(Metrics, EveryPacketIsInOneClass) {
    Snapshot snapshot = live();
    tally::PacketTotals& packets = snapshot.totals.packets;
    for (std::size_t i = 0; i < tally::packet_class_count; ++i) packets.received += packets.by_class[i] = 1ULL << i;
    const Samples samples = metrics_of(snapshot);
    EXPECT_EQ(samples.at("received_packets_total"), 63);
    EXPECT_EQ(sum_of(samples, "packets_total"), 63);
}

TEST(Metrics, AttemptsArePendingOpenOrFinal) {
    Snapshot snapshot = live();
    Totals& totals = snapshot.totals;
    totals.outcomes.attempts = 100;
    totals.gauges.pending = 20;
    totals.gauges.open = 10;
    totals.outcomes.final[tally::index(Outcome::refused)] = 40;
    totals.outcomes.final[tally::index(Outcome::closed)] = 30;
    totals.outcomes.final[tally::index(Outcome::midstream)] = 5;
    totals.gauges.provisional[tally::index(Outcome::unanswered)] = 8;
    totals.outcomes.first[tally::index(Outcome::unanswered)] = 9;
    const Samples samples = metrics_of(snapshot);
    const double unattempted =
        samples.at("outcomes_total{outcome=\"midstream\"}") + samples.at("outcomes_total{outcome=\"unsolicited\"}");
    EXPECT_EQ(samples.at("attempts_total"), samples.at("attempts_pending") + samples.at("attempts_open") +
                                                sum_of(samples, "outcomes_total") - unattempted);
    EXPECT_EQ(samples.at("outcomes_total{outcome=\"unanswered\"}"), 0) << "it may still be revised";
    EXPECT_EQ(samples.at("outcomes_provisional{outcome=\"unanswered\"}"), 8);
    EXPECT_EQ(samples.at("first_verdicts_total{outcome=\"unanswered\"}"), 9);
    EXPECT_EQ(samples.at("outcomes_shown{outcome=\"unanswered\"}"), 8);
}

TEST(Metrics, WhatControlTakesBackLetsNoCounterFall) {
    Snapshot snapshot = live();
    snapshot.totals.outcomes.attempts = 100;
    snapshot.totals.outcomes.final[tally::index(Outcome::refused)] = 100;
    const Samples before = metrics_of(snapshot);
    snapshot.totals.overlay.move(Outcome::refused, Outcome::refused_by_device, 1);
    const Samples after = metrics_of(snapshot);
    EXPECT_EQ(after.at("outcomes_shown{outcome=\"refused\"}"), 99);
    for (const auto& [name, value] : before) {
        if (!name.substr(0, name.find('{')).ends_with("_total")) continue;
        EXPECT_GE(after.at(name), value) << name;
    }
}

TEST(Metrics, BurstSizesAreAHistogram) {
    Snapshot snapshot = live();
    snapshot.cores[1].burst_sizes = {5, 4, 3, 2, 1, 0, 1, 7};
    snapshot.cores[1].received = 600;
    snapshot.cores[1].busy = 1'500'000;
    snapshot.cores[1].elapsed = 6'000'000;
    const Samples samples = metrics_of(snapshot);
    const std::pair<const char*, double> cumulated[] = {{"0", 5},   {"1", 9},   {"3", 12},  {"7", 14},
                                                        {"15", 15}, {"31", 15}, {"63", 16}, {"+Inf", 23}};
    for (const auto& [bound, count] : cumulated)
        EXPECT_EQ(samples.at("core_burst_packets_bucket{core=\"1\",le=\"" + std::string(bound) + "\"}"), count);
    EXPECT_EQ(samples.at("core_burst_packets_count{core=\"1\"}"), 23);
    EXPECT_EQ(samples.at("core_burst_packets_sum{core=\"1\"}"), 600);
    EXPECT_EQ(samples.at("core_busy_seconds_total{core=\"1\"}"), 1.5);
    EXPECT_EQ(samples.at("core_elapsed_seconds_total{core=\"1\"}"), 6);
}

TEST(Metrics, DataGrowsOldWhileNothingIsMerged) {
    Snapshot snapshot = live();  // up to the second 100
    snapshot.totals.packets.received = 1;
    snapshot.totals.last_packet = 97'500'000;
    snapshot.port_activity[0].last_packet = 98 * tally::second;
    snapshot.published = Clock::time_point(std::chrono::seconds(1000));
    Samples samples = metrics_of(snapshot, snapshot.published);
    EXPECT_EQ(samples.at("last_interval_age_seconds"), 0);
    EXPECT_EQ(samples.at("last_packet_age_seconds"), 2.5);
    EXPECT_EQ(samples.at("port_last_packet_age_seconds{port=\"eth1\"}"), 2);
    samples = metrics_of(snapshot, snapshot.published + std::chrono::seconds(60));
    EXPECT_EQ(samples.at("last_interval_age_seconds"), 60);
    EXPECT_EQ(samples.at("last_packet_age_seconds"), 62.5);
    EXPECT_EQ(samples.at("port_last_packet_age_seconds{port=\"eth1\"}"), 62);
}

TEST(Metrics, NothingReceivedHasNoAge) {
    const Samples samples = metrics_of(live());
    EXPECT_FALSE(samples.contains("last_packet_age_seconds"));
    EXPECT_FALSE(samples.contains("port_last_packet_age_seconds{port=\"eth1\"}"));
    EXPECT_EQ(samples.at("received_packets_total"), 0);
}

TEST(Metrics, AReplayHasNoAgesAndNoPolls) {
    Snapshot snapshot = live();
    snapshot.replay = true;
    snapshot.totals.packets.received = 1;
    for (const auto& [name, value] : metrics_of(snapshot)) {
        EXPECT_EQ(name.find("age_seconds"), std::string::npos) << name;
        EXPECT_EQ(name.find("busy"), std::string::npos) << name;
        EXPECT_EQ(name.find("burst"), std::string::npos) << name;
    }
}

TEST(Metrics, LossesHaveTheirCauses) {
    Snapshot snapshot = live();
    tally::Losses& losses = snapshot.totals.losses;
    losses.records_dropped = 1;
    losses.sightings_dropped = 2;
    losses.contacts_dropped = 3;
    losses.revisions_dropped = 4;
    losses.identifications_dropped = 5;
    losses.forward_dropped = 6;
    losses.segments_forgotten = 7;
    losses.payloads_forgotten = 8;
    losses.services_forgotten = 9;
    losses.datagrams_timed_out = 10;
    snapshot.totals.late_merges = 11;
    snapshot.undecided = 12;
    snapshot.connections = {100, 40, 3, 2, 0};
    const Samples samples = metrics_of(snapshot);
    EXPECT_EQ(sum_of(samples, "records_dropped_total"), 15);
    EXPECT_EQ(samples.at("records_dropped_total{list=\"revisions\"}"), 4);
    EXPECT_EQ(samples.at("forward_dropped_packets_total"), 6);
    EXPECT_EQ(sum_of(samples, "forgotten_total"), 24);
    EXPECT_EQ(samples.at("datagrams_timed_out_total"), 10);
    EXPECT_EQ(samples.at("late_merges_total"), 11);
    EXPECT_EQ(samples.at("undecided_attempts_total"), 12);
    EXPECT_EQ(samples.at("table_capacity{table=\"connections\"}"), 100);
    EXPECT_EQ(samples.at("table_entries{table=\"connections\"}"), 40);
    EXPECT_EQ(samples.at("table_overflowed_total{table=\"connections\"}"), 3);
    EXPECT_EQ(samples.at("table_evicted_total{table=\"connections\"}"), 2);
}

TEST(Metrics, AlertsCountByTheirLevelWhileTheyGoOn) {
    Snapshot snapshot = live();
    for (const AlertLevel level : {AlertLevel::warn, AlertLevel::critical, AlertLevel::critical, AlertLevel::error}) {
        snapshot.alerts.emplace_back();
        snapshot.alerts.back().level = level;
    }
    snapshot.alerts[1].acknowledged = true;
    snapshot.alerts[3].until = 5;
    const Samples samples = metrics_of(snapshot);
    EXPECT_EQ(samples.at("alerts_active{level=\"warn\"}"), 1);
    EXPECT_EQ(samples.at("alerts_active{level=\"error\"}"), 0);
    EXPECT_EQ(samples.at("alerts_active{level=\"critical\"}"), 2);
    EXPECT_EQ(samples.at("alerts_acknowledged"), 1);
}

TEST(Metrics, TheMirrorAndTheDepthAreTold) {
    Snapshot snapshot = live();
    snapshot.span.one_way = true;
    snapshot.control_depth = true;  // of a part of what is shown
    snapshot.cores[1].at_control_depth = true;
    snapshot.load = {1.5, 0.25, 7};
    const Samples samples = metrics_of(snapshot);
    EXPECT_EQ(samples.at("span_one_way"), 1);
    EXPECT_EQ(samples.at("span_duplicated"), 0);
    EXPECT_EQ(samples.at("tracking_depth{depth=\"control\"}"), 1);
    EXPECT_EQ(samples.at("tracking_depth{depth=\"full\"}"), 0);
    EXPECT_EQ(samples.at("core_at_control_depth{core=\"0\"}"), 0);
    EXPECT_EQ(samples.at("core_at_control_depth{core=\"1\"}"), 1);
    snapshot.cores[1].at_control_depth = false;
    EXPECT_EQ(metrics_of(snapshot).at("tracking_depth{depth=\"full\"}"), 1) << "the core has come back";
    EXPECT_EQ(samples.at("build_info{version=\"1.2\"}"), 1);
    EXPECT_EQ(samples.at("control_cpu_seconds_total"), 1.5);
    EXPECT_EQ(samples.at("control_merge_seconds_total"), 0.25);
    EXPECT_EQ(samples.at("control_intervals_total"), 7);
}

TEST(Metrics, TrafficAddsNoSeries) {
    const Samples quiet = metrics_of(live());
    Snapshot busy = live();
    busy.totals.packets.received = 1;
    busy.ranking.refused.resize(50);
    busy.alerts.resize(50);
    busy.failures = {10, 10, 10, 10, 10};
    busy.port_activity[0].last_packet = 1;
    const std::size_t ages = 2;  // of the last packet, and of the port's
    EXPECT_EQ(metrics_of(busy).size(), quiet.size() + ages);
}

TEST(ServiceMetrics, ASinkIsNotToldByItsAddress) {
    SinkStatus sink;
    sink.name = "webhook https://10.1.2.3/hook";
    sink.delivered = 4;
    sink.failed = 3;
    sink.dropped = 2;
    sink.waiting = 1;
    sink.retrying = true;
    Exposition out;
    add_sink_metrics(out, {sink, sink});
    const std::string text = out.take();
    EXPECT_EQ(text.find("10.1.2.3"), std::string::npos) << text;
    const Samples samples = parse(text);
    EXPECT_EQ(samples.at("sink_delivered_notices_total{sink=\"2\",kind=\"webhook\"}"), 4);
    EXPECT_EQ(samples.at("sink_failed_deliveries_total{sink=\"1\",kind=\"webhook\"}"), 3);
    EXPECT_EQ(samples.at("sink_dropped_notices_total{sink=\"1\",kind=\"webhook\"}"), 2);
    EXPECT_EQ(samples.at("sink_waiting_alerts{sink=\"1\",kind=\"webhook\"}"), 1);
    EXPECT_EQ(samples.at("sink_retrying{sink=\"1\",kind=\"webhook\"}"), 1);
}

TEST(ServiceMetrics, TheStoreIsInOneState) {
    StoreStatus store;
    store.state = StoreStatus::State::degraded;
    store.queue = 5;
    store.dropped = 6;
    Exposition out;
    add_store_metrics(out, store);
    const Samples samples = parse(out.take());
    EXPECT_EQ(sum_of(samples, "store_state"), 1);
    EXPECT_EQ(samples.at("store_state{state=\"degraded\"}"), 1);
    EXPECT_EQ(samples.at("store_queued_rows"), 5);
    EXPECT_EQ(samples.at("store_dropped_rows_total"), 6);
    EXPECT_FALSE(samples.contains("store_rows")) << "not counted yet";
}

TEST(ServiceMetrics, RefusalsOfTheServerHaveTheirReasons) {
    Exposition out;
    add_http_metrics(
        out, {.connections = 9, .active = 8, .requests = 7, .refused_by_cap = 6, .timeouts = 5, .accept_errors = 4});
    add_event_metrics(out, {.streams = 3, .events = 2, .dropped = 1, .refused = 10});
    const Samples samples = parse(out.take());
    EXPECT_EQ(samples.at("http_refused_total{reason=\"cap\"}"), 6);
    EXPECT_EQ(samples.at("http_refused_total{reason=\"timeout\"}"), 5);
    EXPECT_EQ(samples.at("http_refused_total{reason=\"accept_error\"}"), 4);
    EXPECT_EQ(samples.at("http_connections_open"), 8);
    EXPECT_EQ(samples.at("events_dropped_total"), 1);
    EXPECT_EQ(samples.at("event_streams_refused_total"), 10);
}

}  // namespace
}  // namespace rstwatch::control
