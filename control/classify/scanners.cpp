// SPDX-License-Identifier: Apache-2.0
#include "control/classify/scanners.h"

#include <algorithm>

#include "control/classify/unseen_direction.h"
#include "control/registry/walk_ahead.h"

namespace rstwatch::control {
namespace {

// Threshold random walk (Jung, Paxson, Berger, Balakrishnan 2004, section 4): a first contact fails with probability
// 0.8 for a scanner and 0.2 for others, so each one weighs 4 : 1 either way; with alpha 0.01 and beta 0.99 the walk
// ends at 99 : 1, hence after four failures more than successes (4^4 = 256).
constexpr std::size_t scanner_at = 4;
/// Successes weigh as many failures away, but no more than these: a host that was good once may be taken over.
constexpr std::uint64_t most_credit = 4;
constexpr std::size_t remembered_failures = scanner_at + most_credit;
/// Who asks for the same services so often, each of them on the average, within this time, uses them, though they are
/// down: a scan goes on to others. Scanners try once or twice more what does not answer.
constexpr std::uint64_t persistence = 5;
constexpr tally::Time persists_within = 3600 * tally::second;
constexpr std::size_t torn_down_services = 3;
constexpr std::size_t remembered_moves = 16;

bool is_failed_contact(tally::Outcome outcome) {
    switch (outcome) {
        case tally::Outcome::refused:
        case tally::Outcome::refused_by_device:
        case tally::Outcome::icmp_rejected:
        case tally::Outcome::unanswered:
            return true;
        default:
            return false;
    }
}

bool is_teardown(const tally::AttemptRecord& record) {
    return (record.flags & tally::record_flag::half_open_reset) != 0;
}

}  // namespace

void Scanners::add(MergedInterval& interval, Registry& registry, OutcomeOverlay& overlay) {
    judge_contacts(interval.sightings, registry);
    for (const tally::Revision& revision : interval.revisions) take_back(revision);
    for (const tally::AttemptRecord& record : interval.records) {
        if (!is_teardown(record) || is_assumed(record)) continue;  // what is merely assumed convicts nobody
        ScannerRow& row = count(record.client.address, record.start);
        judge_teardown(row, record, interval, registry, overlay);
    }
}

/// By first verdicts, since a scan is over before the last attempt of it is settled.
void Scanners::judge_contacts(const std::vector<tally::Sighting>& sightings, const Registry& registry) {
    const auto row_of = [this](const tally::Sighting& sighting, auto fetch) {
        if (is_failed_contact(static_cast<tally::Outcome>(sighting.kind))) fetch(clients_, sighting.client.address);
    };
    walk_ahead(sightings, row_of, [&](const tally::Sighting& sighting) {
        if (!is_failed_contact(static_cast<tally::Outcome>(sighting.kind))) return;
        judge_contact(count(sighting.client.address, sighting.began), sighting, registry);
    });
}

ScannerRow& Scanners::count(const tally::IpAddress& client, tally::Time when) {
    ScannerRow& row = clients_.at(client, hash_of(client));
    if (row.failed++ == 0) row.first = when;
    row.last = std::max(row.last, when);
    return row;
}

/// The contact did not fail after all: it was answered late.
void Scanners::take_back(const tally::Revision& revision) {
    if (!is_failed_contact(revision.from) || (revision.to && is_failed_contact(*revision.to))) return;
    ScannerRow* row = clients_.find(revision.client.address, hash_of(revision.client.address));
    if (row == nullptr || row->failed == 0) return;
    --row->failed;
    std::erase(row->failed_at, revision.server);
}

/// Only destinations that never accepted anybody count as failures, or every outage would make its pollers scanners.
void Scanners::judge_contact(ScannerRow& row, const tally::Sighting& contact, const Registry& registry) {
    if (row.by_contacts) return judge_persistence(row, contact.server, contact.time);
    if (row.failed_at.size() == remembered_failures) return;
    if (std::ranges::find(row.failed_at, contact.server) != row.failed_at.end()) return;
    if (registry.has_accepted(contact.server)) return;
    row.failed_at.push_back(contact.server);
    if (row.failed_at.size() < scanner_at) return;
    const std::uint64_t credit = std::min(registry.successes_of(row.key), most_credit);
    if (row.failed_at.size() < scanner_at + credit) return;
    row.by_contacts = convicted_ = true;
    row.asked.insert(row.asked.end(), row.failed_at.begin(), row.failed_at.end());
    row.failed_at = {};
}

/// A monitor whose services were down before it was first seen fails at each of them as a scanner does, and one that
/// tears its handshakes down looks like a half-open scan; but they ask again.
void Scanners::judge_persistence(ScannerRow& row, const tally::Endpoint& server, tally::Time now) {
    if (std::ranges::find(row.asked, server) == row.asked.end()) return;
    if (now > row.asked_since + persists_within) {
        row.asked_since = now;
        row.asked_again = 0;
    }
    if (++row.asked_again < persistence * row.asked.size()) return;
    row.persists = true;
    row.asked = {};
}

void Scanners::judge_teardown(ScannerRow& row, const tally::AttemptRecord& record, MergedInterval& interval,
                              Registry& registry, OutcomeOverlay& overlay) {
    constexpr auto from = tally::Outcome::client_cancelled, to = tally::Outcome::half_open_scan;
    if (record.outcome != from) return;
    const tally::Revision move{tally::interval_of(record.decided),
                               record.server,
                               record.client,
                               tally::unknown_hops,
                               from,
                               to,
                               record.decided};
    const auto reclassify = [&](const ScannerRow::TornDown& torn_down) {
        overlay.move(from, to, static_cast<std::int64_t>(torn_down.count));
        registry.reclassify(torn_down.service, row.key, from, to, torn_down.count, record.decided);
        interval.revisions.insert(interval.revisions.end(), torn_down.moves.begin(), torn_down.moves.end());
    };
    if (row.half_open) {
        judge_persistence(row, record.server, record.decided);
        return reclassify({record.server, 1, {move}});
    }
    auto known = std::ranges::find(row.torn_down, record.server, &ScannerRow::TornDown::service);
    if (known == row.torn_down.end()) known = row.torn_down.insert(known, {record.server, 0, {}});
    ++known->count;
    if (known->moves.size() < remembered_moves) known->moves.push_back(move);
    if (row.torn_down.size() < torn_down_services) return;
    row.half_open = convicted_ = true;
    for (const ScannerRow::TornDown& each : row.torn_down) {
        row.asked.push_back(each.service);
        reclassify(each);
    }
    row.torn_down = {};
}

const ScannerRow* Scanners::find(const tally::IpAddress& client) const {
    return clients_.find(client, hash_of(client));
}

bool Scanners::is_scanner(const tally::IpAddress& client) const {
    if (!convicted_) return false;  // of each failure it is asked, and in most networks nobody scans
    const ScannerRow* row = find(client);
    return row != nullptr && row->is_scanner();
}

bool Scanners::is_half_open_scanner(const tally::IpAddress& client) const {
    const ScannerRow* row = find(client);
    return row != nullptr && row->half_open;
}

std::vector<const ScannerRow*> Scanners::scanners() const {
    std::vector<const ScannerRow*> found;
    for (const ScannerRow& row : clients_.rows())
        if (row.is_scanner()) found.push_back(&row);
    std::ranges::sort(found, [](const ScannerRow* a, const ScannerRow* b) {
        return a->failed != b->failed ? a->failed > b->failed : a->key < b->key;
    });
    return found;
}

}  // namespace rstwatch::control
