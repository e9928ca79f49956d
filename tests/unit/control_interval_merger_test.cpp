// SPDX-License-Identifier: Apache-2.0
#include "control/merge/interval_merger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <tuple>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::BankExchange;
using tally::Interval;
using tally::Outcome;
using test::address;
using test::endpoint;

std::vector<std::unique_ptr<BankExchange>> exchanges_for(unsigned cores, const tally::BankCapacity& capacity) {
    std::vector<std::unique_ptr<BankExchange>> exchanges;
    for (unsigned core = 0; core < cores; ++core)
        exchanges.push_back(std::make_unique<BankExchange>(core, 64, capacity));
    return exchanges;
}

/// Exchanges whose banks the test fills by hand, and a merger that keeps what it releases.
class Merging {
  public:
    explicit Merging(unsigned cores, const tally::BankCapacity& capacity = test::bank_capacity(1024, 1024, 1024))
        : exchanges(exchanges_for(cores, capacity)) {}

    tally::IntervalBank* bank(unsigned core, Interval interval) {
        tally::IntervalBank* bank = exchanges[core]->take_empty();
        bank->interval = interval;
        return bank;
    }

    void hand_over(unsigned core, Interval interval, std::uint64_t packets) {
        tally::IntervalBank* filled = bank(core, interval);
        filled->packets.received = packets;
        filled->first_packet = tally::interval_start(interval) + core;
        filled->last_packet = tally::interval_start(interval) + 1000 - core;
        exchanges[core]->hand_over(filled);
    }

    std::vector<Interval> numbers() const {
        std::vector<Interval> all;
        for (const MergedInterval& each : released) all.push_back(each.interval);
        return all;
    }

    std::vector<std::unique_ptr<BankExchange>> exchanges;
    std::vector<MergedInterval> released;
    IntervalMerger merger{exchanges, [this](MergedInterval& interval) { released.push_back(std::move(interval)); }};
};

TEST(IntervalMerger, ReleasesNothingBeforeTheWatermarkHasPassed) {
    Merging merging(1);
    merging.hand_over(0, 5, 3);
    EXPECT_EQ(merging.merger.poll(), 1u);
    EXPECT_TRUE(merging.released.empty());
    merging.exchanges[0]->raise_watermark(5);
    EXPECT_EQ(merging.merger.poll(), 0u);
    EXPECT_TRUE(merging.released.empty()) << "a watermark at 5 says that 4 is complete, not 5";
    merging.exchanges[0]->raise_watermark(6);
    merging.merger.poll();
    EXPECT_EQ(merging.numbers(), std::vector<Interval>{5});
}

TEST(IntervalMerger, NothingOfAnIntervalIsInTheNext) {
    auto exchanges = exchanges_for(1, test::bank_capacity(1024, 1024, 1024));
    std::vector<MergedInterval> seen;
    IntervalMerger merger{exchanges, [&](MergedInterval& interval) {
                              seen.push_back(interval);
                              interval.client_revisions.emplace_back();
                              interval.assumed.emplace_back();
                          }};
    const auto hand_over = [&](Interval interval, bool full) {
        tally::IntervalBank* bank = exchanges[0]->take_empty();
        bank->interval = interval;
        bank->late = bank->at_control_depth = full;
        if (full) {
            bank->packets.received = bank->outcomes.attempts = bank->losses.records_dropped = 7;
            bank->destinations.at({address(1), 80, 0}, 1).count = 1;
            bank->clients.at({address(2), 0, 0}, 2).count = 1;
            bank->records.emplace_back();
            bank->contacts.emplace_back();
            bank->sightings.emplace_back();
            bank->revisions.emplace_back();
            bank->identifications.emplace_back();
        }
        exchanges[0]->hand_over(bank);
        exchanges[0]->raise_watermark(interval + 1);
        merger.poll();
    };
    hand_over(1, true);
    hand_over(2, false);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].records.size() + seen[0].identifications.size(), 2u);
    const MergedInterval& next = seen[1];
    EXPECT_EQ(next.interval, 2u);
    EXPECT_EQ(next.packets.received + next.outcomes.attempts + next.losses.records_dropped + next.late_merges, 0u);
    EXPECT_FALSE(next.at_control_depth);
    EXPECT_TRUE(next.destinations.empty() && next.clients.empty() && next.records.empty() && next.contacts.empty());
    EXPECT_TRUE(next.sightings.empty() && next.revisions.empty() && next.identifications.empty());
    EXPECT_TRUE(next.client_revisions.empty() && next.assumed.empty());
}

