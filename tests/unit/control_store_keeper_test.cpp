// SPDX-License-Identifier: Apache-2.0
#include "control/keeper.h"

#include <gtest/gtest.h>

#include "control/classify/scanners.h"
#include "control/export/baseline_json.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using tally::second;
using test::endpoint;
using test::IntervalData;

constexpr tally::Interval start = 1'700'000'000;

/// What a daemon knows between two restarts.
class Life {
  public:
    explicit Life(const std::string& path, std::size_t capacity = 100, const std::string& mode = "fixed")
        : settings([&] {
              config::Settings settings;
              settings.alerts.mode = mode;
              return settings;
          }()),
          store_({.path = path}, {}),
          keeper_(&store_, {registry, failures, names, alerts}) {
        keeper_.load(capacity);
    }
    ~Life() {
        start();
        if (!dies_) keeper_.save();
        store_.stop();
    }

    /// Lets the store write what waits, from now on.
    void start() { store_.start(); }
    std::uint64_t rows_waiting() const { return store_.status().queue; }
    /// What was not saved by now is lost.
    void die() { dies_ = true; }

    void pass(IntervalData data) {
        registry.add(data.interval);
        failures.follow(data.interval, scanners_);
        alerts.step(failures, data.interval.interval, 10);
        keeper_.follow(data.interval);
    }

    config::Settings settings;
    Registry registry{settings.registry};
    FailureBook failures{settings.registry};
    ServiceNames names{[] {
        ServiceNames::Setup setup;
        setup.capacity = 1000;
        return setup;
    }()};
    std::string told;  ///< of alerts
    AlertEngine alerts{settings, true, {}, [this](AlertEvent event, const Alert& alert) {
                           told += std::string(name(event)) + ' ' + to_string(alert.subject) + ' ';
                       }};

  private:
    Scanners scanners_{100};
    Store store_;
    Keeper keeper_;
    bool dies_ = false;
};

class KeeperTest : public testing::Test {
  protected:
    static IntervalData second_of(tally::Interval interval) { return IntervalData(interval); }

    /// A service that accepts for ten seconds and is refused for ten more.
    void outage(Life& life) const {
        for (tally::Interval i = start; i < start + 10; ++i)
            life.pass(second_of(i).accepted(endpoint(1, 40000), service, i * second + 5));
        for (tally::Interval i = start + 10; i < start + 20; ++i) {
            IntervalData data(i);
            for (int n = 0; n < 3; ++n) data.judged(endpoint(1, 40000), service, Outcome::refused, i * second + 7);
            life.pass(std::move(data));
        }
    }

    rstwatch::test::TempDir directory_;
    const std::string path = directory_ / "rstwatch.db";
    const tally::Endpoint service = endpoint(200, 7211);
};

TEST_F(KeeperTest, WhatWasKnownOfAServiceSurvivesARestart) {
    {
        Life life(path);
        Identity identity;
        identity.application = "TLS";
        identity.detail = "SNI collector.example";
        identity.seen = 42;
        life.names.restore(service, identity);
        outage(life);
    }
    Life again(path);
    const RegistryRow* row = again.registry.destination(service);
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->accepted.count, 10u);
    EXPECT_EQ(row->accepted.last, (start + 9) * second + 5);
    const Failure* failure = again.failures.of_service(service);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->since, (start + 10) * second + 7);
    EXPECT_EQ(failure->failed, 30u);
    EXPECT_EQ(failure->cause(), Outcome::refused);
    ASSERT_NE(again.names.identity_of(service), nullptr);
    EXPECT_EQ(again.names.identity_of(service)->application, "TLS");
    EXPECT_EQ(again.names.identity_of(service)->detail, "SNI collector.example");
}

