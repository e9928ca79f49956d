// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <ctime>

#include "control/alert/engine.h"
#include "control/classify/scanners.h"
#include "tests/unit/control_test_data.h"

// AlertEngine with alerts.mode "baseline" and "both": minutes of packet time go through scanners, book and engine.
namespace rstwatch::control {
namespace {

using tally::Outcome;
using tally::second;
using test::endpoint;
using test::IntervalData;

constexpr tally::Interval first_second = 1'700'006'400;  // 2023-11-15 00:00:00 UTC, a Wednesday

/// A sensor: what it knows, and what it has told.
class Sensor {
  public:
    explicit Sensor(const std::string& mode, bool live = true)
        : settings(settings_with(mode)),
          book(settings.registry),
          engine(settings, live, {}, [this](AlertEvent event, const Alert& alert) {
              events_ += std::string(name(event)) + ' ' + std::string(name(alert.subject.scope)) + ' ' +
                         to_string(alert.subject) + "; ";
          }) {}

    static config::Settings settings_with(const std::string& mode) {
        config::Settings settings;
        settings.alerts.mode = mode;
        settings.baseline.history = 3600;
        settings.baseline.accept = 600;
        return settings;
    }

    void pass(IntervalData data, std::uint64_t packets = 100) {
        registry.add(data.interval);
        scanners.add(data.interval, registry, overlay);
        book.follow(data.interval, scanners);
        engine.step(book, now++, packets);
    }

    /// Minutes in which packets come, and nothing fails.
    void quiet(unsigned minutes) {
        for (unsigned i = 0; i < 60 * minutes; ++i) pass(IntervalData(now));
    }
    void without_packets(unsigned minutes) {
        for (unsigned i = 0; i < 60 * minutes; ++i) pass(IntervalData(now), 0);
    }

    /// Minutes in each of which `count` attempts of a client fail at a service, evenly.
    void fails(unsigned minutes, unsigned count, const tally::Endpoint& service, std::uint32_t client = 1,
               Outcome outcome = Outcome::refused) {
        for (unsigned i = 0; i < 60 * minutes; ++i) {
            IntervalData data(now);
            const unsigned of_minute = i % 60;
            for (unsigned n = count * of_minute / 60; n < count * (of_minute + 1) / 60; ++n)
                data.judged(endpoint(client, 40000), service, outcome, tally::interval_start(now) + n);
            pass(std::move(data));
        }
    }

    std::string events() { return std::exchange(events_, ""); }
    Alert alert() const { return engine.alerts().at(0); }

    config::Settings settings;
    OutcomeOverlay overlay;
    Registry registry{settings.registry};
    Scanners scanners{100};
    FailureBook book;
    AlertEngine engine;
    tally::Interval now = first_second;

  private:
    std::string events_;
};

class BaselineModeTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        setenv("TZ", "UTC0", 1);
        tzset();
    }
    const tally::Endpoint web = endpoint(200, 80);
};

TEST_F(BaselineModeTest, AServiceThatBreaksIsAnAlertAtTheEndOfTheMinuteAlthoughNoThresholdIsReached) {
    Sensor sensor("baseline");
    sensor.quiet(61);
    sensor.pass(IntervalData(sensor.now));
    const tally::Interval began = sensor.now - 1;
    sensor.fails(2, 30, web);  // half a second's threshold
    EXPECT_EQ(sensor.events(), "fired service 10.0.0.200:80; ");
    const Alert alert = sensor.alert();
    EXPECT_EQ(alert.level, AlertLevel::error);
    EXPECT_EQ(alert.fired, tally::interval_start(began + 120)) << "the sum of the second minute is beyond the limit";
    EXPECT_EQ(alert.since, tally::interval_start(began + 2))
        << "the first that failed, within the minute of the change";
    ASSERT_TRUE(alert.baseline);
    EXPECT_EQ(alert.baseline->level, AlertLevel::error);
    EXPECT_EQ(alert.baseline->usual.per_second(), 0);
    EXPECT_NEAR(alert.baseline->deviation, std::log(31.0) / 0.3, 0.2);
    EXPECT_NEAR(alert.per_second, 0.5, 0.02);
}

TEST_F(BaselineModeTest, ThresholdsAloneSeeNothingOfIt) {
    Sensor sensor("fixed");
    sensor.quiet(61);
    sensor.fails(5, 30, web);
    EXPECT_EQ(sensor.events(), "");
    EXPECT_FALSE(sensor.engine.baselines());
}