TEST(IntervalMerger, WaitsForTheSlowestCore) {
    Merging merging(3);
    for (unsigned core = 0; core < 3; ++core) merging.hand_over(core, 1, 10);
    merging.exchanges[0]->raise_watermark(9);
    merging.exchanges[1]->raise_watermark(7);
    merging.merger.poll();
    EXPECT_TRUE(merging.released.empty());
    merging.exchanges[2]->raise_watermark(2);
    merging.merger.poll();
    ASSERT_EQ(merging.numbers(), std::vector<Interval>{1});
    EXPECT_EQ(merging.released[0].packets.received, 30u);
    EXPECT_EQ(merging.released[0].first_packet, tally::interval_start(1));
    EXPECT_EQ(merging.released[0].last_packet, tally::interval_start(1) + 1000);
}

TEST(IntervalMerger, ReleasesInTheOrderOfIntervalsWhateverTheOrderOfArrival) {
    Merging merging(2);
    for (const Interval interval : {2, 4, 9}) merging.hand_over(0, interval, 1);
    for (const Interval interval : {1, 4, 7}) merging.hand_over(1, interval, 1);
    merging.exchanges[0]->raise_watermark(10);
    merging.exchanges[1]->raise_watermark(8);
    merging.merger.poll();
    EXPECT_EQ(merging.numbers(), (std::vector<Interval>{1, 2, 4, 7}));
    merging.exchanges[1]->raise_watermark(BankExchange::finished);
    merging.merger.poll();
    EXPECT_EQ(merging.numbers(), (std::vector<Interval>{1, 2, 4, 7, 9}));
}

TEST(IntervalMerger, JoinsThePartsOfAnInterval) {
    Merging merging(1);
    for (std::uint64_t part = 1; part <= 3; ++part) {
        tally::IntervalBank* bank = merging.bank(0, 3);
        bank->packets.received = part;
        bank->first_packet = 3'000'000 + part * 10;
        bank->last_packet = 3'000'005 + part * 10;
        bank->outcomes.attempts = part;
        bank->outcomes.first[tally::index(Outcome::refused)] = part;
        bank->losses.connections_evicted = part;
        bank->records.push_back(test::record(endpoint(1, 1), endpoint(2, 2), Outcome::refused, 3'000'000 + part));
        merging.exchanges[0]->hand_over(bank);
        merging.merger.poll();
        EXPECT_TRUE(merging.released.empty());
    }
    merging.exchanges[0]->raise_watermark(4);
    merging.merger.poll();
    ASSERT_EQ(merging.released.size(), 1u);
    const MergedInterval& whole = merging.released[0];
    EXPECT_EQ(whole.packets.received, 6u);
    EXPECT_EQ(whole.first_packet, 3'000'010u);
    EXPECT_EQ(whole.last_packet, 3'000'035u);
    EXPECT_EQ(whole.outcomes.attempts, 6u);
    EXPECT_EQ(whole.outcomes.first[tally::index(Outcome::refused)], 6u);
    EXPECT_EQ(whole.losses.connections_evicted, 6u);
    EXPECT_EQ(whole.records.size(), 3u);
}

TEST(IntervalMerger, PutsRecordsInOrderWhateverTheirOrderWas) {
    std::mt19937 random(1);
    for (const std::uint32_t count : {1U, 2U, 3U, 500U}) {
        std::vector<std::uint32_t> numbers(count);
        std::iota(numbers.begin(), numbers.end(), 0U);
        for (int round = 0; round < 10; ++round) {
            std::ranges::shuffle(numbers, random);
            Merging merging(1);
            tally::IntervalBank* bank = merging.bank(0, 3);
            for (const std::uint32_t number : numbers)  // three of each time
                bank->records.push_back(test::record(endpoint(1, static_cast<std::uint16_t>(number)), endpoint(2, 2),
                                                     Outcome::refused, 3'000'000 + number / 3));
            merging.exchanges[0]->hand_over(bank);
            merging.exchanges[0]->raise_watermark(4);
            merging.merger.poll();
            ASSERT_EQ(merging.released.size(), 1U);
            const std::vector<tally::AttemptRecord>& records = merging.released[0].records;
            ASSERT_EQ(records.size(), count);
            for (std::uint32_t number = 0; number < count; ++number) {
                ASSERT_EQ(records[number].client.port, number);
                ASSERT_EQ(records[number].decided, 3'000'000 + number / 3);
            }
        }
    }
}

