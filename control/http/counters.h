// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace rstwatch::control::http {

/// What the server has done since it was made. All but `active` only grow.
struct Counters {
    std::uint64_t connections = 0;     ///< accepted, refused ones included
    std::uint64_t active = 0;          ///< admitted and open now
    std::uint64_t requests = 0;        ///< read to their end
    std::uint64_t refused_by_cap = 0;  ///< connections beyond a cap
    std::uint64_t timeouts = 0;        ///< connections cut at the request or the write deadline
    std::uint64_t accept_errors = 0;   ///< connections the system had no descriptor or memory for
};

/// The same while they are counted. Written by the HTTP thread only, read by any; each stands for itself, so relaxed
/// order is enough.
struct LiveCounters {
    std::atomic<std::uint64_t> connections = 0;
    std::atomic<std::uint64_t> active = 0;
    std::atomic<std::uint64_t> requests = 0;
    std::atomic<std::uint64_t> refused_by_cap = 0;
    std::atomic<std::uint64_t> timeouts = 0;
    std::atomic<std::uint64_t> accept_errors = 0;

    static void add(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

    Counters read() const {
        const auto value = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
        return {.connections = value(connections),
                .active = value(active),
                .requests = value(requests),
                .refused_by_cap = value(refused_by_cap),
                .timeouts = value(timeouts),
                .accept_errors = value(accept_errors)};
    }
};

}  // namespace rstwatch::control::http
