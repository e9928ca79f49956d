// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
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

    /// Whoever has the controller's lock, and nobody once stop() is called.
    void notify(AlertNotice notice);

    /// Control thread: other sinks from now on, and the name of the sensor. Those that are the same go on with what
    /// they have; one that is given up tries once more what it has not delivered; a new one is told of `lasting`.
    void replace(std::vector<config::Sink> sinks, const std::string& sensor, std::vector<AlertNotice> lasting);

    /// Control thread: delivers what waits, for at most 2 s, then ends the thread. What is left is lost. Harmless when
    /// called twice; nothing is to be notified afterwards.
    void stop();

    /// Any thread.
    std::vector<SinkStatus> status() const;

  private:
    struct Told {
        config::Sink settings;
        std::shared_ptr<Courier> courier;
    };

    std::unique_ptr<Sink> make_sink(const config::Sink& settings) const;
    std::shared_ptr<Courier> make_courier(const config::Sink& settings);
    void start();
    void take_over(std::vector<config::Sink> sinks, const std::string& sensor, const std::vector<AlertNotice>& lasting);
    void give_up(const std::vector<Told>& former);
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
    bool ending_ = false;                             ///< sink thread
    std::atomic<bool> any_ = false;                   ///< control: wo; there are sinks
    mutable std::mutex mutex_;                        ///< of `told_`, for as long as it takes to copy or replace it
    std::vector<Told> told_;                          ///< sink thread, once it runs
    std::vector<std::shared_ptr<Courier>> given_up_;  ///< sink thread: with a delivery under way
    std::thread thread_;
};

}  // namespace rstwatch::control
