// SPDX-License-Identifier: Apache-2.0
#include "control/registry/registry.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::address;
using test::endpoint;
using test::IntervalData;

config::Settings::Registry room_for(std::int64_t rows, std::int64_t sketches = 16) {
    config::Settings::Registry settings;
    settings.destinations = settings.clients = rows;
    settings.sketches = sketches;
    return settings;
}

const RegistryRow* find(const Registry::Table& table, const tally::Endpoint& key) {
    for (const RegistryRow& row : table.rows())
        if (row.key == key) return &row;
    return nullptr;
}

Occurrences seen(const RegistryRow& row, Outcome outcome) {
    for (const OutcomeCount& each : row.outcomes)
        if (each.outcome == outcome) return each.seen;
    return {};
}

std::uint64_t failed(const RegistryRow& row) {
    std::uint64_t sum = 0;
    for (const OutcomeCount& each : row.outcomes) sum += tally::is_failed(each.outcome) ? each.seen.count : 0;
    return sum;
}

std::uint64_t sum_of_rows(const Registry::Table& table) {
    std::uint64_t sum = 0;
    for (const RegistryRow& row : table.rows()) sum += row.weight();
    return sum;
}

TEST(Registry, KeepsARowForEachDestinationAndClient) {
    Registry registry(room_for(100));
    IntervalData data;
    data.ended(endpoint(1, 1000), endpoint(9, 80), Outcome::refused, 10);
    data.ended(endpoint(1, 1001), endpoint(9, 80), Outcome::refused, 5);
    data.ended(endpoint(2, 1000), endpoint(9, 80), Outcome::unanswered, 30);
    data.ended(endpoint(2, 1001), endpoint(9, 443), Outcome::closed, 40)
        .accepted(endpoint(2, 1001), endpoint(9, 443), 35);
    registry.add(data.interval);

    ASSERT_EQ(registry.destinations().size(), 2u);
    ASSERT_EQ(registry.clients().size(), 2u);
    const RegistryRow* web = find(registry.destinations(), endpoint(9, 80));
    ASSERT_NE(web, nullptr);
    EXPECT_EQ(web->count(Outcome::refused), 2u);
    EXPECT_EQ(seen(*web, Outcome::refused).first, 5u);
    EXPECT_EQ(seen(*web, Outcome::refused).last, 10u);
    EXPECT_EQ(failed(*web), 3u);
    EXPECT_EQ(web->weight(), 3u);
    EXPECT_EQ(web->refused_clients.count(), 1u);
    EXPECT_EQ(web->failed_clients.count(), 2u);
    EXPECT_FALSE(registry.has_accepted(endpoint(9, 80)));
    EXPECT_TRUE(registry.has_accepted(endpoint(9, 443)));
    EXPECT_FALSE(registry.has_accepted(endpoint(9, 22)));
    const RegistryRow* client = find(registry.clients(), endpoint(2, 0));
    ASSERT_NE(client, nullptr);
    EXPECT_EQ(failed(*client), 1u);
    EXPECT_EQ(client->accepted.count, 1u);
}

TEST(Registry, KnowsOfClientsWhatItKnowsOfDestinations) {
    Registry registry(room_for(100));
    constexpr tally::Interval now = 1'700'000'000;
    for (tally::Interval second = now - 9; second <= now; ++second) {
        IntervalData data(second);
        const tally::Time time = tally::interval_start(second);
        data.accepted(endpoint(1, 1000), endpoint(9, 80), time + 300).from_hops(2);
        data.interval.contacts.back().began = time;
        data.settled(endpoint(1, 1000), endpoint(9, 80), Outcome::closed, time + 500);
        data.interval.records.back().server_bytes = 10;
        registry.add(data.interval);
    }
    for (const RegistryRow* row : {registry.destination(endpoint(9, 80)), registry.client(address(1))}) {
        ASSERT_NE(row, nullptr);
        EXPECT_EQ(row->accepted.count, 10u);
        EXPECT_EQ(row->accepted.last, tally::interval_start(now) + 300);
        EXPECT_EQ(row->last_response, tally::interval_start(now) + 500);
        ASSERT_NE(row->acceptance, nullptr);
        EXPECT_EQ(row->acceptance->recent.over(0, now).count, 10u);
        EXPECT_EQ(row->acceptance->recent.over(0, now + 5).count, 5u);
        const auto samples = row->acceptance->handshakes.samples();
        EXPECT_EQ(lower_median({samples.begin(), samples.end()}), 300u);
    }
}

