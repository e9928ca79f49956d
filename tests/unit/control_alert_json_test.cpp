// SPDX-License-Identifier: Apache-2.0
#include "control/export/alert_json.h"

#include <gtest/gtest.h>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

TEST(AlertJson, HasAllThatIsKnown) {
    Alert alert;
    alert.id = "10.0.0.9:80-1795172090";
    alert.subject = {AlertScope::service, Direction::incoming, test::endpoint(9, 80)};
    alert.level = AlertLevel::error;
    alert.peak_level = AlertLevel::critical;
    alert.per_second = 2.5;
    alert.peak_per_second = 12;
    alert.share = 0.75;
    alert.failed = 75;
    alert.since = 1'795'172'090'500'000;
    alert.fired = 1'795'172'100'000'000;
    alert.cause = tally::Outcome::refused;
    alert.service = "collector";
    alert.clients = 3;
    alert.nested = {{AlertScope::host, Direction::outgoing, test::endpoint(7, 0)}};
    alert.text = "10.0.0.9:80 refuses";
    EXPECT_EQ(
        alert_json(alert, 1'795'172'110'000'000).dump(),
        R"({"id":"10.0.0.9:80-1795172090","scope":"service","subject":"10.0.0.9:80","direction":"incoming",)"
        R"("level":"error","peak_level":"critical","per_second":2.5,"peak_per_second":12.0,"share":0.75,"failed":75,)"
        R"("since":1795172090.5,"fired":1795172100.0,"until":null,"duration_seconds":19.5,)"
        R"("acknowledged":false,"acknowledged_at":null,"cause":"refused","service":"collector","host":"","clients":3,)"
        R"("nested":["10.0.0.7"],"baseline":null,"text":"10.0.0.9:80 refuses"})");
}

TEST(AlertJson, SaysWhatIsUsual) {
    Alert alert;
    alert.baseline.emplace();
    alert.baseline->level = AlertLevel::warn;
    alert.baseline->deviation = 6.5;
    alert.baseline->usual = {0, 0.5, Usual::Basis::hour_of_week, 4, 134};
    EXPECT_EQ(alert_json(alert, 0).at("baseline").dump(),
              R"({"level":"warn","usual_per_second":0.0,"standard_deviation":0.5,"deviation":6.5,)"
              R"("basis":"hour_of_week","samples":4,"hour_of_week":134})");
}

TEST(AlertJson, ComesBackWithAllThatIsKnown) {
    Alert alert;
    alert.id = "a";
    alert.subject = {AlertScope::service, Direction::incoming, test::endpoint(9, 80)};
    alert.level = alert.peak_level = AlertLevel::warn;
    alert.failed = 42;
    alert.since = 1'795'172'090'500'000;
    alert.acknowledged = true;
    alert.acknowledged_at = 1'795'172'190'500'000;
    alert.baseline.emplace();
    alert.baseline->level = AlertLevel::warn;
    alert.baseline->deviation = 6.5;
    alert.baseline->usual = {1.5, 0.5, Usual::Basis::hour_of_day, 5, 134};
    const Json json = alert_json(alert, 0);
    const auto again = alert_from_json(json);
    ASSERT_TRUE(again);
    EXPECT_EQ(alert_json(*again, 0), json);
}

TEST(AlertJson, OneThatAnEarlierVersionHasKeptIsTakenUp) {
    Alert alert;
    alert.peak_level = AlertLevel::warn;
    Json json = alert_json(alert, 0);
    for (const char* name : {"failed", "acknowledged_at", "baseline"}) json.erase(name);
    const auto again = alert_from_json(json);
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->baseline);
}

TEST(AlertJson, TheDurationOfAnEndedOneDoesNotGrow) {
    Alert alert;
    alert.since = 5 * tally::second;
    alert.until = 8 * tally::second;
    const Json json = alerts_json({&alert, 1}, 100 * tally::second);
    EXPECT_EQ(json.at("alerts").at(0).at("duration_seconds"), 3.0);
    EXPECT_EQ(json.at("alerts").at(0).at("until"), 8.0);
    EXPECT_EQ(alerts_json({}, 0).dump(), R"({"alerts":[]})");
}

}  // namespace
}  // namespace rstwatch::control
