// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "control/alert/engine.h"
#include "control/busy_share.h"
#include "control/classify/classifier.h"
#include "control/export/connections.h"
#include "control/fair_mutex.h"
#include "control/history/history.h"
#include "control/history/minute_rows.h"
#include "control/keeper.h"
#include "control/knowledge.h"
#include "control/merge/interval_merger.h"
#include "control/port_watch.h"
#include "control/registry/failure_book.h"
#include "control/registry/registry.h"
#include "control/registry/service_names.h"
#include "control/registry/window.h"
#include "control/snapshot_store.h"
#include "control/store/store.h"

namespace rstwatch::control {

/// What the composition root knows and control may ask for.
struct Surroundings {
    std::string sensor;
    bool replay = false;
    std::vector<std::string> files;
    std::size_t connection_capacity = 0;
    std::size_t datagram_capacity = 0;
    std::vector<std::string> applications;           ///< names of the signatures, by their numbers
    std::vector<config::ServiceLabel> labels;        ///< the operator's names of services
    std::vector<config::ServiceLabel> system_ports;  ///< what this machine calls ports
    std::function<std::vector<tally::PortStatus>()> port_status;
    std::function<std::vector<CoreState>()> core_status;
    std::function<std::optional<tally::ClockStatus>()> clock_status;
    /// Called between two intervals, at least fifty times a second; live also where nothing arrives.
    std::function<void()> between_intervals;
    tally::Doorbell* doorbell = nullptr;  ///< of a replay: what the cores ring; null: control looks now and then
    std::function<void(std::uint64_t packets)> progress;  ///< called some times per second
    std::function<void()> beat;                           ///< called some times per second: control moves
    Store* store = nullptr;                               ///< what is to survive; none for a report
    /// Called with what happens to an alert, and the packet time at which it does; by one thread at a time.
    std::function<void(AlertEvent, const Alert&, tally::Time now)> alerted;
    std::function<void(const MergedInterval&)> judged;  ///< called with every interval, once all is known of it
};

/// The control thread's work: merge the cores' banks, judge what one core cannot, publish snapshots.
class Controller {
  public:
    struct Wishes {
        bool keep_connections = false;  ///< for a report that lists them
        bool serve = true;              ///< somebody may ask in between; else only the last snapshot matters
        std::size_t ranking_rows = 1000;
    };

    Controller(const config::Settings& settings, Surroundings surroundings, const Wishes& wishes,
               std::vector<std::unique_ptr<tally::BankExchange>>& exchanges, SnapshotStore& store);

    /// Returns when every core has finished and the last snapshot is out.
    void run();

    /// Settings that a reload takes over, and names of services; between two intervals, on the thread that runs this.
    /// `sensor` is its name.
    void reload(const config::Settings& settings, const std::vector<config::ServiceLabel>& labels,
                const std::string& sensor);

    /// Alerts that go on. On the thread that runs this.
    std::vector<Alert> lasting_alerts() const;

    /// Packet time of now, as far as it has been counted. On the thread that runs this.
    tally::Time now() const { return tally::interval_start(totals_.last_interval + 1); }

    /// After run() has thrown: takes what the cores still hand over and throws it away, until all have finished, for a
    /// core may wait for room. They have to be told to stop before.
    void abandon();

    /// Packets that were received and have been merged.
    std::uint64_t merged_packets() const { return totals_.packets.received; }

    const ConnectionLog& connections() const { return connections_; }
    const ServiceNames& service_names() const { return service_names_; }

    /// Any thread: what is known now, in the middle of an interval perhaps. Whoever looks holds up the merging for as
    /// long, and waits for some milliseconds of it at most, whatever the interval has to count.
    void inspect(const std::function<void(const Knowledge&)>& look) const;

    /// Any thread: somebody takes care of an alert. Nothing if there is none of this id.
    std::optional<Alert> acknowledge(const std::string& id);

  private:
    using Clock = std::chrono::steady_clock;

    void take(MergedInterval& interval);
    void judge(MergedInterval& interval);
    void count_packets(const MergedInterval& interval);
    std::size_t merge();
    void publish();
    void remember(const MergedInterval& interval);
    void tell(AlertEvent event, const Alert& alert) const;
    void pause(std::uint32_t rings) const;
    Knowledge knowledge() const;
    TableState connection_table() const;
    TableState datagram_table() const;
    AlertingState alerting_state() const;
    std::vector<CoreState> core_states();

    Surroundings surroundings_;
    Wishes wishes_;
    SnapshotStore& store_;
    IntervalMerger merger_;
    Registry registry_;
    ServiceNames service_names_;
    Classifier classifier_;
    FailureBook failures_;
    AlertEngine alerts_;
    Keeper keeper_;
    Window window_;
    CountChanges changes_;
    History history_;
    MinuteRows minutes_;
    PortWatch ports_;
    std::vector<BusyShare> busy_;  // by core
    ControlLoad load_;
    std::optional<tally::Interval> remembered_;
    ConnectionLog connections_;
    Totals totals_;
    std::string alert_mode_;
    tally::Time started_;
    bool changed_ = false;
    bool finished_ = false;
    mutable FairMutex mutex_;  // of knowledge(), alerts and publications: what other threads ask for and change
};

}  // namespace rstwatch::control