TEST(Registry, OfWhatNeverAcceptsNothingMoreIsKept) {
    Registry registry(room_for(100));
    IntervalData data;
    data.ended(endpoint(1, 1000), endpoint(9, 80), Outcome::refused, 10);
    registry.add(data.interval);
    EXPECT_EQ(registry.destination(endpoint(9, 80))->acceptance, nullptr);
    EXPECT_EQ(registry.client(address(1))->acceptance, nullptr);
}

TEST(Registry, SumsOverIntervals) {
    Registry registry(room_for(100));
    for (tally::Interval interval = 0; interval < 10; ++interval) {
        IntervalData data(interval);
        data.ended(endpoint(1, 1000), endpoint(9, 80), Outcome::refused, tally::interval_start(interval));
        registry.add(data.interval);
    }
    const RegistryRow* row = find(registry.destinations(), endpoint(9, 80));
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->count(Outcome::refused), 10u);
    EXPECT_EQ(seen(*row, Outcome::refused).first, 0u);
    EXPECT_EQ(seen(*row, Outcome::refused).last, 9 * tally::second);
}

TEST(Registry, ARevisionMovesAVerdict) {
    Registry registry(room_for(100));
    IntervalData first(0), second(5);
    first.judged(endpoint(1, 1000), endpoint(9, 80), Outcome::unanswered, 3);
    registry.add(first.interval);
    second.revised(endpoint(1, 1000), endpoint(9, 80), 0, Outcome::unanswered, Outcome::refused, 5'000'000);
    registry.add(second.interval);
    for (const RegistryRow* row :
         {find(registry.destinations(), endpoint(9, 80)), find(registry.clients(), endpoint(1, 0))}) {
        ASSERT_NE(row, nullptr);
        EXPECT_EQ(row->count(Outcome::unanswered), 0u);
        EXPECT_EQ(row->count(Outcome::refused), 1u);
        EXPECT_EQ(seen(*row, Outcome::refused).first, 5'000'000u);
    }
}

TEST(Registry, AWithdrawnVerdictLeavesTheSums) {
    Registry registry(room_for(100));
    IntervalData data;
    data.judged(endpoint(1, 1000), endpoint(9, 80), Outcome::unanswered, 3);
    data.judged(endpoint(2, 1000), endpoint(9, 80), Outcome::unanswered, 3);
    data.revised(endpoint(1, 1000), endpoint(9, 80), 0, Outcome::unanswered, std::nullopt, 4);
    registry.add(data.interval);
    EXPECT_EQ(sum_of_rows(registry.destinations()) + registry.destinations_other(), 1u);
    EXPECT_EQ(sum_of_rows(registry.clients()) + registry.clients_other(), 1u);
}

TEST(Registry, AWithdrawnVerdictOfARowThatGaveWayLeavesOther) {
    Registry registry(room_for(1));
    IntervalData data;
    data.judged(endpoint(1, 1000), endpoint(9, 80), Outcome::unanswered, 1);
    data.judged(endpoint(2, 1000), endpoint(8, 80), Outcome::unanswered, 2);  // displaces the first
    registry.add(data.interval);
    EXPECT_EQ(sum_of_rows(registry.destinations()) + registry.destinations_other(), 2u);
    IntervalData later(1);
    later.revised(endpoint(1, 1000), endpoint(9, 80), 0, Outcome::unanswered, std::nullopt, 3);
    registry.add(later.interval);
    EXPECT_EQ(sum_of_rows(registry.destinations()) + registry.destinations_other(), 1u);
    EXPECT_EQ(sum_of_rows(registry.clients()) + registry.clients_other(), 1u);
    EXPECT_NE(find(registry.destinations(), endpoint(8, 80)), nullptr);
}

TEST(Registry, ReclassifyingMovesWithinTheRow) {
    Registry registry(room_for(100));
    IntervalData data;
    for (int i = 0; i < 3; ++i) data.ended(endpoint(1, 1000), endpoint(9, 80), Outcome::client_cancelled, 3);
    registry.add(data.interval);
    registry.reclassify(endpoint(9, 80), address(1), Outcome::client_cancelled, Outcome::half_open_scan, 2, 7);
    const RegistryRow* row = find(registry.destinations(), endpoint(9, 80));
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->count(Outcome::client_cancelled), 1u);
    EXPECT_EQ(row->count(Outcome::half_open_scan), 2u);
    EXPECT_EQ(row->weight(), 3u);
}

