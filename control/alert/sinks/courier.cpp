// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/courier.h"

#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "config/sink_schema.h"

namespace rstwatch::control {
namespace {

AlertLevel level_from(const std::string& word) {
    if (word == "critical") return AlertLevel::critical;
    return word == "error" ? AlertLevel::error : AlertLevel::warn;
}

}  // namespace

Courier::Courier(boost::asio::io_context& context, const config::Sink& settings, std::unique_ptr<Sink> sink,
                 Backoff::Range backoff, std::function<void()> idle)
    : context_(context),
      minimum_level_(level_from(settings.minimum_level)),
      repeat_every_(static_cast<std::int64_t>(settings.repeat * 1000)),
      capacity_(static_cast<std::size_t>(settings.backlog)),
      sink_(std::move(sink)),
      idle_(std::move(idle)),
      backlog_(capacity_),
      backoff_(backoff, std::random_device()()),
      retry_(context),
      repetition_(context) {
    status_.name = config::name_of(settings);
    if (sink_->forgets()) repeat();
}

void Courier::take(const AlertNotice& notice) {
    // The worst it has been, so that whoever was told of a grave alert also hears that it is less so, or over.
    if (notice.alert.peak_level < minimum_level_) return;
    if (sink_->forgets()) remember(notice);
    backlog_.add(notice);
    report({}, 0);
    next();
}

void Courier::remember(const AlertNotice& notice) {
    if (notice.alert.until)
        lasting_.erase(notice.alert.id);
    else if (lasting_.size() < capacity_ || lasting_.contains(notice.alert.id))
        lasting_.insert_or_assign(notice.alert.id, notice);
}

void Courier::repeat() {
    repetition_.expires_after(repeat_every_);
    repetition_.async_wait([this](const auto& error) {
        if (error || flushing_) return;
        for (const auto& [id, notice] : lasting_)
            if (!backlog_.contains(id)) backlog_.add(notice);
        next();
        repeat();
    });
}

void Courier::next() {
    if (busy_ || paused_ || gave_up_ || backlog_.size() == 0) return;
    busy_ = true;
    auto notices = backlog_.take(sink_->batch());
    sink_->deliver(notices, [this, notices](const Delivery& delivery) mutable {
        // Not from within deliver(): a sink that answers at once must not grow the stack.
        boost::asio::post(context_, [this, notices = std::move(notices), delivery]() mutable {
            on_done(std::move(notices), delivery);
        });
    });
}

void Courier::on_done(std::vector<AlertNotice> notices, const Delivery& delivery) {
    busy_ = false;
    const std::size_t count = notices.size();
    const bool again = delivery.verdict == Delivery::Verdict::try_again;
    if (again) backlog_.put_back(std::move(notices));
    if (!again) backoff_.reset();
    gave_up_ = again && flushing_;
    report(delivery, count);
    again && !flushing_ ? pause() : next();
    idle_();
}

void Courier::pause() {
    paused_ = true;
    retry_.expires_after(backoff_.next());
    retry_.async_wait([this](const auto& error) {
        if (error || flushing_) return;
        paused_ = false;
        next();
    });
}

void Courier::flush() {
    flushing_ = true;
    paused_ = false;
    retry_.cancel();
    repetition_.cancel();
    next();
}

void Courier::report(const Delivery& delivery, std::size_t notices) {
    using Verdict = Delivery::Verdict;
    const std::lock_guard lock(mutex_);
    status_.waiting = backlog_.size();
    status_.dropped = refused_ + backlog_.dropped();
    if (notices == 0) return;
    status_.retrying = delivery.verdict == Verdict::try_again;
    if (delivery.verdict == Verdict::accepted) {
        status_.delivered += notices;
        return;
    }
    ++status_.failed;
    status_.last_error = delivery.error;
    if (delivery.verdict != Verdict::refused) return;
    refused_ += notices;
    status_.dropped += notices;
}

SinkStatus Courier::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

}  // namespace rstwatch::control
