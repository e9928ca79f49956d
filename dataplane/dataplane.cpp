// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dataplane.h"

#include <cmath>
#include <new>

#include "dataplane/port/eal.h"

namespace rstwatch {
namespace {

tally::Time microseconds(double seconds) {
    return static_cast<tally::Time>(std::llround(seconds * 1e6));
}

tcp::Limits limits_of(const config::Settings::Deadline& deadline) {
    return {.provisional = microseconds(deadline.provisional),
            .unanswered = microseconds(deadline.unanswered),
            .syn_ack = microseconds(deadline.syn_ack),
            .reset = microseconds(deadline.reset),
            .closed = microseconds(deadline.closed),
            .early_answer = microseconds(deadline.early_answer),
            .half_open_scan = microseconds(deadline.half_open_scan)};
}

}  // namespace

port::Failure Dataplane::open() {
    if (port::Failure failed = ports_.open(settings_)) return failed;
    const auto cores = static_cast<unsigned>(settings_.rx.queues);
    try {
        lanes_ = std::make_unique<ForwardLanes>(cores, static_cast<std::size_t>(settings_.rx.forward_ring));
        for (unsigned core = 0; core < cores; ++core) {
            exchanges_.push_back(std::make_unique<tally::BankExchange>(
                core, static_cast<std::size_t>(settings_.tally.banks), bank_capacity()));
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

tally::BankCapacity Dataplane::bank_capacity() const {
    const config::Settings::Tally& tally = settings_.tally;
    return {.destinations = static_cast<std::size_t>(tally.destinations),
            .clients = static_cast<std::size_t>(tally.clients),
            .records = static_cast<std::size_t>(tally.records),
            .sightings = serves_,
            .prefault = !is_replay()};
}

RxCore::Setup Dataplane::setup_of(unsigned core) {
    RxCore::Setup setup{};
    setup.pipeline.core = core;
    setup.pipeline.when_full = is_replay() ? tally::WhenFull::wait : tally::WhenFull::lose;
    setup.pipeline.connections = static_cast<std::size_t>(settings_.tracking.connections / settings_.rx.queues);
    setup.pipeline.limits = limits_of(settings_.deadline);
    // A replay has to come to the same result each time, also in what a full table displaces.
    if (!is_replay()) setup.pipeline.secret = tcp::HashSecret::random();
    setup.pipeline.exchange = exchanges_[core].get();
    setup.pipeline.lanes = lanes_.get();
    setup.pipeline.status = status_[core].get();
    setup.ports = &ports_.ports();
    setup.burst = static_cast<std::size_t>(settings_.rx.burst);
    setup.sleep_when_idle = settings_.rx.idle == "sleep";
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

void Dataplane::join() {
    port::wait_for_lcores();
    if (!cores_.empty()) damage_ = cores_.front()->damage();
    ports_.close();
}

}  // namespace rstwatch
