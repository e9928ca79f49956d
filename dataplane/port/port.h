// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "dataplane/packet/packet_view.h"
#include "dataplane/port/capture_file.h"
#include "dataplane/port/capture_stream.h"
#include "dataplane/port/failure.h"
#include "dataplane/port/wire_lengths.h"
#include "dataplane/tally/core_status.h"

struct rte_mempool;
struct rte_mbuf;

namespace rstwatch::port {

/// A DPDK port that is receiving.
struct Port {
    std::uint16_t id = 0;
    std::uint16_t queues = 1;
    packet::LinkType link = packet::LinkType::ethernet;
    std::string source;  ///< file, interface or address, as the operator named it
    bool is_started = false;
    bool is_capture = false;      ///< ends, and brings its own time
    bool drops_known = true;      ///< false where the driver reports 0 whatever was lost
    std::size_t uncut_below = 0;  ///< frames of fewer bytes come as they were on the wire
    CaptureFile capture;
    std::unique_ptr<WireLengths> wire_lengths;  ///< of a capture, where they can be found out
    std::unique_ptr<CaptureStream> stream;      ///< feeds the capture, if it needs that
};

/// How a replayed file came to its end.
struct CaptureEnd {
    std::string damage;         ///< empty: read to its end
    bool lost_packets = false;  ///< packet buffers ran out
};

/// All ports of the daemon and the packet buffers that they fill. Set up and torn down by the main thread; RX cores
/// only call receive().
class PortSet {
  public:
    PortSet() = default;
    ~PortSet();
    PortSet(const PortSet&) = delete;
    PortSet& operator=(const PortSet&) = delete;

    /// Opens the captures, starts DPDK, attaches and starts every port of `settings`.
    Failure open(const config::Settings& settings);

    std::vector<Port>& ports() { return ports_; }
    bool is_replay() const { return is_replay_; }
    std::vector<tally::PortStatus> status() const;

    /// Ends the attached ports and DPDK. No core may be polling any more.
    void close();

  private:
    Failure open_captures(const config::Settings& settings);
    Failure create_pool(const config::Settings& settings);
    Failure attach(const config::Port& wanted, Port& port, unsigned number);
    Failure start(Port& port, const config::Settings& settings);

    std::vector<Port> ports_;
    rte_mempool* pool_ = nullptr;
    bool is_replay_ = false;
    bool eal_started_ = false;
};

/// What the end of a burst that was not full means for a replayed file: its own end, damage, or a loss.
CaptureEnd capture_end(Port& port);

}  // namespace rstwatch::port
