// SPDX-License-Identifier: Apache-2.0
#include "control/classify/refusal_origins.h"

#include "dataplane/tally/hop_distance.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;

constexpr tally::RowKind refused = tally::row_kind(Outcome::refused);
constexpr tally::RowKind by_device = tally::row_kind(Outcome::refused_by_device);

/// True if the distance in a row of this kind is that of the server's own SYN-ACK or data. An ICMP error and a RST may
/// be anybody's, and of `unsolicited` a RST may be all that was seen.
bool shows_server(tally::RowKind kind) {
    switch (kind) {
        case refused:
        case by_device:
        case tally::row_kind(Outcome::unanswered):
        case tally::row_kind(Outcome::icmp_rejected):
        case tally::row_kind(Outcome::unsolicited):
            return false;
        default:
            return true;
    }
}

std::size_t suspect_bit(const tally::IpAddress& server, std::size_t bits) {
    constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xd6e8feb86659fd93;  // odd, no further meaning
    return tally::mix(server.first_half() ^ a, server.second_half() ^ b) % bits;
}

/// The interval that counted a refusal as the first verdict: a RST decides at once.
tally::Interval counted_in(const tally::AttemptRecord& refusal) {
    return refusal.counted_in;
}

}  // namespace

bool RefusalOrigins::is_suspect(const tally::IpAddress& server) const {
    return suspects_.test(suspect_bit(server, suspect_bits));
}

void RefusalOrigins::judge(MergedInterval& interval, OutcomeOverlay& overlay) {
    learn(interval);
    judge_rows(interval, overlay);
    judge_sightings(interval);
    judge_revisions(interval, overlay);
    judge_records(interval, overlay);
}

void RefusalOrigins::learn(const MergedInterval& interval) {
    for (const tally::Row& row : interval.destinations)
        if (row.key.hops != tally::unknown_hops && shows_server(row.key.kind))
            baselines_.learn(row.key.address, row.key.hops, interval.interval);
}

void RefusalOrigins::judge_rows(MergedInterval& interval, OutcomeOverlay& overlay) {
    if (baselines_.empty()) return;
    for (tally::Row& row : interval.destinations) {
        if (row.key.kind != refused || row.key.hops == tally::unknown_hops) continue;
        if (baselines_.is_familiar(row.key.address, row.key.hops, interval.interval)) continue;
        if (!baselines_.is_elsewhere(row.key.address, row.key.hops, interval.interval)) continue;
        row.key.kind = by_device;
        interval.outcomes.first[refused] -= row.count;
        interval.outcomes.first[by_device] += row.count;
        overlay.move(Outcome::refused, Outcome::refused_by_device, row.count);
        suspects_.set(suspect_bit(row.key.address, suspect_bits));
    }
}

void RefusalOrigins::judge_sightings(MergedInterval& interval) const {
    if (suspects_.none()) return;
    for (tally::Sighting& sighting : interval.sightings)
        if (sighting.kind == refused && sighting.hops != tally::unknown_hops && is_suspect(sighting.server.address) &&
            baselines_.is_elsewhere(sighting.server.address, sighting.hops, interval.interval))
            sighting.kind = by_device;
}

void RefusalOrigins::judge_revisions(MergedInterval& interval, OutcomeOverlay& overlay) {
    for (tally::Revision& revision : interval.revisions) {
        const Attempt attempt{revision.client, revision.server};
        if (revision.from == Outcome::refused) {
            if (late_.find(attempt) != nullptr) {
                late_.erase(attempt);
            } else if (revision.hops != tally::unknown_hops && is_suspect(revision.server.address) &&
                       baselines_.is_elsewhere(revision.server.address, revision.hops, revision.given_in)) {
                tally::Revision of_client = revision;
                of_client.to = Outcome::refused_by_device;
                interval.client_revisions.push_back(of_client);
                revision.from = Outcome::refused_by_device;
                overlay.move(Outcome::refused, Outcome::refused_by_device, -1);
            }
        }
        if (revision.to == Outcome::refused) (void)late_.put(attempt, revision.given_in, interval.interval);
    }
}

void RefusalOrigins::judge_records(MergedInterval& interval, OutcomeOverlay& overlay) {
    if (late_.empty() && suspects_.none() && baselines_.empty()) return;
    for (tally::AttemptRecord& record : interval.records) {
        if (record.outcome != Outcome::refused) continue;
        if (const tally::Interval* given_in = late_.find({record.client, record.server})) {
            judge_late(interval, record, *given_in);
            late_.erase({record.client, record.server});
            continue;
        }
        if (!is_suspect(record.server.address) || record.rst_ttl == 0) continue;
        const std::uint8_t hops = tally::hop_distance(record.rst_ttl);
        if (!baselines_.is_elsewhere(record.server.address, hops, counted_in(record))) continue;
        // The row of its destination was judged long ago; only now is it known which client it was.
        interval.client_revisions.push_back({counted_in(record), record.server, record.client, hops, Outcome::refused,
                                             Outcome::refused_by_device, record.decided});
        set_outcome(interval, record, Outcome::refused_by_device);
        record.rst_by = tally::RstBy::device;
        overlay.move(Outcome::refused, Outcome::refused_by_device, -1);
    }
}

/// A refusal that came after a first verdict was counted with what came before it: only its record has the distance.
void RefusalOrigins::judge_late(MergedInterval& interval, tally::AttemptRecord& record, tally::Interval given_in) {
    const Outcome origin = outcome_of(record);
    if (origin == Outcome::refused) return;
    interval.revisions.push_back({given_in, record.server, record.client, tally::hop_distance(record.rst_ttl),
                                  Outcome::refused, origin, record.decided});
    set_outcome(interval, record, origin);
    record.rst_by = tally::RstBy::device;
}

tally::Outcome RefusalOrigins::outcome_of(const tally::AttemptRecord& refusal) const {
    const bool elsewhere =
        refusal.rst_ttl != 0 &&
        baselines_.is_elsewhere(refusal.server.address, tally::hop_distance(refusal.rst_ttl), counted_in(refusal));
    return elsewhere ? Outcome::refused_by_device : Outcome::refused;
}

}  // namespace rstwatch::control
