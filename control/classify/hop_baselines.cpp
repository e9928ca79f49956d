// SPDX-License-Identifier: Apache-2.0
#include "control/classify/hop_baselines.h"

#include <algorithm>
#include <bit>

#include "dataplane/tally/interval_bank.h"

namespace rstwatch::control {
namespace {

constexpr tally::Interval period_length = 600;  // how finely "last seen" is known: same result, few writes
constexpr std::uint64_t lifetime = 6;           // periods: an hour
constexpr std::uint64_t grace = 1;              // for questions about the past, which are minutes old at most
constexpr std::size_t most_distances = 4;
constexpr std::size_t familiar_slots = 1u << 14;

std::uint64_t period_of(tally::Interval interval) {
    return interval / period_length;
}

/// Another one in each period, and never 0.
std::uint64_t familiar_mark(const tally::IpAddress& server, std::uint8_t hops, std::uint64_t period) {
    constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db;  // odd, no further meaning
    const std::uint64_t mark = tally::mix(hash_of(server) ^ hops * a, period ^ b);
    return mark == 0 ? 1 : mark;
}

}  // namespace

HopBaselines::HopBaselines(std::size_t servers)
    : capacity_(std::max<std::size_t>(servers, 1)),
      index_(std::bit_ceil(capacity_ * 2), 0),
      familiar_(familiar_slots, 0) {}

/// Where the server is in the index, or where it would go.
std::size_t HopBaselines::slot_of(const tally::IpAddress& server) const {
    std::size_t slot = hash_of(server) & (index_.size() - 1);
    while (index_[slot] != 0 && servers_[index_[slot] - 1].address != server) slot = (slot + 1) & (index_.size() - 1);
    return slot;
}

bool HopBaselines::is_familiar(const tally::IpAddress& server, std::uint8_t hops, tally::Interval interval) const {
    const std::uint64_t mark = familiar_mark(server, hops, period_of(interval));
    return familiar_[(mark >> 32) % familiar_slots] == mark;
}

void HopBaselines::learn(const tally::IpAddress& server, std::uint8_t hops, tally::Interval interval) {
    const std::uint64_t period = period_of(interval);
    const std::uint64_t mark = familiar_mark(server, hops, period);
    std::uint64_t& familiar = familiar_[(mark >> 32) % familiar_slots];
    if (familiar == mark) return;
    std::size_t slot = slot_of(server);
    if (index_[slot] == 0) {
        if (servers_.size() == capacity_ && cleaned_ != period) {
            forget_unused(period);
            slot = slot_of(server);
        }
        if (servers_.size() == capacity_) {
            ++overflowed_;
            return;
        }
        servers_.push_back({});
        servers_.back().address = server;
        index_[slot] = static_cast<std::uint32_t>(servers_.size());
    }
    learn_of(servers_[index_[slot] - 1], hops, interval);
    familiar = mark;
}

void HopBaselines::learn_of(Server& server, std::uint8_t hops, tally::Interval interval) {
    if (server.many_since != std::numeric_limits<tally::Interval>::max()) return;
    const std::uint64_t period = period_of(interval);
    std::size_t in_use = 0;
    Distance* free = nullptr;
    for (std::size_t i = 0; i < server.count; ++i) {
        Distance& known = server.distances[i];
        if (period > known.last_period + lifetime + grace) free = &known;
        if (period > known.last_period + lifetime) continue;
        ++in_use;
        if (known.hops != hops) continue;
        known.last_period = period;
        return;
    }
    const bool has_room = free != nullptr || server.count < server.distances.size();
    if (in_use == most_distances || !has_room) {
        server.many_since = interval;
        return;
    }
    if (free == nullptr) free = &server.distances[server.count++];
    *free = {interval, period, hops};
}

/// Makes room: servers of which nothing has been seen for long. At most once in a period, because it reads them all.
void HopBaselines::forget_unused(std::uint64_t period) {
    cleaned_ = period;
    std::erase_if(servers_, [&](const Server& server) {
        return std::all_of(server.distances.begin(), server.distances.begin() + server.count,
                           [&](const Distance& known) { return period > known.last_period + lifetime + grace; });
    });
    std::ranges::fill(index_, 0);
    for (std::size_t i = 0; i < servers_.size(); ++i)
        index_[slot_of(servers_[i].address)] = static_cast<std::uint32_t>(i + 1);
}

std::vector<std::uint8_t> HopBaselines::distances(const tally::IpAddress& server) const {
    std::vector<std::uint8_t> found;
    const std::uint32_t place = index_[slot_of(server)];
    if (place == 0) return found;
    const Server& known = servers_[place - 1];
    if (known.many_since != std::numeric_limits<tally::Interval>::max()) return found;
    for (std::size_t i = 0; i < known.count; ++i) found.push_back(known.distances[i].hops);
    std::ranges::sort(found);
    return found;
}

bool HopBaselines::is_elsewhere(const tally::IpAddress& server, std::uint8_t hops, tally::Interval interval) const {
    const std::uint32_t place = index_[slot_of(server)];
    if (place == 0) return false;
    const Server& found = servers_[place - 1];
    if (interval >= found.many_since) return false;
    bool anything_known = false;
    for (std::size_t i = 0; i < found.count; ++i) {
        const Distance& distance = found.distances[i];
        const bool known = distance.since <= interval && period_of(interval) <= distance.last_period + lifetime;
        if (known && distance.hops == hops) return false;
        anything_known = anything_known || known;
    }
    return anything_known;
}

}  // namespace rstwatch::control
