// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "dataplane/clock_discipline.h"
#include "dataplane/forward_lanes.h"
#include "dataplane/port/port_set.h"
#include "dataplane/rx_core.h"
#include "dataplane/tally/bank_exchange.h"
#include "dataplane/tally/core_status.h"

namespace rstwatch {

/// The packet half of the daemon: ports, cores, and the exchanges over which the cores hand their banks to control.
/// Built, started and joined by the main thread.
class Dataplane {
  public:
    /// `serves`: somebody looks at what is counted while it is counted, not only at the end of a replay. `signatures`:
    /// of the services that are to be identified; null for none. Both outlive this.
    Dataplane(const config::Settings& settings, const identify::SignatureSet* signatures, bool serves)
        : settings_(settings), signatures_(signatures), serves_(serves) {}

    /// Opens captures and ports, allocates every table. Nothing is received yet.
    port::Failure open();

    /// Lets the cores poll; returns at once.
    port::Failure start();

    /// Keeps packet time of live ports at the pace of the machine's clocks; to be called about once a second. Returns
    /// how the two stand; nothing in a replay. Main thread.
    std::optional<tally::ClockStatus> discipline_clock();

    /// Asks the cores to stop; safe from a signal handler.
    void request_stop() { stop_.store(true, std::memory_order_relaxed); }

    /// Waits for the cores, then closes the ports.
    void join();

    bool is_replay() const { return ports_.is_replay(); }

    /// Of a replay: rung by the cores when there is something for control.
    tally::Doorbell& doorbell() { return doorbell_; }
    std::vector<std::unique_ptr<tally::BankExchange>>& exchanges() { return exchanges_; }
    const std::vector<std::unique_ptr<tally::CoreStatus>>& core_status() const { return status_; }

    /// Looks after the ports, too. Not after join().
    std::vector<tally::PortStatus> port_status();

    /// What there is to be said of the ports since the last call.
    std::vector<port::Remark> take_remarks() { return ports_.take_remarks(); }

    /// After join(): what could not be read of the captures.
    const std::vector<std::string>& damage() const { return damage_; }

  private:
    void begin_clock();
    RxCore::Setup setup_of(unsigned core);
    identify::KnownServices::Setup known_services(const tcp::HashSecret& secret) const;

    const config::Settings& settings_;
    const identify::SignatureSet* signatures_;
    bool serves_;
    port::PortSet ports_;
    std::optional<ClockDiscipline> discipline_;  // of live ports
    SharedClockLine clock_;
    std::unique_ptr<ForwardLanes> lanes_;
    tally::Doorbell doorbell_;                                     // before the exchanges, which ring it
    std::vector<std::unique_ptr<tally::BankExchange>> exchanges_;  // by core
    std::vector<std::unique_ptr<tally::CoreStatus>> status_;       // by core
    std::vector<std::unique_ptr<RxCore>> cores_;
    std::vector<std::string> damage_;
    std::atomic<bool> stop_{false};
};

}  // namespace rstwatch
