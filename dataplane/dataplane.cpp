// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dataplane.h"

#include <rte_cycles.h>

#include <new>
#include <utility>

#include "dataplane/machine_clocks.h"
#include "dataplane/port/eal.h"
#include "dataplane/setup.h"

namespace rstwatch {
namespace {
/// Which part of tracking.connections the tables of a replay begin with.
constexpr std::size_t replay_part = 16;
}  // namespace

port::Failure Dataplane::open() {
    if (port::Failure failed = ports_.open(settings_)) return failed;
    if (!is_replay()) begin_clock();
    const auto cores = static_cast<unsigned>(settings_.rx.queues);
    try {
        lanes_ = std::make_unique<ForwardLanes>(cores, static_cast<std::size_t>(settings_.rx.forward_ring));
        for (unsigned core = 0; core < cores; ++core) {
            exchanges_.push_back(std::make_unique<tally::BankExchange>(
                core, static_cast<std::size_t>(settings_.tally.banks),
                bank_capacity(settings_, {signatures_ != nullptr, serves_, !is_replay()}),
                is_replay() ? &doorbell_ : nullptr));
            status_.push_back(std::make_unique<tally::CoreStatus>());
            cores_.push_back(std::make_unique<RxCore>(setup_of(core)));
        }
    } catch (const std::bad_alloc&) {
        return port::Failure("no memory for the tables of " + std::to_string(cores) +
                             " cores; lower tracking.connections (" + std::to_string(settings_.tracking.connections) +
                             ") or the tally.* capacities");
    }
    return port::Failure();
}

void Dataplane::begin_clock() {
    discipline_.emplace(read_machine_clocks(), static_cast<double>(rte_get_tsc_hz()));
    clock_.publish(discipline_->line());
}

std::optional<tally::ClockStatus> Dataplane::discipline_clock() {
    if (!discipline_) return std::nullopt;
    discipline_->follow(read_machine_clocks());
    clock_.publish(discipline_->line());
    return discipline_->status();
}

identify::KnownServices::Setup Dataplane::known_services(const tcp::HashSecret& secret) const {
    // A service that says nothing that is known would be scanned for ever. In a replay nothing may depend on how its
    // connections are spread over cores, as the tries do.
    constexpr unsigned live_tries = 64;
    return {.services = static_cast<std::size_t>(settings_.identify.services),
            .period = microseconds(settings_.identify.again),
            .most_tries = is_replay() ? 0 : live_tries,
            .secret = secret.words[3]};
}

RxCore::Setup Dataplane::setup_of(unsigned core) {
    RxCore::Setup setup{};
    setup.pipeline.core = core;
    setup.pipeline.when_full = is_replay() ? tally::WhenFull::wait : tally::WhenFull::lose;
    const auto connections = static_cast<std::size_t>(settings_.tracking.connections / settings_.rx.queues);
    setup.pipeline.connections = {is_replay() ? connections / replay_part : connections, connections};
    setup.pipeline.limits = limits_of(settings_);
    setup.pipeline.duplicates = duplicate_limits_of(settings_);
    // A replay has to come to the same result each time, also in what a full table displaces.
    if (!is_replay()) setup.pipeline.secret = tcp::HashSecret::random();
    setup.pipeline.depth_may_change =
        !is_replay() && settings_.tracking.depth == "full" && settings_.tracking.overload == "control";
    setup.pipeline.domain = domain_by(settings_.tracking.domain);
    setup.pipeline.tunnels = tunnel_ports(settings_.tunnel);
    setup.pipeline.datagrams = static_cast<std::size_t>(settings_.rx.datagrams);
    setup.pipeline.signatures = signatures_;
    setup.pipeline.services = known_services(setup.pipeline.secret);
    setup.pipeline.waiting = static_cast<std::size_t>(settings_.identify.waiting);
    setup.pipeline.exchange = exchanges_[core].get();
    setup.pipeline.lanes = lanes_.get();
    setup.pipeline.status = status_[core].get();
    setup.ports = &ports_.ports();
    setup.burst = static_cast<std::size_t>(settings_.rx.burst);
    setup.descriptors = static_cast<std::size_t>(settings_.rx.descriptors);
    setup.adaptive = settings_.rx.idle == "adaptive";
    setup.clock = &clock_;
    setup.stop = &stop_;
    return setup;
}

port::Failure Dataplane::start() {
    for (unsigned core = 0; core < cores_.size(); ++core) {
        RxCore* rx = cores_[core].get();
        const bool replay = is_replay();
        port::Failure failed = port::launch(core + 1, [rx, replay] { replay ? rx->run_replay() : rx->run_live(); });
        if (failed) return failed;
    }
    return port::Failure();
}

std::vector<tally::PortStatus> Dataplane::port_status() {
    ports_.watch();
    return ports_.status();
}

void Dataplane::join() {
    port::wait_for_lcores();
    if (!cores_.empty()) damage_ = cores_.front()->damage();
    ports_.close();
}

}  // namespace rstwatch
