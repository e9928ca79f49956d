// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "control/events/event_filter.h"
#include "control/http/stream.h"

namespace rstwatch::control {

/// What one listener is sent: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
/// Events wait in a queue of fixed length while the client reads; when it is full, new ones are dropped, and the client
/// is told how many as soon as there is room again. HTTP thread only.
class EventStream : public http::Stream {
  public:
    /// An event as it is sent, shared by all streams that want it.
    using Text = std::shared_ptr<const std::string>;

    /// `closed` is called at the end of this object's life.
    EventStream(const EventFilter& filter, std::size_t capacity, std::function<void(EventStream&)> closed);
    ~EventStream() override;

    const EventFilter& filter() const { return filter_; }

    /// Queues an event. False when it was dropped.
    bool push(const Text& text);

    /// Counts events that this stream would have had and never will.
    void lose(std::uint64_t count) { dropped_ += count; }

    /// To be called after all push() of one occasion.
    void flush() {
        if (ready_) ready_();
    }

    std::string take() override;
    std::string heartbeat() override { return ":\n\n"; }
    void on_ready(std::function<void()> ready) override { ready_ = std::move(ready); }

  private:
    EventFilter filter_;
    std::size_t capacity_;
    std::function<void(EventStream&)> closed_;
    std::function<void()> ready_;
    std::deque<Text> waiting_;
    std::uint64_t dropped_ = 0;  ///< and not told yet
    bool greeted_ = false;
};

}  // namespace rstwatch::control
