// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/settings.h"
#include "control/alert/sinks/backlog.h"
#include "control/alert/sinks/backoff.h"
#include "control/alert/sinks/sink.h"

namespace rstwatch::control {

/// How a sink does.
struct SinkStatus {
    std::string name;
    bool retrying = false;        ///< the last delivery failed and will be tried again
    std::uint64_t waiting = 0;    ///< alerts that are to be told
    std::uint64_t delivered = 0;  ///< notices accepted
    std::uint64_t failed = 0;     ///< deliveries that were not accepted
    std::uint64_t dropped = 0;    ///< notices refused for good, or for which there was no room
    std::string last_error;       ///< of the last delivery that failed; empty: none has
};

/// Brings notices to one sink: keeps them while it is away, and tries again. Sink thread only, but for status().
class Courier {
  public:
    /// `idle` is called after each delivery.
    Courier(boost::asio::io_context& context, const config::Sink& settings, std::unique_ptr<Sink> sink,
            Backoff::Range backoff, std::function<void()> idle);

    /// Queues a notice of an alert that has reached the sink's minimum level.
    void take(const AlertNotice& notice);

    /// Tries at once what waits, and no more after that.
    void flush();

    /// Nothing is under way, nor will be.
    bool is_done() const { return !busy_ && (backlog_.size() == 0 || gave_up_); }

    /// Any thread.
    SinkStatus status() const;

  private:
    void next();
    void on_done(std::vector<AlertNotice> notices, const Delivery& delivery);
    void pause();
    void remember(const AlertNotice& notice);
    void repeat();
    void report(const Delivery& delivery, std::size_t notices);

    boost::asio::io_context& context_;
    AlertLevel minimum_level_;
    std::chrono::milliseconds repeat_every_;
    std::size_t capacity_;
    std::unique_ptr<Sink> sink_;
    std::function<void()> idle_;
    Backlog backlog_;
    Backoff backoff_;
    boost::asio::steady_timer retry_;
    boost::asio::steady_timer repetition_;
    std::map<std::string, AlertNotice> lasting_;  ///< what a forgetful sink has to be told again, by id
    bool busy_ = false;                           ///< a delivery is under way
    bool paused_ = false;                         ///< waits for the next try
    bool flushing_ = false;
    bool gave_up_ = false;
    std::uint64_t refused_ = 0;  ///< notices that the sink will never take

    mutable std::mutex mutex_;  ///< of `status_`, for as long as it takes to copy it
    SinkStatus status_;
};

}  // namespace rstwatch::control
