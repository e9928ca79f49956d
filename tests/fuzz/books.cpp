// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/books.h"

#include "tests/fuzz/require.h"

namespace rstwatch::fuzz {
namespace {

std::uint64_t sum_of(const tally::RowTable& table, bool accepted) {
    std::uint64_t sum = 0;
    for (const tally::Row& row : table.rows())
        if ((row.key.kind == tally::accepted_kind) == accepted) sum += row.count;
    return sum;
}

/// Σ rows + other = total, whatever had to give way.
void check_rows(const tally::IntervalBank& bank) {
    std::uint64_t shown = 0;
    for (const std::uint64_t count : bank.outcomes.first) shown += count;
    require(sum_of(bank.clients, false) + bank.clients.other() == shown);
    require(sum_of(bank.destinations, false) + bank.destinations.other() == shown);
    require(sum_of(bank.destinations, true) <= bank.outcomes.accepted);
}

void check_records(const tally::IntervalBank& bank) {
    for (const tally::AttemptRecord& record : bank.records) {
        require(record.start <= record.end);
        require(record.syn_count > 0 || record.synack_count > 0 || !tally::is_attempt(record.outcome));
    }
}

}  // namespace

void Books::read_all() {
    while (tally::IntervalBank* bank = exchange_.take_full()) {
        require(bank->interval >= last_);  // banks come in the order of their intervals
        last_ = bank->interval;
        add(*bank);
        check(*bank);
        check_rows(*bank);
        check_records(*bank);
        exchange_.give_back(bank);
    }
}

void Books::add(const tally::IntervalBank& bank) {
    attempts_ += bank.outcomes.attempts;
    records_ += bank.records.size() + bank.losses.records_dropped;
    lost_revisions_ += bank.losses.revisions_dropped;
    for (const tally::Outcome outcome : tally::all_outcomes()) {
        const std::uint64_t final = bank.outcomes.final[tally::index(outcome)];
        (tally::is_attempt(outcome) ? ended_ : others_) += final;
        shown_ += bank.outcomes.first[tally::index(outcome)];
    }
    for (const tally::Revision& revision : bank.revisions) withdrawn_ += revision.to ? 0 : 1;
}

void Books::check(const tally::IntervalBank& bank) const {
    require(attempts_ == ended_ + bank.gauges.pending + bank.gauges.open);
    std::uint64_t provisional = 0, of_attempts = 0;
    for (const tally::Outcome outcome : tally::all_outcomes()) {
        const std::uint64_t count = bank.gauges.provisional[tally::index(outcome)];
        require(count < (std::uint64_t{1} << 32));  // never below 0
        provisional += count;
        if (tally::is_attempt(outcome)) of_attempts += count;
    }
    require(of_attempts <= bank.gauges.pending);
    const std::uint64_t accounted = ended_ + others_ + provisional + withdrawn_;
    require(accounted <= shown_ && shown_ <= accounted + lost_revisions_);
}

void Books::require_settled() const {
    require(attempts_ == ended_);
    require(records_ == ended_ + others_);
    const std::uint64_t accounted = ended_ + others_ + withdrawn_;
    require(accounted <= shown_ && shown_ <= accounted + lost_revisions_);
}

}  // namespace rstwatch::fuzz