TEST_F(BaselineModeTest, WhatHasAlwaysFailedIsNoAlertAndMoreOfItIsOneSinceTheChange) {
    Sensor sensor("baseline");
    sensor.fails(120, 60, web);
    EXPECT_EQ(sensor.events(), "");
    const tally::Interval change = sensor.now;
    sensor.fails(6, 300, web);
    EXPECT_EQ(sensor.events(), "fired service 10.0.0.200:80; ");
    EXPECT_EQ(sensor.alert().since, tally::interval_start(change)) << "the minute in which the sum left zero";
    EXPECT_LT(sensor.alert().fired, tally::interval_start(change + 6 * 60));
    EXPECT_EQ(sensor.alert().failed, 6u * 300u) << "since the change";
    EXPECT_NEAR(sensor.alert().baseline->usual.per_second(), 1, 0.1);
}

TEST_F(BaselineModeTest, IsClearedAfterFiveMinutesAsUsual) {
    Sensor sensor("baseline");
    sensor.quiet(61);
    sensor.fails(3, 30, web);
    sensor.events();
    sensor.quiet(4);
    EXPECT_EQ(sensor.events(), "");
    EXPECT_EQ(sensor.alert().per_second, 0);
    sensor.quiet(1);
    sensor.pass(IntervalData(sensor.now));
    EXPECT_EQ(sensor.events(), "cleared service 10.0.0.200:80; ");
    EXPECT_EQ(sensor.alert().failed, 90u);
    sensor.fails(1, 6, web);
    sensor.pass(IntervalData(sensor.now));
    EXPECT_EQ(sensor.events(), "") << "what led to it does not count any more";
}

TEST_F(BaselineModeTest, WithoutPacketsNothingIsLearntAndNothingJudged) {
    Sensor sensor("baseline");
    sensor.quiet(61);
    const std::uint64_t watched = sensor.engine.baselines()->watched();
    sensor.without_packets(60);
    sensor.pass(IntervalData(sensor.now));
    EXPECT_LE(sensor.engine.baselines()->watched(), watched + 1) << "the minute before";
    sensor.quiet(2);
    sensor.fails(3, 30, web);
    sensor.events();
    sensor.without_packets(20);
    EXPECT_EQ(sensor.events(), "fired network network; ") << "nothing is cleared without packets";
    for (const Alert& alert : sensor.engine.alerts()) EXPECT_TRUE(alert.no_data || !alert.until);
}

TEST_F(BaselineModeTest, BothAreOneAlertAndTheHigherLevelCounts) {
    Sensor sensor("both");
    sensor.quiet(61);
    sensor.fails(3, 120, web);  // two per second: a warning by thresholds
    EXPECT_EQ(sensor.events(), "fired service 10.0.0.200:80; changed service 10.0.0.200:80; ");
    EXPECT_EQ(sensor.alert().level, AlertLevel::error) << "0 is usual";
    EXPECT_LT(sensor.alert().fired - sensor.alert().since, 15 * second) << "by the threshold";
    EXPECT_EQ(sensor.alert().failed, 360u);
    sensor.quiet(1);
    EXPECT_EQ(sensor.engine.alerts().size(), 1u);
    EXPECT_FALSE(sensor.alert().until) << "the baseline waits for minutes";
    sensor.quiet(6);
    EXPECT_TRUE(sensor.alert().until);
}

TEST_F(BaselineModeTest, BothWithWhatIsUsualIsStillAnAlertOfTheThreshold) {
    Sensor sensor("both");
    sensor.fails(80, 120, web);
    EXPECT_EQ(sensor.events(), "fired service 10.0.0.200:80; ");
    EXPECT_EQ(sensor.alert().level, AlertLevel::warn);
}

TEST_F(BaselineModeTest, ADeadHostIsOneAlert) {
    Sensor sensor("baseline");
    sensor.quiet(61);
    for (unsigned i = 0; i < 200; ++i) {
        IntervalData data(sensor.now);
        for (const std::uint16_t port : {22, 80, 443})
            data.judged(endpoint(1 + i % 2, 40000), endpoint(200, port), Outcome::unanswered,
                        tally::interval_start(sensor.now));
        sensor.pass(std::move(data));
    }
    EXPECT_EQ(sensor.events(), "fired host 10.0.0.200; ");
    EXPECT_EQ(sensor.alert().nested.size(), 3u);
}

TEST_F(BaselineModeTest, ServicesThatFailALittleEachAreOneAlertOfTheirHost) {
    Sensor sensor("baseline");
    sensor.quiet(61);
    for (unsigned i = 0; i < 300; ++i) {
        IntervalData data(sensor.now);
        data.judged(endpoint(1 + i % 3, 40000), endpoint(200, static_cast<std::uint16_t>(8000 + i % 20)),
                    Outcome::reset_before_data_by_server, tally::interval_start(sensor.now));
        sensor.pass(std::move(data));
    }
    EXPECT_EQ(sensor.events(), "fired host 10.0.0.200; ");
    EXPECT_EQ(sensor.alert().subject.direction, Direction::incoming);
    EXPECT_EQ(sensor.alert().nested.size(), 20u);
}

