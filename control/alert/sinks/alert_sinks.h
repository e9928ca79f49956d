// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "config/settings.h"
#include "control/alert/notice.h"
#include "control/alert/sinks/courier.h"
#include "control/mailbox.h"

namespace rstwatch::control {

/// Everybody who is to be told of alerts, served by one thread. Whoever notifies never waits: what does not fit is
/// dropped and counted.
class AlertSinks {
  public:
    struct Options {
        std::vector<config::Sink> sinks;
        std::string sensor;
        std::string journal_socket = "/run/systemd/journal/socket";
        Backoff::Range backoff{};
        std::size_t queue = 1024;  ///< notices on their way to the sink thread
    };

    explicit AlertSinks(Options options);
    /// Stops.
    ~AlertSinks();
    AlertSinks(const AlertSinks&) = delete;
    AlertSinks& operator=(const AlertSinks&) = delete;

    /// Whoever has the controller's lock, and nobody once stop() is called. `now` is packet time.
    void notify(AlertEvent event, const Alert& alert, tally::Time now);

    /// Control thread: delivers what waits, for at most 2 s, then ends the thread. What is left is lost. Harmless when
    /// called twice; nothing is to be notified afterwards.
    void stop();

    /// Any thread.
    std::vector<SinkStatus> status() const;

  private:
    std::unique_ptr<Sink> make_sink(const config::Sink& settings) const;
    void receive();
    void begin_to_end();
    void end_when_done();

    Options options_;
    Mailbox<AlertNotice> mailbox_;
    std::atomic<std::uint64_t> lost_ = 0;  ///< control: wo; found no room in the mailbox
    std::atomic<bool> stopping_ = false;   ///< control: wo; followed by a wake-up, which orders it
    std::shared_ptr<boost::asio::io_context> context_ = std::make_shared<boost::asio::io_context>(1);
    boost::asio::posix::stream_descriptor waking_;
    boost::asio::steady_timer end_;
    bool ending_ = false;  ///< sink thread
    std::vector<std::unique_ptr<Courier>> couriers_;
    std::thread thread_;
};

}  // namespace rstwatch::control
