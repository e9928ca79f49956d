// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/alert/alert.h"
#include "control/classify/outcome_overlay.h"
#include "control/classify/span_watch.h"
#include "control/classify/unseen_direction.h"
#include "control/history/history.h"
#include "control/registry/service_directory.h"
#include "control/registry/window.h"
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
    tally::Time first_packet = 0;  ///< meaningful when packets.received > 0
    tally::Time last_packet = 0;   ///< likewise
    tally::Interval last_interval = 0;

    /// Every attempt in exactly one place: final, provisional, open, or not determined yet.
    OutcomeSums shown() const;

    /// Attempts, those included of which too little was seen for the cores to count them. = Σ of shown() but midstream
    /// and unsolicited.
    std::uint64_t attempts() const;

  private:
    OutcomeSums counted() const;
};

struct CoreState {
    std::uint64_t received = 0;
    std::uint64_t bursts = 0;
    std::uint64_t forwarded = 0;
    std::uint64_t waits = 0;
    std::uint64_t forward_dropped = 0;
    std::uint64_t records_dropped = 0;
    std::uint64_t late_merges = 0;
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
    bool control_depth = false;  ///< only control segments are looked up: some outcomes are not told
    bool replay = false;
    bool finished = false;    ///< of a replay: every file has been read
    tally::Time started = 0;  ///< wall time, live only: a replay knows no other time than its packets'
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
    std::vector<CoreState> cores;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace rstwatch::control
