// SPDX-License-Identifier: Apache-2.0
#include "control/classify/unseen_direction.h"

#include <algorithm>
#include <optional>

namespace rstwatch::control {
namespace {

using tally::Outcome;

constexpr std::array<Outcome, 3> assumable{Outcome::refused, Outcome::refused_by_device, Outcome::handshake_incomplete};
constexpr std::uint8_t reflectors = 3;
constexpr tally::Interval old = 3600;

std::size_t place_of(Outcome outcome) {
    return static_cast<std::size_t>(std::ranges::find(assumable, outcome) - assumable.begin());
}

/// A SYN-ACK that its receiver has answered, be it by a RST.
bool answers_synack(const tally::AttemptRecord& record) {
    return record.outcome == Outcome::unsolicited && record.synack_count > 0 &&
           (record.client_ttl != 0 || record.rst_by == tally::RstBy::client);
}

/// Both directions of something: then the SYNs of what has none are not merely invisible.
bool shows_both_directions(const MergedInterval& interval) {
    const tally::OutcomeTotals& outcomes = interval.outcomes;
    const auto first = [&](Outcome outcome) { return outcomes.first[tally::index(outcome)]; };
    // A completed handshake may be inferred from one direction alone, hence shows nothing.
    return outcomes.two_sided > 0 || first(Outcome::refused) > 0 || first(Outcome::refused_by_device) > 0 ||
           first(Outcome::handshake_incomplete) > 0 || std::ranges::any_of(interval.records, answers_synack);
}

bool only_synacks(const tally::AttemptRecord& record) {
    return record.synack_count > 0 && record.client_ttl == 0 && record.syn_count == 0 && record.rst_count == 0;
}

/// What such a record would be if its SYN had been there. A SYN-ACK that was sent once may have been acknowledged.
std::optional<Outcome> assumption(const tally::AttemptRecord& record, const RefusalOrigins& refusals) {
    if (record.flags & tally::record_flag::lone_refusal) return refusals.outcome_of(record);
    if (only_synacks(record) && record.synack_count >= 2) return Outcome::handshake_incomplete;
    return std::nullopt;
}

}  // namespace

bool is_assumed(const tally::AttemptRecord& record) {
    return (record.flags & tally::record_flag::one_way) != 0 && record.syn_count == 0 &&
           place_of(record.outcome) < assumable.size();
}

bool Assumptions::hold_for(const tally::IpAddress& client) const {
    return hold && (flooded == nullptr || !std::ranges::binary_search(*flooded, client));
}

void UnseenDirection::judge(MergedInterval& interval, Registry& registry, OutcomeOverlay& overlay,
                            const RefusalOrigins& refusals) {
    if (!assumptions_.hold) return;
    if (shows_both_directions(interval)) return give_up(tally::interval_start(interval.interval), registry, overlay);
    for (tally::AttemptRecord& record : interval.records) {
        if (record.outcome != Outcome::unsolicited) continue;
        if (only_synacks(record) && !note_synack(record, registry, overlay)) continue;
        const std::optional<Outcome> outcome = assumption(record, refusals);
        if (outcome && assumptions_.hold_for(record.client.address))
            assume(interval, record, *outcome, registry, overlay);
    }
}

/// False if there is no room to tell whether its client is flooded.
bool UnseenDirection::note_synack(const tally::AttemptRecord& record, Registry& registry, OutcomeOverlay& overlay) {
    const tally::IpAddress& client = record.client.address;
    auto found = flooded_.find(client);
    if (found == flooded_.end()) {
        if (flooded_.size() >= capacity_.clients) {
            ++overflowed_;
            return false;
        }
        found = flooded_.try_emplace(client).first;
    }
    Flooded& flooded = found->second;
    if (flooded.count == reflectors) return true;
    const auto known = flooded.servers.begin() + flooded.count;
    if (std::find(flooded.servers.begin(), known, record.server.address) != known) return true;
    if (++flooded.count < reflectors) {
        flooded.servers[flooded.count - 1u] = record.server.address;
        return true;
    }
    std::vector<tally::IpAddress> clients;
    if (assumptions_.flooded) clients = *assumptions_.flooded;
    clients.insert(std::ranges::lower_bound(clients, client), client);
    assumptions_.flooded = std::make_shared<const std::vector<tally::IpAddress>>(std::move(clients));
    std::erase_if(pairs_, [&](const auto& each) {
        if (each.first.client.address != client) return false;
        take_back(each.first, each.second, record.decided, registry, overlay);
        return true;
    });
    return true;
}

void UnseenDirection::assume(MergedInterval& interval, tally::AttemptRecord& record, Outcome outcome,
                             Registry& registry, OutcomeOverlay& overlay) {
    const Attempt who{{record.client.address, 0}, record.server};
    if (pairs_.size() >= capacity_.pairs) {
        forget_old(interval.interval);
        if (pairs_.size() >= capacity_.pairs && !pairs_.contains(who)) {
            ++overflowed_;
            return;
        }
    }
    Pair& pair = pairs_[who];
    ++pair.counts[place_of(outcome)];
    pair.last = interval.interval;
    ++assumed_;
    // The final counts stay: they never fall, and this may be taken back.
    record.outcome = outcome;
    record.flags |= tally::record_flag::one_way;
    overlay.move(Outcome::unsolicited, outcome, 1);
    registry.reclassify(record.server, record.client.address, Outcome::unsolicited, outcome, 1, record.decided);
    interval.assumed.push_back({interval.interval, record.server, record.client, tally::unknown_hops,
                                Outcome::unsolicited, outcome, record.decided});
}

void UnseenDirection::take_back(const Attempt& who, const Pair& pair, tally::Time now, Registry& registry,
                                OutcomeOverlay& overlay) {
    for (const Outcome outcome : assumable) {
        const std::uint64_t count = pair.counts[place_of(outcome)];
        if (count == 0) continue;
        assumed_ -= count;
        overlay.move(Outcome::unsolicited, outcome, -static_cast<std::int64_t>(count));
        registry.reclassify(who.server, who.client.address, outcome, Outcome::unsolicited, count, now);
    }
}

/// For good: both directions are there.
void UnseenDirection::give_up(tally::Time now, Registry& registry, OutcomeOverlay& overlay) {
    assumptions_ = {.hold = false, .flooded = nullptr};
    for (const auto& [who, pair] : pairs_) take_back(who, pair, now, registry, overlay);
    pairs_ = {};
    flooded_ = {};
    assumed_ = 0;  // those that were old had been forgotten
}

/// Live, what has been assumed for long without the other direction showing is as good as known. A replay knows in the
/// end, so it keeps all that there is room for.
void UnseenDirection::forget_old(tally::Interval now) {
    if (replay_ || now < next_cleaning_) return;
    next_cleaning_ = now + 60;
    std::erase_if(pairs_, [&](const auto& each) { return each.second.last + old < now; });
}

}  // namespace rstwatch::control