TEST(IntervalMerger, APartWithoutPacketsLeavesTheTimesAlone) {
    Merging merging(2);
    merging.hand_over(0, 3, 5);
    merging.exchanges[1]->hand_over(merging.bank(1, 3));
    for (auto& exchange : merging.exchanges) exchange->raise_watermark(BankExchange::finished);
    merging.merger.poll();
    ASSERT_EQ(merging.released.size(), 1u);
    EXPECT_EQ(merging.released[0].first_packet, 3'000'000u);
    EXPECT_EQ(merging.released[0].last_packet, 3'001'000u);
}

TEST(IntervalMerger, GivesBanksBackEmpty) {
    Merging merging(1);
    for (Interval interval = 1; interval <= 1000; ++interval) {  // far more than there are banks
        merging.hand_over(0, interval, 1);
        merging.exchanges[0]->raise_watermark(interval + 1);
        merging.merger.poll();
    }
    EXPECT_EQ(merging.released.size(), 1000u);
    const tally::IntervalBank* bank = merging.exchanges[0]->take_empty();
    ASSERT_NE(bank, nullptr);
    EXPECT_EQ(bank->packets.received, 0u);
    EXPECT_TRUE(bank->records.empty());
}

TEST(IntervalMerger, SumsOverflowAndLateBanks) {
    Merging merging(2, test::bank_capacity(2, 2, 16));
    for (unsigned core = 0; core < 2; ++core) {
        tally::IntervalBank* bank = merging.bank(core, 1);
        bank->late = core == 1;
        for (std::uint32_t i = 0; i < 5; ++i) {
            const tally::RowKey key{address(i), 80, 0};
            ++bank->destinations.at(key, hash_of(key)).count;
        }
        merging.exchanges[core]->hand_over(bank);
        merging.exchanges[core]->raise_watermark(BankExchange::finished);
    }
    merging.merger.poll();
    ASSERT_EQ(merging.released.size(), 1u);
    const MergedInterval& whole = merging.released[0];
    EXPECT_EQ(whole.late_merges, 1u);
    EXPECT_EQ(whole.destinations_overflowed, 6u);
    std::uint64_t rows = 0;
    for (const tally::Row& row : whole.destinations) rows += row.count;
    EXPECT_EQ(rows + whole.destinations_other, 10u);
}

TEST(IntervalMerger, FinishesWhenEveryCoreHas) {
    Merging merging(2);
    merging.hand_over(0, 1, 1);
    merging.exchanges[0]->raise_watermark(BankExchange::finished);
    merging.merger.poll();
    EXPECT_FALSE(merging.merger.finished());
    merging.hand_over(1, 8, 1);
    merging.exchanges[1]->raise_watermark(BankExchange::finished);
    merging.merger.poll();
    EXPECT_TRUE(merging.merger.finished());
    EXPECT_EQ(merging.numbers(), (std::vector<Interval>{1, 8}));
}

TEST(IntervalMerger, GaugesAreSumsOverTheCoresLastBanks) {
    Merging merging(2);
    for (unsigned core = 0; core < 2; ++core) {
        for (std::uint64_t part = 1; part <= 2; ++part) {
            tally::IntervalBank* bank = merging.bank(core, part);
            bank->gauges.pending = part * 10 + core;
            bank->gauges.open = part;
            bank->gauges.connections_used = 100;
            bank->gauges.provisional[tally::index(Outcome::unanswered)] = part;
            merging.exchanges[core]->hand_over(bank);
        }
        merging.exchanges[core]->raise_watermark(BankExchange::finished);
    }
    merging.merger.poll();
    const tally::Gauges gauges = merging.merger.gauges();
    EXPECT_EQ(gauges.pending, 41u);
    EXPECT_EQ(gauges.open, 4u);
    EXPECT_EQ(gauges.connections_used, 200u);
    EXPECT_EQ(gauges.provisional[tally::index(Outcome::unanswered)], 4u);
}

/// Everything that can be told of a record, so that two lists of them can be compared.
auto facts(const tally::AttemptRecord& record) {
    return std::tuple(record.decided, record.client, record.server, record.start, record.outcome, record.rst_count);
}

