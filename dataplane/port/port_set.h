// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "dataplane/port/failure.h"
#include "dataplane/port/memory_plan.h"
#include "dataplane/port/port.h"
#include "dataplane/port/remark.h"
#include "dataplane/tally/core_status.h"

struct rte_mempool;

namespace rstwatch::port {

/// All ports of the daemon and the packet buffers that they fill. Set up, watched and torn down by the main thread; RX
/// cores only receive.
class PortSet {
  public:
    PortSet() = default;
    ~PortSet();
    PortSet(const PortSet&) = delete;
    PortSet& operator=(const PortSet&) = delete;

    /// Opens the captures, starts DPDK, attaches and starts every port of `settings`, which must outlive this.
    Failure open(const config::Settings& settings);

    /// Looks after the interfaces of the kernel: counts what was lost, lets go of one that has been removed, takes it
    /// back when it is there again. Some system calls; once a second is enough.
    void watch();

    std::vector<Port>& ports() { return ports_; }
    bool is_replay() const { return is_replay_; }

    /// As of the last watch() for what the kernel counts.
    std::vector<tally::PortStatus> status();

    /// What there is to be said since the last call.
    std::vector<Remark> take_remarks();

    /// Ends the attached ports and DPDK. No core may be polling any more.
    void close();

  private:
    Failure open_captures();
    Failure prepare();
    Failure start_environment();
    /// By NUMA node and size of their buffers.
    using PoolKey = std::pair<unsigned, std::uint16_t>;
    static PoolKey pool_key(const Port& port);
    Failure create_pool(const PoolKey& key, std::size_t ports, bool hugepages);
    Failure bring_up(Port& port);
    void leave(Port& port);
    void come_back(Port& port);
    void remark(Remark::Level level, std::string sentence) { remarks_.push_back({level, std::move(sentence)}); }

    const config::Settings* settings_ = nullptr;
    std::vector<Port> ports_;
    std::map<PoolKey, rte_mempool*> pools_;
    std::vector<Remark> remarks_;
    bool is_replay_ = false;
    bool eal_started_ = false;
};

}  // namespace rstwatch::port