TEST(Registry, DistinctClientsArePerDestination) {
    Registry registry(room_for(100));
    IntervalData data;
    for (std::uint32_t client = 0; client < 200; ++client) {
        data.ended(endpoint(client, 1000), endpoint(900, 80), Outcome::refused, client);
        data.ended(endpoint(client % 3, 1001), endpoint(901, 80), Outcome::refused, client);
    }
    registry.add(data.interval);
    const RegistryRow* busy = find(registry.destinations(), endpoint(900, 80));
    const RegistryRow* quiet = find(registry.destinations(), endpoint(901, 80));
    ASSERT_NE(busy, nullptr);
    ASSERT_NE(quiet, nullptr);
    EXPECT_NEAR(static_cast<double>(busy->refused_clients.count()), 200, 10);
    EXPECT_GT(busy->refused_clients.error(), 0u);
    EXPECT_EQ(quiet->refused_clients.count(), 3u);
    EXPECT_EQ(quiet->refused_clients.error(), 0u);
}

/// Attempts at many destinations by many clients, booked through real banks into a registry, with the truth beside.
class Flood {
  public:
    Flood(const tally::BankCapacity& banks, std::int64_t rows, bool handshakes)
        : cores_(2, banks), registry(room_for(rows)), handshakes_(handshakes) {
        IntervalMerger merger(cores_.exchanges, [this](MergedInterval& interval) { registry.add(interval); });
        for (tally::Interval interval = 1; interval <= 20; ++interval) {
            for (unsigned core = 0; core < 2; ++core) {
                cores_[core].open(interval);
                for (int i = 0; i < 100; ++i) attempt(core, tally::interval_start(interval) + i);
            }
            merger.poll();
        }
        for (unsigned core = 0; core < 2; ++core) cores_[core].finish();
        merger.poll();
        EXPECT_TRUE(merger.finished());
    }

    std::uint64_t destination_sum() const {
        return sum_of_rows(registry.destinations()) + registry.destinations_other();
    }
    std::uint64_t client_sum() const { return sum_of_rows(registry.clients()) + registry.clients_other(); }

    std::uint64_t verdicts = 0;
    std::map<tally::Endpoint, std::uint64_t> truth;

  private:
    void attempt(unsigned core, tally::Time time) {
        // A few destinations and clients are met often, most once or twice.
        const std::uint32_t heavy = random_() % 4;
        const tally::Endpoint server = endpoint(1000 + (heavy == 0 ? random_() % 5 : random_() % 400), 80);
        const tally::Endpoint client = endpoint(heavy == 0 ? random_() % 5 : random_() % 400, 1000);
        tally::CoreTally& tally = cores_[core];
        tally.attempt_begun();
        const std::uint32_t fate = random_() % 10;
        if (handshakes_ && fate < 4) tally.accepted(test::sighting(server, client, tally::accepted_kind, time));
        const Outcome outcome = fate < 4 ? Outcome::closed : fate < 8 ? Outcome::refused : Outcome::unanswered;
        tally.first_verdict(test::sighting(server, client, tally::row_kind(outcome), time));
        const bool withdrawn = fate == 9;
        if (withdrawn) {
            tally.revise({tally.interval(), server, client, tally::unknown_hops, outcome, std::nullopt, time});
            return;
        }
        tally.finalize(test::record(client, server, outcome, time), true);
        ++verdicts;
        ++truth[server];
    }

    test::Cores cores_;

  public:
    Registry registry;

  private:
    bool handshakes_;
    std::mt19937 random_{7};
};

TEST(Registry, RowsAndOtherAreAllVerdictsWhenEverythingFits) {
    const Flood flood(test::bank_capacity(4096, 4096, 4096), 4096, true);
    EXPECT_EQ(flood.destination_sum(), flood.verdicts);
    EXPECT_EQ(flood.client_sum(), flood.verdicts);
    EXPECT_EQ(flood.registry.destinations_other(), 0u);
    EXPECT_EQ(flood.registry.destinations_overflowed(), 0u);
}

TEST(Registry, RowsAndOtherAreAllVerdictsWhenTheRegistryOverflows) {
    const Flood flood(test::bank_capacity(4096, 4096, 4096), 16, true);
    EXPECT_EQ(flood.destination_sum(), flood.verdicts);
    EXPECT_EQ(flood.client_sum(), flood.verdicts);
    EXPECT_EQ(flood.registry.destinations().size(), 16u);
    EXPECT_GT(flood.registry.destinations_other(), 0u);
    EXPECT_GT(flood.registry.destinations_overflowed(), 0u);
    EXPECT_GT(flood.registry.clients_overflowed(), 0u);
}

