// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "dataplane/forward_lanes.h"
#include "dataplane/port/port.h"
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

    /// Asks the cores to stop; safe from a signal handler.
    void request_stop() { stop_.store(true, std::memory_order_relaxed); }

    /// Waits for the cores, then closes the ports.
    void join();

    bool is_replay() const { return ports_.is_replay(); }
    std::vector<std::unique_ptr<tally::BankExchange>>& exchanges() { return exchanges_; }
    const std::vector<std::unique_ptr<tally::CoreStatus>>& core_status() const { return status_; }

    /// Not after join().
    std::vector<tally::PortStatus> port_status() const { return ports_.status(); }

    /// After join(): what could not be read of the captures.
    const std::vector<std::string>& damage() const { return damage_; }

  private:
    RxCore::Setup setup_of(unsigned core);
    identify::KnownServices::Setup known_services(const tcp::HashSecret& secret) const;

    const config::Settings& settings_;
    const identify::SignatureSet* signatures_;
    bool serves_;
    port::PortSet ports_;
    std::unique_ptr<ForwardLanes> lanes_;
    std::vector<std::unique_ptr<tally::BankExchange>> exchanges_;  // by core
    std::vector<std::unique_ptr<tally::CoreStatus>> status_;       // by core
    std::vector<std::unique_ptr<RxCore>> cores_;
    std::vector<std::string> damage_;
    std::atomic<bool> stop_{false};
};

}  // namespace rstwatch
