// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/alert_sinks.h"

#include <fcntl.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
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
    replace(options_.sinks, options_.sensor, {});
}

void AlertSinks::replace(std::vector<config::Sink> sinks, const std::string& sensor, std::vector<AlertNotice> lasting) {
    any_.store(!sinks.empty(), std::memory_order_relaxed);
    if (thread_.joinable()) {
        boost::asio::post(*context_, [this, sinks = std::move(sinks), sensor, lasting = std::move(lasting)]() mutable {
            take_over(std::move(sinks), sensor, lasting);
        });
        return;
    }
    if (sinks.empty()) return;
    take_over(std::move(sinks), sensor, lasting);
    start();
}

void AlertSinks::start() {
    receive();
    const http::SignalsBlocked blocked;  // inherited by the thread
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "sinks");
        context_->run();
    });
}

/// A sink that is the same, for the same sensor, knows what it was told.
void AlertSinks::take_over(std::vector<config::Sink> sinks, const std::string& sensor,
                           const std::vector<AlertNotice>& lasting) {
    std::vector<Told> former = sensor == options_.sensor ? told_ : std::vector<Told>();
    std::vector<Told> given_up = sensor == options_.sensor ? std::vector<Told>() : told_;
    options_.sensor = sensor;
    std::vector<Told> next;
    std::vector<std::shared_ptr<Courier>> fresh;
    for (config::Sink& settings : sinks) {
        const auto same = std::ranges::find(former, settings, &Told::settings);
        if (same == former.end()) {
            fresh.push_back(make_courier(settings));
            next.push_back({std::move(settings), fresh.back()});
        } else {
            next.push_back(std::move(*same));
            former.erase(same);
        }
    }
    {
        const std::lock_guard lock(mutex_);
        told_ = std::move(next);
    }
    for (const auto& courier : fresh)
        for (const AlertNotice& notice : lasting) courier->take(notice);
    given_up.insert(given_up.end(), former.begin(), former.end());
    give_up(given_up);
}

/// What is under way still refers to its courier.
void AlertSinks::give_up(const std::vector<Told>& former) {
    for (const Told& told : former) {
        told.courier->flush();
        given_up_.push_back(told.courier);
    }
    end_when_done();
}

std::shared_ptr<Courier> AlertSinks::make_courier(const config::Sink& settings) {
    return std::make_shared<Courier>(*context_, settings, make_sink(settings), options_.backoff,
                                     [this] { end_when_done(); });
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

void AlertSinks::notify(AlertNotice notice) {
    if (!any_.load(std::memory_order_relaxed) || stopping_.load(std::memory_order_relaxed)) return;
    if (!mailbox_.send(std::move(notice))) lost_.fetch_add(1, std::memory_order_relaxed);
}

void AlertSinks::receive() {
    waking_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const auto& error) {
        if (error) return;
        mailbox_.receive([this](AlertNotice&& notice) {
            for (const Told& told : told_) told.courier->take(notice);
        });
        // acquire: whatever was notified before is in the mailbox, and has just been taken out or wakes this again.
        stopping_.load(std::memory_order_acquire) ? begin_to_end() : receive();
    });
}

void AlertSinks::begin_to_end() {
    mailbox_.receive([this](AlertNotice&& notice) {
        for (const Told& told : told_) told.courier->take(notice);
    });
    ending_ = true;
    end_.expires_after(flush_time);
    end_.async_wait([this](const auto&) { context_->stop(); });
    for (const Told& told : told_) told.courier->flush();
    end_when_done();
}

void AlertSinks::end_when_done() {
    if (!given_up_.empty())  // not from within the courier that says so
        boost::asio::post(*context_,
                          [this] { std::erase_if(given_up_, [](const auto& courier) { return courier->is_done(); }); });
    if (!ending_) return;
    const auto is_done = [](const auto& courier) { return courier->is_done(); };
    if (std::ranges::all_of(told_, is_done, &Told::courier) && std::ranges::all_of(given_up_, is_done))
        context_->stop();
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
    const std::lock_guard lock(mutex_);
    for (const Told& told : told_) {
        all.push_back(told.courier->status());
        all.back().dropped += lost_.load(std::memory_order_relaxed);
    }
    return all;
}

}  // namespace rstwatch::control
