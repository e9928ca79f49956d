// SPDX-License-Identifier: Apache-2.0
#include "control/events/failed_attempt.h"

#include <gtest/gtest.h>

#include "control/export/failure_json.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;

TEST(FailedAttempt, OneForEachAttemptThatFailedInTheOrderOfTime) {
    test::IntervalData data;
    data.ended(endpoint(3, 1), endpoint(9, 80), Outcome::unanswered, 30)
        .ended(endpoint(2, 1), endpoint(9, 80), Outcome::refused, 10)
        .ended(endpoint(1, 1), endpoint(9, 80), Outcome::refused, 10)
        .ended(endpoint(4, 1), endpoint(9, 80), Outcome::closed, 5)
        .judged(endpoint(5, 1), endpoint(9, 80), Outcome::handshake_incomplete, 6)
        .accepted(endpoint(6, 1), endpoint(9, 80), 7)
        .settled(endpoint(7, 1), endpoint(9, 80), Outcome::refused, 8);
    const std::vector<FailedAttempt> expected{{10, endpoint(1, 1), endpoint(9, 80), Outcome::refused},
                                              {10, endpoint(2, 1), endpoint(9, 80), Outcome::refused},
                                              {30, endpoint(3, 1), endpoint(9, 80), Outcome::unanswered}};
    EXPECT_EQ(failures_of(data.interval), expected);
}

TEST(FailedAttempt, ARevisionTellsOnlyWhatHadNotFailedBefore) {
    test::IntervalData data;
    data.revised(endpoint(1, 1), endpoint(9, 80), 0, Outcome::handshake_incomplete, Outcome::listen_overflow, 1)
        .revised(endpoint(2, 1), endpoint(9, 80), 0, Outcome::refused, Outcome::refused_by_device, 2)
        .revised(endpoint(3, 1), endpoint(9, 80), 0, Outcome::refused, std::nullopt, 3)
        .revised(endpoint(4, 1), endpoint(9, 80), 0, Outcome::unanswered, Outcome::closed, 4);
    data.interval.assumed.push_back(
        {0, endpoint(9, 80), endpoint(5, 1), tally::unknown_hops, Outcome::unsolicited, Outcome::refused, 5});
    const std::vector<FailedAttempt> expected{{1, endpoint(1, 1), endpoint(9, 80), Outcome::listen_overflow},
                                              {5, endpoint(5, 1), endpoint(9, 80), Outcome::refused}};
    EXPECT_EQ(failures_of(data.interval), expected);
}

TEST(FailedAttempt, HasItsDocument) {
    const FailedAttempt failure{1'795'172'090'500'000, endpoint(2, 40'000), endpoint(9, 80), Outcome::refused};
    EXPECT_EQ(
        failure_json(failure, "http").dump(),
        R"({"time":1795172090.5,"client":"10.0.0.2:40000","server":"10.0.0.9:80","outcome":"refused","service":"http"})");
}

}  // namespace
}  // namespace rstwatch::control
