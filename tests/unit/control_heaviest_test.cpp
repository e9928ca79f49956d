// SPDX-License-Identifier: Apache-2.0
#include "control/export/heaviest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;

WantedOutcomes wanted(std::initializer_list<Outcome> outcomes) {
    WantedOutcomes all{};
    for (const Outcome outcome : outcomes) all[tally::index(outcome)] = true;
    return all;
}

std::vector<tally::Endpoint> sorted(std::vector<tally::Endpoint> keys) {
    std::ranges::sort(keys);
    return keys;
}

TEST(Heaviest, AreThoseWithTheMostOfWhatIsWanted) {
    Heaviest heaviest(wanted({Outcome::refused, Outcome::unanswered}), 10);
    heaviest.prepare();
    EXPECT_TRUE(heaviest.counts(tally::row_kind(Outcome::refused)));
    EXPECT_FALSE(heaviest.counts(tally::row_kind(Outcome::closed)));
    EXPECT_FALSE(heaviest.counts(tally::accepted_kind));
    heaviest.add(endpoint(1, 80), tally::row_kind(Outcome::refused), 3);
    heaviest.add(endpoint(1, 80), tally::row_kind(Outcome::unanswered), 3);
    heaviest.add(endpoint(2, 80), tally::row_kind(Outcome::refused), 5);
    heaviest.add(endpoint(3, 80), tally::row_kind(Outcome::refused), 1);
    EXPECT_EQ(heaviest.keys(1), std::vector{endpoint(1, 80)});
    EXPECT_EQ(sorted(heaviest.keys(2)), (std::vector{endpoint(1, 80), endpoint(2, 80)}));
    EXPECT_EQ(heaviest.keys(10).size(), 3u);
}

TEST(Heaviest, AmongEqualOnesTheFirstByAddress) {
    Heaviest heaviest(wanted({Outcome::refused}), 10);
    heaviest.prepare();
    for (const std::uint32_t number : {5u, 2u, 9u, 1u})
        heaviest.add(endpoint(number, 80), tally::row_kind(Outcome::refused), 4);
    EXPECT_EQ(sorted(heaviest.keys(2)), (std::vector{endpoint(1, 80), endpoint(2, 80)}));
}

TEST(Heaviest, WhatIsRevisedIntoWhatIsWantedCounts) {
    Heaviest heaviest(wanted({Outcome::refused}), 10);
    heaviest.announce(Outcome::unanswered, Outcome::closed);
    heaviest.announce(Outcome::closed, Outcome::refused);
    heaviest.prepare();
    ASSERT_TRUE(heaviest.counts(tally::row_kind(Outcome::unanswered))) << "it may become closed, and that refused";
    heaviest.add(endpoint(1, 80), tally::row_kind(Outcome::unanswered), 1);
    heaviest.revise(endpoint(1, 80), Outcome::unanswered, Outcome::closed);
    heaviest.revise(endpoint(1, 80), Outcome::closed, Outcome::refused);
    heaviest.revise(endpoint(2, 80), Outcome::unanswered, Outcome::closed);  // its row has given way
    EXPECT_EQ(heaviest.keys(10), std::vector{endpoint(1, 80)});
}

TEST(Heaviest, AgreeWithAMapWhateverComes) {
    constexpr std::array kinds{Outcome::refused, Outcome::unanswered, Outcome::closed, Outcome::listen_overflow};
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        const auto any_kind = [&] { return kinds[random() % kinds.size()]; };
        const WantedOutcomes all_wanted = wanted({Outcome::refused, Outcome::listen_overflow});
        Heaviest heaviest(all_wanted, 2000);
        std::map<tally::Endpoint, std::map<Outcome, std::uint64_t>> counts;
        struct Change {
            tally::Endpoint key;
            Outcome from, to;
        };
        std::vector<Change> changes;
        for (int i = 0; i < 500; ++i) changes.push_back({endpoint(random() % 60, 80), any_kind(), any_kind()});
        for (const Change& change : changes) heaviest.announce(change.from, change.to);
        heaviest.prepare();
        for (int i = 0; i < 2000; ++i) {
            const tally::Endpoint key = endpoint(random() % 50, 80);
            const Outcome outcome = any_kind();
            counts[key][outcome] += 2;
            if (heaviest.counts(tally::row_kind(outcome))) heaviest.add(key, tally::row_kind(outcome), 2);
        }
        for (const auto& [key, from, to] : changes) {
            heaviest.revise(key, from, to);
            std::uint64_t& count = counts[key][from];
            if (count == 0) continue;
            --count;
            ++counts[key][to];
        }
        std::vector<std::pair<std::uint64_t, tally::Endpoint>> ranking;
        for (const auto& [key, of] : counts) {
            std::uint64_t sum = 0;
            for (const auto& [outcome, count] : of)
                if (all_wanted[tally::index(outcome)]) sum += count;
            if (sum > 0) ranking.emplace_back(sum, key);
        }
        std::ranges::sort(ranking, [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first > b.first : a.second < b.second;
        });
        std::vector<tally::Endpoint> expected;
        for (std::size_t i = 0; i < 10; ++i) expected.push_back(ranking[i].second);
        EXPECT_EQ(sorted(heaviest.keys(10)), sorted(expected)) << seed;
    }
}

}  // namespace
}  // namespace rstwatch::control
