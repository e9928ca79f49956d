// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/alert/notice.h"
#include "control/events/event_filter.h"
#include "control/events/event_stream.h"
#include "control/mailbox.h"

namespace rstwatch::control {

/// Brings what happens from the control thread to everybody who listens. The control thread never waits: what does not
/// fit is dropped and counted. Must outlive the HTTP server.
class EventHub {
  public:
    struct Capacity {
        std::size_t streams = 16;
        std::size_t events = 4096;  ///< that wait for one stream; on their way to the HTTP thread, as many
    };

    struct Counters {
        std::uint64_t streams = 0;  ///< open now
        std::uint64_t events = 0;   ///< since the start, while somebody listened
        std::uint64_t dropped = 0;  ///< of these, each once for every listener who missed it
        std::uint64_t refused = 0;  ///< streams beyond the capacity
    };

    /// What a service is known as. Called on the HTTP thread.
    using ServiceOf = std::function<std::string(const tally::Endpoint&)>;

    EventHub(const Capacity& capacity, ServiceOf service_of);

    /// Control thread: what became of attempts in an interval, once it is judged.
    void publish(const MergedInterval& interval);
    /// Whoever has the controller's lock: the control thread, or the HTTP thread that acknowledges.
    void publish(const AlertNotice& notice);

    /// HTTP thread: a new listener; null when all places are taken.
    std::shared_ptr<http::Stream> subscribe(const EventFilter& filter);
    /// HTTP thread: hands on what has come. To be called whenever `descriptor` is readable.
    void deliver();
    int descriptor() const { return mailbox_.descriptor(); }

    const Capacity& capacity() const { return capacity_; }

    /// Any thread.
    Counters counters() const;

  private:
    struct Batch {
        std::vector<FailedAttempt> failures;
        std::vector<AlertNotice> alerts;
    };

    void send(Batch batch);
    void hand_on(const Batch& batch);
    template <typename Wants>
    void hand_on(const char* event, const std::string& data, Wants wants);

    Capacity capacity_;
    ServiceOf service_of_;
    Mailbox<Batch> mailbox_;
    std::vector<EventStream*> streams_;  ///< HTTP thread
    std::uint64_t last_id_ = 0;          ///< HTTP thread

    // Each stands for itself, so relaxed order is enough.
    std::atomic<std::uint64_t> open_ = 0;       ///< HTTP thread: wo; control: ro
    std::atomic<std::uint64_t> under_way_ = 0;  ///< both: events in the mailbox
    std::atomic<std::uint64_t> lost_ = 0;       ///< control adds, HTTP thread takes: found no room in the mailbox
    std::atomic<std::uint64_t> events_ = 0;     ///< HTTP thread: wo
    std::atomic<std::uint64_t> dropped_ = 0;    ///< HTTP thread: wo
    std::atomic<std::uint64_t> refused_ = 0;    ///< HTTP thread: wo
};

}  // namespace rstwatch::control
