// SPDX-License-Identifier: Apache-2.0
#include "control/snapshot.h"

#include <gtest/gtest.h>

#include <random>

#include "dataplane/tally/outcome.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;

std::uint64_t sum_of_attempts(const std::array<std::uint64_t, tally::outcome_count>& outcomes) {
    std::uint64_t sum = 0;
    for (const Outcome outcome : tally::all_outcomes())
        if (tally::is_attempt(outcome)) sum += outcomes[tally::index(outcome)];
    return sum;
}

TEST(Totals, EveryAttemptIsShownOnce) {
    std::mt19937 random(3);
    for (int round = 0; round < 100; ++round) {
        Totals totals;
        std::uint64_t provisional = 0, final = 0;
        for (const Outcome outcome : tally::all_outcomes()) {
            const std::size_t i = tally::index(outcome);
            totals.outcomes.final[i] = random() % 1000;
            totals.gauges.provisional[i] = random() % 100;
            if (!tally::is_attempt(outcome)) continue;
            final += totals.outcomes.final[i];
            provisional += totals.gauges.provisional[i];
        }
        totals.gauges.pending = provisional + random() % 50;
        totals.gauges.open = random() % 50;
        for (int moves = 0; moves < 20; ++moves)
            totals.overlay.move(tally::all_outcomes()[random() % tally::outcome_count],
                                tally::all_outcomes()[random() % tally::outcome_count],
                                static_cast<std::int64_t>(random() % 2000) - 1000);
        totals.outcomes.attempts = final + totals.gauges.pending + totals.gauges.open;
        EXPECT_EQ(sum_of_attempts(totals.shown()), totals.attempts()) << "whatever was lost";
    }
}

TEST(Totals, ProvisionalVerdictsAreShownAsWhatTheySay) {
    Totals totals;
    totals.outcomes.final[tally::index(Outcome::unanswered)] = 4;
    totals.gauges.provisional[tally::index(Outcome::unanswered)] = 3;
    totals.gauges.provisional[tally::index(Outcome::unsolicited)] = 2;
    totals.gauges.pending = 5;
    totals.gauges.open = 7;
    const auto shown = totals.shown();
    EXPECT_EQ(shown[tally::index(Outcome::unanswered)], 7u);
    EXPECT_EQ(shown[tally::index(Outcome::unsolicited)], 2u);
    EXPECT_EQ(shown[tally::index(Outcome::undetermined)], 2u) << "what has no verdict yet";
    EXPECT_EQ(shown[tally::index(Outcome::open)], 7u);
}

TEST(Totals, ScansFoundLaterMoveWithinTheSum) {
    Totals totals;
    totals.outcomes.final[tally::index(Outcome::client_cancelled)] = 10;
    totals.overlay.move(Outcome::client_cancelled, Outcome::half_open_scan, 6);
    const auto shown = totals.shown();
    EXPECT_EQ(shown[tally::index(Outcome::client_cancelled)], 4u);
    EXPECT_EQ(shown[tally::index(Outcome::half_open_scan)], 6u);
}

}  // namespace
}  // namespace rstwatch::control
