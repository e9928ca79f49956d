// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/alert/alert.h"
#include "control/classify/outcome_overlay.h"
#include "control/classify/span_watch.h"
#include "control/classify/unseen_direction.h"
#include "control/history/history.h"
#include "control/registry/service_directory.h"
#include "control/registry/window.h"
#include "dataplane/tally/clock_status.h"
#include "dataplane/tally/core_status.h"
#include "dataplane/tally/interval_bank.h"

namespace rstwatch::control {

/// Fill and loss of one bounded table.
struct TableState {
    std::uint64_t capacity = 0;
    std::uint64_t used = 0;
    std::uint64_t overflowed = 0;  ///< how often there was no room
    std::uint64_t evicted = 0;     ///< entries that gave way
    std::uint64_t other = 0;       ///< counted for what has no row
};

/// One line of a ranking.
struct RankedRow {
    tally::Endpoint key;
    std::uint64_t count = 0;
    std::uint64_t error = 0;
    std::uint64_t clients = 0;
    std::uint64_t clients_error = 0;
    tally::Time first = 0;
    tally::Time last = 0;
    std::array<std::uint64_t, tally::outcome_count> outcomes{};
};

struct ScannerSummary {
    tally::IpAddress client;
    std::uint64_t failed = 0;
    bool half_open = false;
    tally::Time first = 0;
    tally::Time last = 0;
};

/// Rankings over everything since the start.
struct Ranking {
    std::vector<RankedRow> refused;
    std::vector<RankedRow> failed;
    std::vector<RankedRow> clients;
    std::vector<ScannerSummary> scanners;
};

/// Sums since the start. received = Σ classes; attempts = Σ outcomes that belong to attempts, at every moment.
struct Totals {
    tally::PacketTotals packets;
    tally::OutcomeTotals outcomes;  ///< final ones: never fall
    tally::Gauges gauges;           ///< provisional verdicts, pending, open
    OutcomeOverlay overlay;         ///< what control knows better than the cores
    std::uint64_t revised = 0;      ///< verdicts that were taken back or changed
    tally::Losses losses;
    std::uint64_t late_merges = 0;
    std::uint64_t control_depth_seconds = 0;  ///< in which not every segment was looked up
    tally::Time first_packet = 0;             ///< meaningful when packets.received > 0
    tally::Time last_packet = 0;              ///< likewise
    tally::Interval last_interval = 0;

    /// Every attempt in exactly one place: final, provisional, open, or not determined yet.
    OutcomeSums shown() const;

    /// Attempts, those included of which too little was seen for the cores to count them. = Σ of shown() but midstream
    /// and unsolicited.
    std::uint64_t attempts() const;

  private:
    OutcomeSums counted() const;
};

/// What one RX core does. All but the losses is for display: it is read while the core writes it.
struct CoreState {
    std::uint64_t received = 0;
    std::uint64_t bursts = 0;
    std::uint64_t forwarded = 0;
    std::uint64_t misdirected = 0;
    std::uint64_t waits = 0;
    std::uint64_t forward_dropped = 0;
    std::uint64_t records_dropped = 0;
    std::uint64_t late_merges = 0;
    // Live only.
    std::uint64_t polls = 0;                                           ///< rounds of its loop
    std::uint64_t busy = 0;                                            ///< microseconds in rounds with packets
    std::uint64_t elapsed = 0;                                         ///< microseconds in all rounds
    std::array<std::uint64_t, tally::burst_size_count> burst_sizes{};  ///< polls, by tally::burst_size_index()
    bool at_control_depth = false;
    std::uint64_t falls = 0;           ///< times it fell to control depth because it could not keep up
    std::optional<double> busy_share;  ///< within the last seconds, 0 to 1
};

/// When a port brought packets.
struct PortActivity {
    std::optional<tally::Time> last_packet;  ///< to the interval; none: it has brought none
    bool silent = false;                     ///< it has brought some, and none for rx.silence
};

/// What the control thread costs.
struct ControlLoad {
    double cpu_seconds = 0;
    double merge_seconds = 0;     ///< of wall time, taken to merge and judge
    std::uint64_t intervals = 0;  ///< merged
};

/// What failures are held against.
struct AlertingState {
    std::string mode;
    TableState usual;                   ///< subjects of which it is known what is usual
    std::uint64_t watched_seconds = 0;  ///< of the baselines
    std::uint64_t history_seconds = 0;  ///< that it takes before these say anything
};

/// Everything that the faces show, as of one moment. Made by the control thread, never changed afterwards.
struct Snapshot {
    std::string sensor;
    std::string version;
    bool control_depth = false;  ///< of what is shown not every segment was looked up: some outcomes are not told
    bool replay = false;
    bool finished = false;                    ///< of a replay: every file has been read
    tally::Time started = 0;                  ///< wall time, live only: a replay knows no other time than its packets'
    std::optional<tally::ClockStatus> clock;  ///< how packet time stands to the wall clock; live only
    std::vector<std::string> files;
    Totals totals;
    SpanFacts span;
    Assumptions assumptions;  ///< of what the SPAN does not show
    TableState connections;
    TableState datagrams;  ///< in fragments
    TableState destinations;
    TableState clients;
    TableState baselines;         ///< servers of which it is known how far away they are
    TableState identities;        ///< services of which it is known what they speak
    ServiceDirectory services;    ///< what services are called
    std::uint64_t undecided = 0;  ///< attempts that control had no room to judge
    TableState failures;          ///< failing services that are followed
    TableState watches;           ///< subjects that alerts are watched for
    AlertingState alerting;
    Ranking ranking;
    std::vector<Alert> alerts;  ///< active ones first
    std::vector<std::shared_ptr<const WindowInterval>> window;
    std::uint64_t window_shortened = 0;
    HistoryViews history;
    std::vector<tally::PortStatus> ports;
    std::vector<PortActivity> port_activity;  ///< of `ports`, in their order
    std::vector<CoreState> cores;
    ControlLoad load;
    std::chrono::steady_clock::time_point published;

    /// The end of what has been counted.
    tally::Time now() const { return tally::interval_start(totals.last_interval + 1); }

    /// Not every segment is looked up now. A replay has one depth; the cores of a daemon may fall from theirs and come
    /// back.
    bool at_control_depth() const;

    /// Seconds since `time`, which is of the packets' clock. Live only: a replay's is not ours.
    double age(tally::Time time, std::chrono::steady_clock::time_point asked) const;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace rstwatch::control