TEST(Registry, RowsAndOtherAreAllVerdictsWhenTheBanksOverflow) {
    const Flood flood(test::bank_capacity(16, 16, 4096), 4096, false);
    EXPECT_EQ(flood.destination_sum(), flood.verdicts);
    EXPECT_EQ(flood.client_sum(), flood.verdicts);
    EXPECT_GT(flood.registry.destinations_other(), 0u);
}

TEST(Registry, HandshakesAreNoVerdictsWhenTheBanksOverflow) {
    const Flood flood(test::bank_capacity(16, 16, 4096), 16, true);
    EXPECT_EQ(flood.destination_sum(), flood.verdicts) << "completed handshakes must not be counted in `other`";
    EXPECT_EQ(flood.client_sum(), flood.verdicts);
}

/// What a row shows is the least, and with its error the most, that can have been counted for its key.
void expect_bounds_hold(const Flood& flood) {
    std::size_t below = 0, above = 0;
    for (const RegistryRow& row : flood.registry.destinations().rows()) {
        const auto truth = flood.truth.find(row.key);
        const std::uint64_t counted = truth == flood.truth.end() ? 0 : truth->second;
        below += row.weight() > counted;
        above += row.weight() + flood.registry.destination_error(row) < counted;
    }
    EXPECT_EQ(below, 0u) << "rows that show more than there was";
    EXPECT_EQ(above, 0u) << "of " << flood.registry.destinations().size() << " rows: more happened than they admit";
}

TEST(Registry, ErrorsAreBoundsWhenTheRegistryOverflows) {
    expect_bounds_hold(Flood(test::bank_capacity(4096, 4096, 4096), 16, true));
}

TEST(Registry, ErrorsAreBoundsWhenTheBanksOverflow) {
    expect_bounds_hold(Flood(test::bank_capacity(16, 16, 4096), 4096, false));
}

TEST(Registry, OthersMayLookWhileManyRowsAreAdded) {
    config::Settings settings;
    settings.registry.destinations = settings.registry.clients = 65536;
    Registry registry(settings.registry);
    MergedInterval interval;
    constexpr std::uint32_t rows = 50'000;
    for (std::uint32_t number = 0; number < rows; ++number) {
        interval.destinations.push_back(
            test::row(test::address(number), 80, tally::row_kind(tally::Outcome::refused), 1, 5));
        interval.clients.push_back(test::row(test::address(number), 0, tally::row_kind(tally::Outcome::refused), 1, 5));
    }
    std::vector<std::size_t> seen;
    registry.add_rows(interval, [&] { seen.push_back(registry.destinations().size() + registry.clients().size()); });
    ASSERT_GE(seen.size(), 10u);
    for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_LE(seen[i] - seen[i - 1], 20'000u) << "a millisecond or two";
    EXPECT_EQ(registry.destinations().size() + registry.clients().size(), 2 * rows);
}

TEST(Registry, KnowsWhatHasFailedWithoutLookingAtAll) {
    config::Settings settings;
    Registry registry(settings.registry);
    test::IntervalData data(1);
    data.judged(test::endpoint(1, 1), test::endpoint(50, 80), tally::Outcome::closed, 5)
        .judged(test::endpoint(2, 1), test::endpoint(51, 80), tally::Outcome::refused, 5)
        .judged(test::endpoint(3, 1), test::endpoint(52, 80), tally::Outcome::closed, 5);
    registry.add(data.interval);
    const auto failing = [](const RowMarks& marks, const Registry::Table& table) {
        std::vector<tally::Endpoint> keys;
        for (std::size_t i = marks.next(0); i < table.size(); i = marks.next(i + 1))
            keys.push_back(table.rows()[i].key);
        return keys;
    };
    EXPECT_EQ(failing(registry.failing_destinations(), registry.destinations()), std::vector{test::endpoint(51, 80)});
    EXPECT_EQ(failing(registry.failing_clients(), registry.clients()), std::vector{test::endpoint(2, 0)});
    test::IntervalData later(2);
    later.revised(test::endpoint(3, 1), test::endpoint(52, 80), 1, tally::Outcome::closed, tally::Outcome::refused, 6);
    registry.add(later.interval);
    EXPECT_EQ(failing(registry.failing_destinations(), registry.destinations()),
              (std::vector{test::endpoint(51, 80), test::endpoint(52, 80)}));
    EXPECT_EQ(failing(registry.failing_clients(), registry.clients()),
              (std::vector{test::endpoint(2, 0), test::endpoint(3, 0)}));
}

}  // namespace
}  // namespace rstwatch::control
