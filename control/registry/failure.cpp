// SPDX-License-Identifier: Apache-2.0
#include "control/registry/failure.h"

#include <algorithm>

namespace rstwatch::control {

bool Failure::is_active(tally::Time now, tally::Time quiet) const {
    return failed > 0 && (recovered_at == 0 || now < last + quiet);
}

tally::Outcome Failure::cause() const {
    const auto most = std::ranges::max_element(outcomes);
    return *most == 0 ? tally::Outcome::undetermined : static_cast<tally::Outcome>(most - outcomes.begin());
}

void Failure::begin(tally::Interval interval, tally::Time first) {
    failed = accepted = 0;
    outcomes = {};
    since = first;
    clients = {};
    succeeding = {};
    peers.clear();
    has_example = false;
    begun_in_ = interval;
    since_is_exact_ = false;
}

void Failure::fail(tally::Interval interval, tally::Outcome outcome, std::uint64_t count, tally::Time first,
                   tally::Time until, tally::Time quiet) {
    const bool is_over = recovered_at != 0 && recovered_at < first && first >= last + quiet;
    if (failed == 0 || is_over) begin(interval, first);
    if (interval == begun_in_ && !since_is_exact_) since = std::min(since, first);
    failed += count;
    outcomes[tally::index(outcome)] += static_cast<std::uint32_t>(count);
    last = std::max(last, until);
    if (recovered_at <= last) recovered_at = 0;
    rates.add(interval, static_cast<std::int64_t>(count), 0);
}

void Failure::succeed(tally::Interval interval, std::uint64_t count, tally::Time first) {
    accepted += count;
    rates.add(interval, 0, static_cast<std::int64_t>(count));
    if (recovered_at == 0 && first > last) recovered_at = first;
}

void Failure::meet(const tally::Endpoint& peer, const tally::IpAddress& distinct, tally::Time began,
                   tally::Interval interval, SketchBudget& budget) {
    clients.add(distinct, budget);
    count_peer(peer);
    if (interval != begun_in_) return;
    since = since_is_exact_ ? std::min(since, began) : began;
    since_is_exact_ = true;
}

/// Space-Saving (Metwally, Agrawal, El Abbadi 2005) over so few that a scan is cheapest.
void Failure::count_peer(const tally::Endpoint& peer) {
    const auto known = std::ranges::find(peers, peer, &FailurePeer::who);
    if (known != peers.end()) {
        ++known->count;
        return;
    }
    if (peers.size() < most_peers) {
        peers.push_back({peer, 1, 0});
        return;
    }
    FailurePeer& least = *std::ranges::min_element(peers, {}, &FailurePeer::count);
    least = {peer, least.count + 1, least.count};
}

void Failure::withdraw(tally::Interval given_in, tally::Outcome outcome) {
    std::uint32_t& count = outcomes[tally::index(outcome)];
    if (count == 0) return;  // of an earlier failure
    --count;
    --failed;
    rates.add(given_in, -1, 0);
}

void Failure::reclassify(tally::Outcome from, tally::Outcome to) {
    std::uint32_t& count = outcomes[tally::index(from)];
    if (count == 0) return;
    --count;
    ++outcomes[tally::index(to)];
}

}  // namespace rstwatch::control