TEST_F(KeeperTest, AFailureGoesOnWithItsBeginning) {
    {
        Life life(path);
        outage(life);
    }
    Life again(path);
    IntervalData data(start + 30);
    data.judged(endpoint(1, 40000), service, Outcome::refused, (start + 30) * second);
    again.pass(std::move(data));
    EXPECT_EQ(again.failures.of_service(service)->since, (start + 10) * second + 7);
    EXPECT_EQ(again.failures.of_service(service)->failed, 31u);
}

TEST_F(KeeperTest, AlertsSurviveWithAllThatWasSaidOfThem) {
    Alert before;
    {
        Life life(path);
        outage(life);
        ASSERT_EQ(life.alerts.alerts().size(), 1u);
        life.alerts.acknowledge(life.alerts.alerts()[0].id);
        before = life.alerts.alerts()[0];
    }
    Life again(path);
    ASSERT_EQ(again.alerts.alerts().size(), 1u);
    const Alert after = again.alerts.alerts()[0];
    EXPECT_EQ(after.id, before.id);
    EXPECT_EQ(after.subject, before.subject);
    EXPECT_EQ(after.level, before.level);
    EXPECT_EQ(after.peak_level, before.peak_level);
    EXPECT_EQ(after.since, before.since);
    EXPECT_EQ(after.fired, before.fired);
    EXPECT_EQ(after.until, before.until);
    EXPECT_DOUBLE_EQ(after.peak_per_second, before.peak_per_second);
    EXPECT_TRUE(after.acknowledged);
}

TEST_F(KeeperTest, AnAlertThatGoesOnIsToldAnew) {
    {
        Life life(path);
        outage(life);
        EXPECT_EQ(life.told, "fired 10.0.0.200:7211 ");
    }
    Life again(path);
    EXPECT_EQ(again.told, "resumed 10.0.0.200:7211 ");
}

TEST_F(KeeperTest, WhatIsUsualSurvivesARestart) {
    constexpr tally::Interval begin = start - start % 60;
    std::string before;
    const auto text_of = [](const Baselines& baselines) {
        std::string text = baseline_state_json(baselines.silence().state()).dump();
        baselines.for_each([&](const AlertSubject& subject, const Baseline& each) {
            text += to_string(subject) + baseline_state_json(each.state()).dump();
        });
        return text;
    };
    {
        Life life(path, 100, "both");
        for (tally::Interval i = begin; i < begin + 7200; i += 20) {
            IntervalData data(i);
            data.judged(endpoint(1, 40000), service, Outcome::refused, i * second + 7);
            life.pass(std::move(data));
        }
        ASSERT_EQ(life.alerts.baselines()->size(), 4u) << "service, host, client and the network";
        ASSERT_EQ(life.alerts.baselines()->watched(), 119u) << "the last minute is not over";
        before = text_of(*life.alerts.baselines());
    }
    {
        const Life fixed(path);
        EXPECT_FALSE(fixed.alerts.baselines());
    }
    const Life again(path, 100, "baseline");
    EXPECT_EQ(text_of(*again.alerts.baselines()), before);
}

TEST_F(KeeperTest, WhatIsUsualIsSavedEveryHourAgainstACrash) {
    constexpr tally::Interval begin = start - start % 3600;
    {
        Life life(path, 100, "both");
        for (tally::Interval i = begin; i < begin + 3700; i += 20) {
            IntervalData data(i);
            data.judged(endpoint(1, 40000), service, Outcome::refused, i * second + 7);
            life.pass(std::move(data));
        }
        life.die();
    }
    const Life again(path, 100, "both");
    EXPECT_EQ(again.alerts.baselines()->watched(), 61u);
    EXPECT_EQ(again.alerts.baselines()->size(), 4u);
}