TEST_F(BaselineModeTest, AScannerIsNoClientThatFails) {
    Sensor sensor("baseline");
    sensor.quiet(61);
    std::uint16_t port = 1000;
    for (unsigned i = 0; i < 200; ++i) {
        IntervalData data(sensor.now);
        for (int n = 0; n < 20; ++n)
            data.judged(endpoint(66, 40000), endpoint(200 + static_cast<std::uint32_t>(n), port++), Outcome::refused,
                        tally::interval_start(sensor.now));
        sensor.pass(std::move(data));
    }
    EXPECT_EQ(sensor.events(), "");
}

TEST_F(BaselineModeTest, IsTakenForUsualOnlyOnceItWasAcknowledgedAndHasLastedOn) {
    Sensor sensor("baseline");
    sensor.quiet(61);
    sensor.fails(30, 60, web);
    EXPECT_EQ(sensor.events(), "fired service 10.0.0.200:80; ");
    const std::string id = sensor.alert().id;
    EXPECT_NEAR(sensor.alert().baseline->usual.per_second(), 0, 1e-9) << "nothing of it was learnt";
    sensor.engine.acknowledge(id);
    EXPECT_EQ(sensor.alert().acknowledged_at, tally::interval_start(sensor.now));
    sensor.events();
    sensor.fails(9, 60, web);
    EXPECT_EQ(sensor.events(), "");
    sensor.fails(2, 60, web);
    EXPECT_EQ(sensor.events(), "cleared service 10.0.0.200:80; ");
    EXPECT_NE(sensor.alert().text.find("taken for usual"), std::string::npos) << sensor.alert().text;
    sensor.fails(70, 60, web);
    EXPECT_EQ(sensor.events(), "") << "it is usual";
    sensor.fails(6, 400, web);
    EXPECT_EQ(sensor.events(), "fired service 10.0.0.200:80; ");
}

TEST_F(BaselineModeTest, GoesOnAfterARestart) {
    Sensor before("baseline");
    before.quiet(61);
    before.fails(3, 30, web);
    Sensor after("baseline");
    after.now = before.now;
    after.engine.baselines()->restore_silence(before.engine.baselines()->silence().state());
    before.engine.baselines()->for_each([&](const AlertSubject& subject, const Baseline& baseline) {
        after.engine.baselines()->restore(subject, baseline.state());
    });
    after.engine.restore(before.alert());
    EXPECT_EQ(after.events(), "resumed service 10.0.0.200:80; ");
    after.fails(4, 30, web);
    EXPECT_EQ(after.events(), "");
    EXPECT_EQ(after.alert().id, before.alert().id);
    EXPECT_EQ(after.alert().failed, before.alert().failed + 120);
    after.quiet(7);
    EXPECT_EQ(after.events(), "cleared service 10.0.0.200:80; ");
}

TEST_F(BaselineModeTest, AnAlertOfTheBaselineIsClearedWhereThresholdsAloneCountAfterARestart) {
    Sensor before("baseline");
    before.quiet(61);
    before.fails(3, 30, web);
    Sensor after("fixed");
    after.engine.restore(before.alert());
    after.quiet(1);
    EXPECT_EQ(after.events(), "resumed service 10.0.0.200:80; cleared service 10.0.0.200:80; ");
}

TEST_F(BaselineModeTest, AReplayThatSkipsSecondsJudgesMinutesOfPacketTimeAlike) {
    const auto replay = [&] {
        Sensor sensor("baseline", false);
        const tally::Interval end = first_second + 3600 * 2;
        while (sensor.now < end) {
            IntervalData data(sensor.now);
            const bool fails = sensor.now >= first_second + 3600 + 900;
            for (int n = 0; fails && n < 10; ++n)
                data.judged(endpoint(1, 40000), web, Outcome::refused, tally::interval_start(sensor.now));
            sensor.pass(std::move(data));
            sensor.now += 19;  // a packet every twenty seconds
        }
        const Alert alert = sensor.alert();
        return sensor.events() + std::to_string(alert.since) + ' ' + std::to_string(alert.fired) + ' ' +
               std::to_string(alert.failed);
    };
    const std::string first = replay();
    EXPECT_EQ(first, "fired service 10.0.0.200:80; " + std::to_string(tally::interval_start(first_second + 4500)) +
                         ' ' + std::to_string(tally::interval_start(first_second + 4500 + 120)) + ' ' +
                         std::to_string(135 * 10));
    EXPECT_EQ(replay(), first);
}

TEST_F(BaselineModeTest, AGapInACaptureIsNotLearnt) {
    Sensor sensor("baseline", false);
    sensor.quiet(61);
    sensor.now += 10'000'000;
    sensor.quiet(2);
    EXPECT_LE(sensor.engine.baselines()->watched(), 62u);
}

}  // namespace
}  // namespace rstwatch::control
