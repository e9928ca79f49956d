// SPDX-License-Identifier: Apache-2.0
#include "control/events/event_hub.h"

#include <algorithm>
#include <utility>

#include "control/export/alert_json.h"
#include "control/export/failure_json.h"

namespace rstwatch::control {
namespace {

/// Letters of at least one event each: a replay passes thousands of intervals a second, most of them with few failures.
constexpr std::size_t mailbox_capacity = 1024;

std::string text_of(const Json& json) {
    // ASCII, so that no line break of any alphabet can end the event.
    return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Json json_of(const AlertNotice& notice) {
    Json json = {{"event", name(notice.event)}};
    json.update(alert_json(notice.alert, notice.time));
    return json;
}

}  // namespace

EventHub::EventHub(const Capacity& capacity, ServiceOf service_of)
    : capacity_(capacity), service_of_(std::move(service_of)), mailbox_(mailbox_capacity) {}

void EventHub::publish(const MergedInterval& interval) {
    if (open_.load(std::memory_order_relaxed) == 0) return;
    std::vector<FailedAttempt> failures = failures_of(interval);
    if (!failures.empty()) send({.failures = std::move(failures), .alerts = {}});
}

void EventHub::publish(const AlertNotice& notice) {
    if (open_.load(std::memory_order_relaxed) > 0) send({.failures = {}, .alerts = {notice}});
}

void EventHub::send(Batch batch) {
    const std::size_t room =
        capacity_.events - std::min<std::size_t>(capacity_.events, under_way_.load(std::memory_order_relaxed));
    std::size_t lost = 0;
    if (batch.failures.size() > room) {
        lost = batch.failures.size() - room;
        batch.failures.resize(room);
    }
    if (lost > 0) lost_.fetch_add(lost, std::memory_order_relaxed);
    const std::size_t count = batch.failures.size() + batch.alerts.size();
    under_way_.fetch_add(count, std::memory_order_relaxed);
    if (count == 0 || mailbox_.send(std::move(batch))) return;
    under_way_.fetch_sub(count, std::memory_order_relaxed);
    lost_.fetch_add(count, std::memory_order_relaxed);
}

std::shared_ptr<http::Stream> EventHub::subscribe(const EventFilter& filter) {
    if (streams_.size() >= capacity_.streams) {
        refused_.fetch_add(1, std::memory_order_relaxed);
        return nullptr;
    }
    auto stream = std::make_shared<EventStream>(filter, capacity_.events, [this](EventStream& closed) {
        std::erase(streams_, &closed);
        open_.store(streams_.size(), std::memory_order_relaxed);
    });
    streams_.push_back(stream.get());
    open_.store(streams_.size(), std::memory_order_relaxed);
    return stream;
}

void EventHub::deliver() {
    mailbox_.receive([this](Batch&& batch) {
        under_way_.fetch_sub(batch.failures.size() + batch.alerts.size(), std::memory_order_relaxed);
        hand_on(batch);
    });
    if (const std::uint64_t lost = lost_.exchange(0, std::memory_order_relaxed); lost > 0) {
        for (EventStream* stream : streams_) stream->lose(lost);
        dropped_.fetch_add(lost * streams_.size(), std::memory_order_relaxed);
    }
    // Nobody's end can come between: a stream ends by its own connection's doing, and none of them runs here.
    for (EventStream* stream : streams_) stream->flush();
}

void EventHub::hand_on(const Batch& batch) {
    for (const FailedAttempt& failure : batch.failures)
        hand_on("failure", text_of(failure_json(failure, service_of_(failure.server))),
                [&](const EventFilter& filter) { return filter.wants(failure); });
    for (const AlertNotice& notice : batch.alerts)
        hand_on("alert", text_of(json_of(notice)), [](const EventFilter& filter) { return filter.alerts; });
}

template <typename Wants>
void EventHub::hand_on(const char* event, const std::string& data, Wants wants) {
    events_.fetch_add(1, std::memory_order_relaxed);
    const auto text = std::make_shared<const std::string>("id: " + std::to_string(++last_id_) + "\nevent: " + event +
                                                          "\ndata: " + data + "\n\n");
    for (EventStream* stream : streams_)
        if (wants(stream->filter()) && !stream->push(text)) dropped_.fetch_add(1, std::memory_order_relaxed);
}

EventHub::Counters EventHub::counters() const {
    const auto value = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
    return {.streams = value(open_), .events = value(events_), .dropped = value(dropped_), .refused = value(refused_)};
}

}  // namespace rstwatch::control