TEST_F(KeeperTest, AnAlertThatWasClearedIsListedForAnHourAndThenErased) {
    {
        Life life(path);
        outage(life);
        for (tally::Interval i = start + 20; i < start + 60; ++i)
            life.pass(second_of(i).accepted(endpoint(1, 40000), service, i * second));
        ASSERT_TRUE(life.alerts.alerts().at(0).until);
    }
    {
        Life again(path);
        ASSERT_EQ(again.alerts.alerts().size(), 1u);
        EXPECT_TRUE(again.alerts.alerts()[0].until);
        again.pass(second_of(start + 4000).accepted(endpoint(1, 40000), service, (start + 4000) * second));
        EXPECT_TRUE(again.alerts.alerts().empty());
    }
    Life third(path);
    EXPECT_TRUE(third.alerts.alerts().empty());
}

TEST_F(KeeperTest, KeepsNoMoreServicesThanTheRegistryHasRoomFor) {
    {
        Life life(path);
        for (std::uint32_t i = 0; i < 50; ++i) {
            const tally::Interval when = start + i;
            life.pass(second_of(when).accepted(endpoint(1, 40000), endpoint(1000 + i, 80), when * second));
        }
    }
    {
        Life small(path, 20);
        EXPECT_EQ(small.registry.destinations().size(), 20u);
        EXPECT_EQ(small.registry.destination(endpoint(1029, 80)), nullptr);
        EXPECT_NE(small.registry.destination(endpoint(1030, 80)), nullptr) << "the latest ones stay";
    }
    Life third(path);
    EXPECT_EQ(third.registry.destinations().size(), 20u);
}

/// Each of `count` services once, as a row.
IntervalData all_accept(tally::Interval interval, std::uint32_t count) {
    IntervalData data(interval);
    for (std::uint32_t number = 0; number < count; ++number)
        data.interval.destinations.push_back(
            test::row(endpoint(number, 80).address, 80, tally::accepted_kind, 1, interval * second));
    return data;
}

TEST_F(KeeperTest, MoreServicesThanAreSavedAtOnceAreSavedInTurn) {
    constexpr auto most = static_cast<std::uint32_t>(Keeper::most_at_once);
    {
        Life life(path, 3 * most);
        life.pass(all_accept(start, 2 * most + 10));
        EXPECT_EQ(life.rows_waiting(), most) << "no more in one interval";
        life.pass(IntervalData(start + 1));
        life.pass(IntervalData(start + 2));
        EXPECT_EQ(life.rows_waiting(), 2 * most + 10);
        life.pass(IntervalData(start + 3));
        EXPECT_EQ(life.rows_waiting(), 2 * most + 10) << "what has not changed is not saved again";
        life.start();
    }
    Life again(path, 3 * most);
    EXPECT_EQ(again.registry.destinations().size(), 2 * most + 10u);
}

TEST_F(KeeperTest, WhatFailsIsSavedBeforeTheOthers) {
    constexpr auto most = static_cast<std::uint32_t>(Keeper::most_at_once);
    const tally::Endpoint failing = endpoint(2 * most + 7, 80);  // behind them in every order
    {
        Life life(path, 3 * most);
        IntervalData data = all_accept(start, 2 * most);
        data.judged(endpoint(1, 40000), failing, Outcome::refused, start * second);
        life.pass(std::move(data));
        ASSERT_EQ(life.rows_waiting(), most);
        life.start();
        life.die();
    }
    Life again(path, 3 * most);
    ASSERT_NE(again.failures.of_service(failing), nullptr);
    EXPECT_EQ(again.failures.of_service(failing)->failed, 1u);
    EXPECT_EQ(again.registry.destinations().size(), most);
}

TEST_F(KeeperTest, WithoutAStoreNothingIsKept) {
    config::Settings settings;
    Registry registry(settings.registry);
    FailureBook failures(settings.registry);
    ServiceNames names({});
    AlertEngine alerts(settings, true, {}, {});
    Keeper keeper(nullptr, {registry, failures, names, alerts});
    keeper.load(10);
    IntervalData data(start);
    data.accepted(endpoint(1, 1), service, start * second);
    registry.add(data.interval);
    keeper.follow(data.interval);
    keeper.save();
    EXPECT_EQ(registry.destinations().size(), 1u);
}

}  // namespace
}  // namespace rstwatch::control