/// The same attempts, given to cores as `core_of` says.
template <typename CoreOf>
std::vector<MergedInterval> merged_from(unsigned cores, CoreOf&& core_of) {
    Merging merging(cores);
    std::vector<tally::IntervalBank*> banks;
    for (unsigned core = 0; core < cores; ++core) banks.push_back(merging.bank(core, 1));
    for (std::uint32_t i = 0; i < 500; ++i) {
        // Times repeat, so that the tuple has to decide; each connection is one core's.
        const tally::Time time = 1'000'000 + i * 7919 % 100;
        const tally::Endpoint client = endpoint(i * 31 % 97, static_cast<std::uint16_t>(i));
        const tally::Endpoint server = endpoint(1000 + i % 13, 80);
        tally::IntervalBank* bank = banks[core_of(i) % cores];
        bank->records.push_back(test::record(client, server, Outcome::refused, time));
        bank->sightings.push_back(test::sighting(server, client, tally::row_kind(Outcome::refused), time));
        bank->revisions.push_back(
            {0, server, client, tally::unknown_hops, Outcome::unanswered, Outcome::refused, time});
        const tally::RowKey key{server.address, static_cast<std::uint16_t>(i), 0};
        bank->destinations.at(key, hash_of(key)).count = i;
    }
    for (unsigned core = 0; core < cores; ++core) {
        merging.exchanges[core]->hand_over(banks[core]);
        merging.exchanges[core]->raise_watermark(BankExchange::finished);
    }
    merging.merger.poll();
    return std::move(merging.released);
}

/// Lists that are only summed may come in any order.
template <typename T, typename Facts>
bool same_members(std::vector<T> a, std::vector<T> b, Facts&& facts_of) {
    std::ranges::sort(a, {}, facts_of);
    std::ranges::sort(b, {}, facts_of);
    return std::ranges::equal(a, b, {}, facts_of, facts_of);
}

TEST(IntervalMerger, OrderOfRecordsDoesNotDependOnHowConnectionsAreSpreadOverCores) {
    const auto one = merged_from(1, [](std::uint32_t) { return 0u; });
    const auto three = merged_from(3, [](std::uint32_t i) { return i; });
    const auto seven = merged_from(7, [](std::uint32_t i) { return i * 2654435761u >> 16; });
    ASSERT_EQ(one.size(), 1u);
    for (const auto* other : {&three, &seven}) {
        ASSERT_EQ(other->size(), 1u);
        const MergedInterval &a = one[0], &b = (*other)[0];
        EXPECT_TRUE(std::ranges::equal(a.records, b.records, {}, facts, facts));
        EXPECT_TRUE(std::ranges::is_sorted(
            a.records, {}, [](const auto& record) { return std::tie(record.decided, record.client, record.server); }));
        const auto sighted = [](const tally::Sighting& each) {
            return std::tuple(each.time, each.client, each.server);
        };
        EXPECT_TRUE(same_members(a.sightings, b.sightings, sighted));
        const auto revised = [](const tally::Revision& each) {
            return std::tuple(each.time, each.client, each.server);
        };
        EXPECT_TRUE(same_members(a.revisions, b.revisions, revised));
        const auto counted = [](const tally::Row& row) { return std::tuple(row.key.address, row.key.port, row.count); };
        EXPECT_TRUE(same_members(a.destinations, b.destinations, counted));
    }
}

TEST(IntervalMerger, EqualTimesAndTuplesKeepAnOrderThatDoesNotDependOnTheCores) {
    // Attempts of one four-tuple with one time stamp (a capture whose stamps are all 0, say) differ in what happened.
    const auto merged_with = [](unsigned cores) {
        Merging merging(cores);
        for (unsigned core = 0; core < cores; ++core) {
            tally::IntervalBank* bank = merging.bank(core, 0);
            for (std::uint16_t tuple = 0; tuple < 8; ++tuple) {
                if (tuple % cores != core) continue;
                for (std::uint16_t i = 0; i < 40; ++i) {
                    auto record = test::record(endpoint(1, tuple), endpoint(2, 80), Outcome::client_cancelled, 0);
                    record.rst_count = i;
                    bank->records.push_back(record);
                }
            }
            merging.exchanges[core]->hand_over(bank);
            merging.exchanges[core]->raise_watermark(BankExchange::finished);
        }
        merging.merger.poll();
        return std::move(merging.released[0].records);
    };
    const auto one = merged_with(1), two = merged_with(2);
    EXPECT_TRUE(std::ranges::equal(one, two, {}, facts, facts));
}

}  // namespace
}  // namespace rstwatch::control
