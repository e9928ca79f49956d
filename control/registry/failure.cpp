// SPDX-License-Identifier: Apache-2.0
#include "control/registry/failure.h"

#include <algorithm>

namespace rstwatch::control {

bool Failure::is_active(tally::Time now, tally::Time quiet) const {
    return failed > 0 && (recovered_at == 0 || now < last + quiet);
}

/// RFC 1812 section 5.2.7.1 for type 3, RFC 4443 section 3.1 for type 1 of ICMPv6.
bool IcmpError::is_policy() const {
    if (type == 3) return code == 9 || code == 10 || code == 13;
    return type == 1 && (code == 1 || code == 5);
}

tally::Outcome Failure::cause() const {
    using tally::Outcome;
    const auto most = std::ranges::max_element(outcomes);
    if (*most == 0) return Outcome::undetermined;
    const auto cause = static_cast<Outcome>(most - outcomes.begin());
    return cause == Outcome::unanswered && outcomes[tally::index(Outcome::icmp_rejected)] > 0 ? Outcome::icmp_rejected
                                                                                              : cause;
}

void Failure::begin(tally::Interval interval, tally::Time first) {
    failed = accepted = 0;
    outcomes = {};
    since = first;
    last_began = succeeded = succeeded_last = 0;
    icmp = {};
    answers = false;
    clients.clear();
    succeeding.clear();
    peers.clear();
    has_example = false;
    idle_least = idle_most = 0;
    begun_in = interval;
    since_is_exact = false;
}

void Failure::fail(tally::Interval interval, tally::Outcome outcome, std::uint64_t count, tally::Time first,
                   tally::Time until, tally::Time quiet) {
    const bool is_over = recovered_at != 0 && recovered_at < first && first >= last + quiet;
    if (failed == 0 || is_over) begin(interval, first);
    if (interval == begun_in && !since_is_exact) since = std::min(since, first);
    failed += count;
    outcomes[tally::index(outcome)] += static_cast<std::uint32_t>(count);
    last = std::max(last, until);
    if (recovered_at <= last) recovered_at = 0;
    rates.add(interval, static_cast<std::int64_t>(count), 0);
}

void Failure::succeed(tally::Interval interval, std::uint64_t count, tally::Time first, tally::Time until) {
    accepted += count;
    if (failed > 0 && until > since) {
        if (succeeded == 0) succeeded = first > since ? first : until;
        succeeded_last = std::max(succeeded_last, until);
    }
    rates.add(interval, 0, static_cast<std::int64_t>(count));
    if (recovered_at == 0 && first > last) recovered_at = first;
}

void Failure::meet(const tally::Endpoint& peer, const tally::IpAddress& distinct, tally::Time began,
                   tally::Interval interval, SketchBudget& budget) {
    clients.add(distinct, budget);
    count_peer(peer);
    last_began = std::max(last_began, began);
    if (interval != begun_in) return;
    since = since_is_exact ? std::min(since, began) : began;
    since_is_exact = true;
}

void Failure::end(const tally::AttemptRecord& record, tally::Interval interval) {
    if (record.decided < since) return;  // of an earlier failure
    if (!has_example || example_in != interval) {
        example = record;
        example_in = interval;
        has_example = true;
    }
    if (record.outcome != tally::Outcome::idle_reset || record.idle == 0) return;
    idle_least = idle_least == 0 ? record.idle : std::min(idle_least, record.idle);
    idle_most = std::max(idle_most, record.idle);
}

/// Space-Saving (Metwally, Agrawal, El Abbadi 2005) over so few that a scan is cheapest.
void Failure::count_peer(const tally::Endpoint& peer) {
    // The half in which addresses differ first: of IPv4 ones the other is the same.
    const auto is_peer = [&, second = peer.address.second_half()](const FailurePeer& each) {
        return each.who.address.second_half() == second && each.who == peer;
    };
    const auto known = std::ranges::find_if(peers, is_peer);
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
