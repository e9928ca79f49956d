// SPDX-License-Identifier: Apache-2.0
#include "control/export/traffic_json.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

Json peers_json(std::vector<FailurePeer> peers) {
    std::ranges::stable_sort(peers, std::greater{}, &FailurePeer::count);
    Json json = Json::array();
    for (const FailurePeer& peer : peers) {
        Json one = {{"address", to_string(peer.who.address)}};
        if (peer.who.port != 0) one["port"] = peer.who.port;
        one["count"] = peer.count;
        one["error"] = peer.error;
        json.push_back(std::move(one));
    }
    return json;
}

Json failing_json(const FailureBook& book, const Failure* failure, const char* peers) {
    if (failure == nullptr || !book.is_active(*failure)) return nullptr;
    std::array<std::uint64_t, tally::outcome_count> outcomes{};
    std::ranges::copy(failure->outcomes, outcomes.begin());
    return {{"since", seconds(failure->since)},
            {"last", seconds(failure->last)},
            {"failed", failure->failed},
            {"outcomes", nonzero_outcomes_json(outcomes)},
            {"clients", failure->clients.count()},
            {"clients_error", failure->clients.error()},
            {"succeeding_clients", failure->succeeding.count()},
            {peers, peers_json(failure->peers)}};
}

void join(Occurrences& sum, const Occurrences& part) {
    if (part.said) sum.add(part.count, part.first, part.last);
}

Json per_second(std::uint64_t count, std::uint64_t seconds) {
    return static_cast<double>(count) / static_cast<double>(std::max<std::uint64_t>(seconds, 1));
}

}  // namespace

void Traffic::add(const RegistryRow& row, std::uint64_t error, tally::Interval now) {
    for (const OutcomeCount& each : row.outcomes) {
        outcomes_[tally::index(each.outcome)] += each.seen.count;
        if (tally::is_failed(each.outcome)) failed_ += each.seen.count;
        if (each.outcome == tally::Outcome::listen_overflow && each.seen.count > 0) join(overflows_, each.seen);
    }
    verdicts_ += row.weight();
    error_ += error;
    join(accepted_, row.accepted);
    first_seen_ = std::min(first_seen_, row.first_seen());
    last_response_ = std::max(last_response_, row.last_response);
    if (!row.acceptance) return;
    for (std::size_t span = 0; span < rate_spans.size(); ++span)
        recently_accepted_[span] += row.acceptance->recent.over(span, now).count;
    const auto samples = row.acceptance->handshakes.samples();
    handshakes_.insert(handshakes_.end(), samples.begin(), samples.end());
}

/// What was accepted is counted for everybody, what failed for those that the FailureBook follows. Of a failure that
/// has given way there the rate is not known.
Json Traffic::rates_json(const FailureBook& book, const Failure* failure) const {
    Json json = Json::array();
    for (std::size_t span = 0; span < rate_spans.size(); ++span) {
        const std::uint64_t seconds = RecentCount().over(span, book.interval()).seconds;
        // What came before the first interval is not known: it is no time without attempts.
        const std::uint64_t watched = book.watched(seconds);
        Json failed = failed_ == 0 ? Json(0.0) : Json(nullptr);
        if (failure != nullptr) failed = per_second(failure->rates.over(span, book.interval()).failed, watched);
        json.push_back({{"seconds", rate_spans[span]},
                        {"covered_seconds", book.watched(rate_spans[span])},
                        {"failed_per_second", std::move(failed)},
                        {"accepted_per_second", per_second(recently_accepted_[span], watched)}});
    }
    return json;
}

Json Traffic::handshake_json() const {
    if (handshakes_.empty()) return {{"median_seconds", nullptr}, {"samples", 0}};
    return {{"median_seconds", seconds(lower_median(handshakes_))}, {"samples", handshakes_.size()}};
}

Json Traffic::json(const Knowledge& knowledge, const tally::IpAddress& address, const Failure* failure,
                   const char* peers) const {
    const auto time = [](bool known, tally::Time time) { return known ? Json(seconds(time)) : Json(nullptr); };
    return {{"first_seen", time(first_seen_ != std::numeric_limits<tally::Time>::max(), first_seen_)},
            {"verdicts", verdicts_},
            {"error", error_},
            {"outcomes", nonzero_outcomes_json(outcomes_)},
            {"accepted",
             {{"count", accepted_.count},
              {"first", time(accepted_.said, accepted_.first)},
              {"last", time(accepted_.said, accepted_.last)}}},
            {"last_response", time(last_response_ != 0, last_response_)},
            {"failing", failing_json(knowledge.failures, failure, peers)},
            {"rates", rates_json(knowledge.failures, failure)},
            {"handshake", handshake_json()},
            {"hops", knowledge.baselines.distances(address)},
            {"listen_queue", {{"overflows", overflows_.count}, {"last", time(overflows_.count > 0, overflows_.last)}}}};
}

}  // namespace rstwatch::control
