// SPDX-License-Identifier: Apache-2.0
#include "control/events/event_stream.h"

#include <utility>

namespace rstwatch::control {
namespace {

/// What is written at once: a few packets, so that a slow reader's progress shows.
constexpr std::size_t piece_size = 16384;

/// How long a browser waits before it connects again, and that the stream has begun.
constexpr const char* greeting = "retry: 2000\n\n";

std::string dropped_text(std::uint64_t count) {
    return "event: dropped\ndata: {\"count\":" + std::to_string(count) + "}\n\n";
}

}  // namespace

EventStream::EventStream(const EventFilter& filter, std::size_t capacity, std::function<void(EventStream&)> closed)
    : filter_(filter), capacity_(capacity), closed_(std::move(closed)) {}

EventStream::~EventStream() {
    closed_(*this);
}

bool EventStream::push(const Text& text) {
    if (waiting_.size() >= capacity_) {
        ++dropped_;
        return false;
    }
    if (dropped_ > 0) waiting_.push_back(std::make_shared<std::string>(dropped_text(std::exchange(dropped_, 0))));
    waiting_.push_back(text);
    return true;
}

std::string EventStream::take() {
    std::string piece = std::exchange(greeted_, true) ? "" : greeting;
    while (!waiting_.empty() && piece.size() < piece_size) {
        piece += *waiting_.front();
        waiting_.pop_front();
    }
    if (waiting_.empty() && dropped_ > 0) piece += dropped_text(std::exchange(dropped_, 0));
    return piece;
}

}  // namespace rstwatch::control
