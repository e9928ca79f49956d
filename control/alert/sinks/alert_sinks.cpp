// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/alert_sinks.h"

#include <fcntl.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "config/url.h"
#include "control/alert/sinks/alertmanager_sink.h"
#include "control/alert/sinks/datagram_sink.h"
#include "control/alert/sinks/message_format.h"
#include "control/alert/sinks/webhook_sink.h"
#include "control/http/signals_blocked.h"

namespace rstwatch::control {
namespace {

constexpr std::chrono::seconds flush_time{2};

/// Settings have been checked, so that what they say can be read.
config::Target checked(std::variant<config::Target, std::string> parsed) {
    return std::get<config::Target>(std::move(parsed));
}

}  // namespace

AlertSinks::AlertSinks(Options options)
    : options_(std::move(options)),
      mailbox_(options_.queue),
      waking_(*context_, fcntl(mailbox_.descriptor(), F_DUPFD_CLOEXEC, 0)),
      end_(*context_) {
    for (const config::Sink& settings : options_.sinks)
        couriers_.push_back(std::make_unique<Courier>(*context_, settings, make_sink(settings), options_.backoff,
                                                      [this] { end_when_done(); }));
    if (couriers_.empty()) return;
    receive();
    const http::SignalsBlocked blocked;  // inherited by the thread
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "sinks");
        context_->run();
    });
}

AlertSinks::~AlertSinks() {
    stop();
}

std::unique_ptr<Sink> AlertSinks::make_sink(const config::Sink& settings) const {
    const auto receiver = [&](const std::string& url) {
        auto target = checked(config::parse_http_url(url));
        NameLookup lookup(context_, target.host);
        return HttpReceiver{context_, std::move(target),
                            std::chrono::milliseconds(static_cast<std::int64_t>(settings.timeout * 1000)),
                            std::move(lookup)};
    };
    if (!settings.alertmanager.empty())
        return std::make_unique<AlertmanagerSink>(receiver(settings.alertmanager), options_.sensor,
                                                  static_cast<std::size_t>(settings.backlog));
    if (!settings.webhook.empty()) return std::make_unique<WebhookSink>(receiver(settings.webhook));
    if (settings.journal)
        return std::make_unique<DatagramSink>(
            context_, config::Target{.host = {}, .port = {}, .path = options_.journal_socket},
            [sensor = options_.sensor](const AlertNotice& notice) { return journal_entry(notice, sensor); });
    return std::make_unique<DatagramSink>(
        context_, checked(config::parse_syslog_target(settings.syslog)),
        [sensor = options_.sensor](const AlertNotice& notice) { return syslog_message(notice, sensor); });
}

void AlertSinks::notify(AlertEvent event, const Alert& alert, tally::Time now) {
    if (couriers_.empty() || stopping_.load(std::memory_order_relaxed)) return;
    if (!mailbox_.send({event, alert, now})) lost_.fetch_add(1, std::memory_order_relaxed);
}

void AlertSinks::receive() {
    waking_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const auto& error) {
        if (error) return;
        mailbox_.receive([this](AlertNotice&& notice) {
            for (const auto& courier : couriers_) courier->take(notice);
        });
        // acquire: whatever was notified before is in the mailbox, and has just been taken out or wakes this again.
        stopping_.load(std::memory_order_acquire) ? begin_to_end() : receive();
    });
}

void AlertSinks::begin_to_end() {
    mailbox_.receive([this](AlertNotice&& notice) {
        for (const auto& courier : couriers_) courier->take(notice);
    });
    ending_ = true;
    end_.expires_after(flush_time);
    end_.async_wait([this](const auto&) { context_->stop(); });
    for (const auto& courier : couriers_) courier->flush();
    end_when_done();
}

void AlertSinks::end_when_done() {
    if (!ending_) return;
    if (std::ranges::all_of(couriers_, [](const auto& courier) { return courier->is_done(); })) context_->stop();
}

void AlertSinks::stop() {
    if (!thread_.joinable()) return;
    // release: pairs with the acquire in receive().
    stopping_.store(true, std::memory_order_release);
    mailbox_.wake();
    thread_.join();
}

std::vector<SinkStatus> AlertSinks::status() const {
    std::vector<SinkStatus> all;
    for (const auto& courier : couriers_) {
        all.push_back(courier->status());
        all.back().dropped += lost_.load(std::memory_order_relaxed);
    }
    return all;
}

}  // namespace rstwatch::control
