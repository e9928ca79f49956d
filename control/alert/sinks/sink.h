// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "control/alert/notice.h"

namespace rstwatch::control {

/// What became of one delivery.
struct Delivery {
    enum class Verdict : std::uint8_t {
        accepted,
        try_again,  ///< not reachable, or busy: may do later
        refused,    ///< the same again would be refused again
    };
    Verdict verdict = Verdict::accepted;
    std::string error{};  ///< for people; empty when accepted
};

/// Somebody who is told of alerts. Everything happens on the sink thread.
class Sink {
  public:
    using Done = std::function<void(const Delivery&)>;

    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;

    /// The most notices that go into one delivery; at least 1.
    virtual std::size_t batch() const { return 1; }

    /// Whether an alert that lasts has to be told again and again.
    virtual bool forgets() const { return false; }

    /// Delivers all of `notices` (one to batch(), each of another alert) or none, and calls `done` once, within the
    /// sink's timeout, perhaps before this returns. Not called again before that.
    virtual void deliver(const std::vector<AlertNotice>& notices, Done done) = 0;
};

}  // namespace rstwatch::control
