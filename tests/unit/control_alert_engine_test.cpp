// SPDX-License-Identifier: Apache-2.0
#include "control/alert/engine.h"

#include <gtest/gtest.h>

#include "control/classify/scanners.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using tally::second;
using test::address;
using test::endpoint;
using test::IntervalData;

constexpr tally::Interval start = 1'700'000'000;

/// One second after the other goes through registry, scanners, book and engine, as the controller passes them on.
class AlertEngineTest : public testing::Test {
  protected:
    struct Second {
        IntervalData data;
        explicit Second(tally::Interval interval) : data(interval) {}

        /// `count` attempts of a client at a service, spread over the second.
        Second& fails(std::uint32_t client, const tally::Endpoint& service, Outcome outcome, unsigned count = 2) {
            for (unsigned i = 0; i < count; ++i) {
                const auto port = static_cast<std::uint16_t>(40000 + i);
                data.judged(endpoint(client, port), service, outcome, at(i, count));
            }
            return *this;
        }
        Second& works(std::uint32_t client, const tally::Endpoint& service, unsigned count = 2) {
            for (unsigned i = 0; i < count; ++i) data.accepted(endpoint(client, 50000), service, at(i, count));
            return *this;
        }
        tally::Time at(unsigned i, unsigned count) const {
            return tally::interval_start(data.interval.interval) + i * second / count;
        }
    };

    void pass(const std::function<void(Second&)>& fill, unsigned seconds = 1) {
        for (unsigned i = 0; i < seconds; ++i) {
            Second next(now_);
            fill(next);
            registry.add(next.data.interval);
            scanners.add(next.data.interval, registry, overlay);
            book.follow(next.data.interval, scanners);
            engine.step(book, now_, 100);
            ++now_;
        }
    }
    void quiet(unsigned seconds, std::uint64_t packets = 100) {
        for (unsigned i = 0; i < seconds; ++i) {
            IntervalData empty(now_);
            book.follow(empty.interval, scanners);
            engine.step(book, now_++, packets);
        }
    }

    /// "fired service 10.0.0.200:80; cleared …", all that happened until now.
    std::string events() { return std::exchange(events_, ""); }

    config::Settings settings = [] {
        config::Settings settings;
        settings.alerts.capacity = 32;
        return settings;
    }();
    OutcomeOverlay overlay;
    Registry registry{settings.registry};
    Scanners scanners{100};
    FailureBook book{settings.registry};
    AlertEngine engine{settings, true, {}, [this](AlertEvent event, const Alert& alert) {
                           events_ += std::string(name(event)) + ' ' + std::string(name(alert.subject.scope)) + ' ' +
                                      to_string(alert.subject) + "; ";
                       }};
    tally::Interval now_ = start;

  private:
    std::string events_;
};

TEST_F(AlertEngineTest, RaisesAServiceAlertOnceTheRateHasHeldForThreeIntervals) {
    const tally::Endpoint web = endpoint(200, 80);
    pass([&](Second& s) { s.works(1, web); }, 20);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); },
         6);  // 12 in ten seconds at its end; 5 give 1 per second
    EXPECT_EQ(events(), "");
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); });
    EXPECT_EQ(events(), "fired service 10.0.0.200:80; ");
    const Alert alert = engine.alerts().at(0);
    EXPECT_EQ(alert.level, AlertLevel::warn);
    EXPECT_EQ(alert.since, tally::interval_start(start + 20));
    EXPECT_EQ(alert.fired, tally::interval_start(start + 27));
    EXPECT_DOUBLE_EQ(alert.per_second, 2.0);
    EXPECT_EQ(alert.until, std::nullopt);
}

TEST_F(AlertEngineTest, ClearsItWhenTheServiceIsBackAndListsItForAnHour) {
    const tally::Endpoint web = endpoint(200, 80);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); }, 20);
    EXPECT_EQ(events(), "fired service 10.0.0.200:80; ");
    const std::string id = engine.alerts().at(0).id;
    pass([&](Second& s) { s.works(1, web); }, 30);
    EXPECT_EQ(events(), "cleared service 10.0.0.200:80; ");
    ASSERT_EQ(engine.alerts().size(), 1u);
    const Alert alert = engine.alerts().at(0);
    EXPECT_EQ(alert.id, id);
    EXPECT_EQ(alert.peak_level, AlertLevel::warn);
    EXPECT_DOUBLE_EQ(alert.peak_per_second, 2.0);
    // The rate is below 0.8 from the seventh second on: 6 in ten seconds. Five intervals in a row.
    EXPECT_EQ(alert.until, tally::interval_start(start + 20 + 7 + 4));
    quiet(3570);
    EXPECT_EQ(engine.alerts().size(), 1u);
    quiet(10);
    EXPECT_EQ(engine.alerts().size(), 1u);
    quiet(60);
    EXPECT_TRUE(engine.alerts().empty());
    EXPECT_EQ(engine.watched(), 0u);
}

TEST_F(AlertEngineTest, ADeadHostIsOneAlert) {
    pass(
        [&](Second& s) {
            for (std::uint16_t port : {22, 80, 443})
                for (std::uint32_t client : {1, 2}) s.fails(client, endpoint(200, port), Outcome::unanswered);
        },
        20);
    EXPECT_EQ(events(), "fired host 10.0.0.200; changed host 10.0.0.200; ");
    ASSERT_EQ(engine.alerts().size(), 1u);
    EXPECT_EQ(engine.alerts()[0].nested.size(), 3u);
    EXPECT_EQ(engine.alerts()[0].level, AlertLevel::error);
    EXPECT_EQ(engine.alerts()[0].subject.direction, Direction::incoming);
}

TEST_F(AlertEngineTest, AHostWhoseOtherPortWorksIsNotDead) {
    pass(
        [&](Second& s) {
            s.fails(1, endpoint(200, 80), Outcome::unanswered).fails(1, endpoint(200, 443), Outcome::unanswered);
            s.works(1, endpoint(200, 22));
        },
        20);
    EXPECT_EQ(events(), "fired service 10.0.0.200:80; fired service 10.0.0.200:443; ");
}

TEST_F(AlertEngineTest, AHostThatWorkedUntilItDiedIsOneAlertFromTheBeginningToTheEnd) {
    const auto ports = {std::uint16_t{80}, std::uint16_t{443}, std::uint16_t{8080}};
    pass(
        [&](Second& s) {
            for (const std::uint16_t port : ports) s.works(1, endpoint(200, port)).works(2, endpoint(200, port));
        },
        20);
    pass(
        [&](Second& s) {
            for (const std::uint16_t port : ports)
                s.fails(1, endpoint(200, port), Outcome::unanswered).fails(2, endpoint(200, port), Outcome::unanswered);
        },
        10);
    EXPECT_EQ(events(), "fired host 10.0.0.200; ");
    pass(
        [&](Second& s) {
            for (const std::uint16_t port : ports) s.works(1, endpoint(200, port)).works(2, endpoint(200, port));
        },
        20);
    EXPECT_EQ(events(), "changed host 10.0.0.200; changed host 10.0.0.200; cleared host 10.0.0.200; ")
        << "and its level";
}

TEST_F(AlertEngineTest, TheDeathOfAHostTakesOverTheAlertOfItsService) {
    pass([&](Second& s) { s.fails(1, endpoint(200, 80), Outcome::unanswered); }, 20);
    EXPECT_EQ(events(), "fired service 10.0.0.200:80; ");
    pass(
        [&](Second& s) {
            s.fails(1, endpoint(200, 80), Outcome::unanswered).fails(2, endpoint(200, 443), Outcome::unanswered);
        },
        20);
    EXPECT_EQ(events(), "cleared service 10.0.0.200:80; fired host 10.0.0.200; ");
}

TEST_F(AlertEngineTest, AClientThatReachesNobodyIsOneAlertOfItsOwn) {
    pass(
        [&](Second& s) {
            for (std::uint32_t server : {200, 201, 202}) {
                s.fails(1, endpoint(server, 80), Outcome::unanswered, 1);
            }
        },
        3);
    events();
    // By the third service first contacts have not failed often enough for a scanner.
    pass(
        [&](Second& s) {
            for (std::uint32_t server : {200, 201, 202}) s.fails(1, endpoint(server, 80), Outcome::unanswered, 1);
        },
        17);
    EXPECT_EQ(events(), "fired host 10.0.0.1; ");
    EXPECT_EQ(engine.alerts().at(0).subject.direction, Direction::outgoing);
    EXPECT_EQ(engine.alerts().at(0).nested.size(), 3u);
}

TEST_F(AlertEngineTest, AClientIsCutOffAlsoWhereOthersGetThroughAndUntilItIsBack) {
    const auto servers = {200u, 201u, 202u, 203u};
    const auto both_work = [&](Second& s) {
        for (const std::uint32_t server : servers) s.works(1, endpoint(server, 80)).works(2, endpoint(server, 80));
    };
    pass(both_work, 20);
    pass(
        [&](Second& s) {
            for (const std::uint32_t server : servers)
                s.fails(1, endpoint(server, 80), Outcome::unanswered).works(2, endpoint(server, 80));
        },
        8);
    EXPECT_EQ(events(), "fired host 10.0.0.1; ");
    EXPECT_EQ(engine.alerts().at(0).subject.direction, Direction::outgoing);
    pass(both_work, 20);
    EXPECT_EQ(events(), "cleared host 10.0.0.1; ");
}

TEST_F(AlertEngineTest, HostsThatFallSilentTogetherAreOneAlertOfTheNetwork) {
    pass(
        [&](Second& s) {
            for (std::uint32_t server = 200; server < 205; ++server)
                for (std::uint16_t port : {80, 443})
                    s.fails(server - 190, endpoint(server, port), Outcome::unanswered, 1)
                        .fails(server - 180, endpoint(server, port), Outcome::unanswered, 1);
        },
        20);
    EXPECT_EQ(events(), "fired network network; changed network network; ");
    EXPECT_EQ(engine.alerts().at(0).nested.size(), 5u);
}

TEST_F(AlertEngineTest, ManySmallFailuresOfAHostAddUp) {
    pass(
        [&](Second& s) {
            const auto port = static_cast<std::uint16_t>(8000 + now_ % 5);
            s.fails(1, endpoint(200, port), Outcome::reset_before_data_by_server, 2);
        },
        20);
    EXPECT_EQ(events(), "fired host 10.0.0.200; ");
}

TEST_F(AlertEngineTest, ManyServicesThatBreakAtOnceAreNotTakenForANetworkOfSmallFailures) {
    pass(
        [&](Second& s) {
            for (std::uint32_t server = 200; server < 220; ++server)
                s.fails(server + 5000, endpoint(server, 80), Outcome::refused);
        },
        20);
    EXPECT_EQ(engine.alerts().size(), 20u);
    EXPECT_EQ(events().find("network"), std::string::npos);
}

TEST_F(AlertEngineTest, TheOddFailureDoesNotHideWhatFailsInMasses) {
    const tally::Endpoint web = endpoint(200, 443);
    pass([&](Second& s) { s.works(1, web, 4).fails(1, web, Outcome::blackholed, 1); });
    pass([&](Second& s) { s.works(1, web, 4).fails(1, web, Outcome::reset_by_device, 4); }, 15);
    pass([&](Second& s) { s.works(1, web, 4).fails(1, web, Outcome::blackholed, 1); });
    pass([&](Second& s) { s.works(1, web, 4).fails(1, web, Outcome::reset_by_device, 4); }, 15);
    ASSERT_EQ(engine.alerts().size(), 1u);
    EXPECT_EQ(engine.alerts()[0].level, AlertLevel::warn);
    EXPECT_DOUBLE_EQ(engine.alerts()[0].per_second, 4.0);
    EXPECT_EQ(engine.alerts()[0].failed, 120u);
    EXPECT_EQ(events(), "fired service 10.0.0.200:443; ");
}

TEST_F(AlertEngineTest, WhatHasBeenToldIsNotToldAgainWhenItIsOver) {
    settings.alerts.clear = 1;
    AlertEngine hasty(settings, true, {}, {});
    const auto step = [&](bool works) {
        Second next(now_);
        for (std::uint32_t server = 200; server < 206; ++server) {
            if (works) next.works(server, endpoint(server, 80), 1);
            if (!works) next.fails(server, endpoint(server, 80), Outcome::refused, 2);
        }
        registry.add(next.data.interval);
        book.follow(next.data.interval, scanners);
        hasty.step(book, now_++, 100);
    };
    for (int i = 0; i < 20; ++i) step(false);
    EXPECT_EQ(hasty.alerts().size(), 6u);
    for (int i = 0; i < 20; ++i) step(true);
    EXPECT_EQ(hasty.alerts().size(), 6u);
    for (const Alert& alert : hasty.alerts()) EXPECT_EQ(alert.subject.scope, AlertScope::service);
}

TEST_F(AlertEngineTest, WhatWasLittleBesideAnAlertOfItsHostIsNotToldAgainWhenItIsOver) {
    settings.alerts.clear = 1;
    AlertEngine hasty(settings, true, {}, {});
    for (int i = 0; i < 50; ++i) {
        Second next(now_);
        for (std::uint32_t server = 200; server < 206; ++server) {
            // One service fails last: ten seconds later it is the only one whose failures are still in the rate.
            const tally::Endpoint service = endpoint(server, static_cast<std::uint16_t>(80 + (i < 30 ? i % 4 : 0)));
            if (i < 34) next.fails(server, service, Outcome::refused, i < 30 ? 2 : 1);
            if (i >= 34) next.works(server, service, 1);
        }
        registry.add(next.data.interval);
        book.follow(next.data.interval, scanners);
        hasty.step(book, now_++, 100);
        if (i == 29) {
            EXPECT_EQ(hasty.alerts().size(), 6u);
        }
    }
    EXPECT_EQ(hasty.alerts().size(), 6u);
    for (const Alert& alert : hasty.alerts()) {
        EXPECT_EQ(alert.subject.scope, AlertScope::host);
        EXPECT_TRUE(alert.until);
    }
}

TEST_F(AlertEngineTest, HostsThatAreNotOursHaveNoneOfTheirOwn) {
    settings.networks.home = "10.0.1.0/24";
    AlertEngine elsewhere(settings, true, {}, {});
    for (int i = 0; i < 20; ++i) {
        Second next(now_);
        next.fails(1, endpoint(200, 80), Outcome::unanswered).fails(2, endpoint(200, 443), Outcome::unanswered);
        book.follow(next.data.interval, scanners);
        elsewhere.step(book, now_++, 1);
    }
    ASSERT_EQ(elsewhere.alerts().size(), 2u);
    EXPECT_EQ(elsewhere.alerts()[0].subject.scope, AlertScope::service);
}

TEST_F(AlertEngineTest, AScanDuringAnOutageIsNotInTheAlert) {
    const tally::Endpoint web = endpoint(200, 80);
    std::uint16_t probed = 1000;
    pass(
        [&](Second& s) {
            s.fails(1, web, Outcome::refused);
            for (int i = 0; i < 50; ++i) s.fails(66, endpoint(200, ++probed), Outcome::refused, 1);
        },
        30);
    EXPECT_EQ(events(), "fired service 10.0.0.200:80; ");
    EXPECT_EQ(engine.alerts().at(0).level, AlertLevel::warn);
}

TEST_F(AlertEngineTest, AMonitorOfServicesThatNeverWorkedIsToldOf) {
    const auto ports = {std::uint16_t{80}, std::uint16_t{443}, std::uint16_t{7211}, std::uint16_t{7212}};
    pass(
        [&](Second& s) {
            for (const std::uint16_t port : ports) s.fails(1, endpoint(200, port), Outcome::refused);
        },
        20);
    EXPECT_EQ(events(),
              "fired service 10.0.0.200:80; fired service 10.0.0.200:443; fired service 10.0.0.200:7211; fired service "
              "10.0.0.200:7212; ");
}

TEST_F(AlertEngineTest, NoPacketsAreNotNoFailures) {
    const tally::Endpoint web = endpoint(200, 80);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); }, 20);
    events();
    quiet(29, 0);
    EXPECT_EQ(events(), "");
    EXPECT_EQ(engine.alerts().size(), 1u);
    quiet(1, 0);
    EXPECT_EQ(events(), "fired network network; ");
    EXPECT_TRUE(engine.alerts().at(0).no_data);
    EXPECT_EQ(engine.alerts().at(0).since, tally::interval_start(start + 20));
    EXPECT_EQ(engine.alerts().size(), 2u);
    quiet(5);
    EXPECT_EQ(events(), "cleared network network; cleared service 10.0.0.200:80; ");
}

TEST_F(AlertEngineTest, IntervalsThatAReplaySkipsCount) {
    AlertEngine replay(settings, false, {}, {});
    const tally::Endpoint web = endpoint(200, 80);
    for (int i = 0; i < 10; ++i) {
        Second next(now_);
        next.fails(1, web, Outcome::refused);
        book.follow(next.data.interval, scanners);
        replay.step(book, now_++, 1);
    }
    ASSERT_EQ(replay.alerts().size(), 1u);
    now_ += 1'000'000'000;
    IntervalData much_later(now_);
    book.follow(much_later.interval, scanners);
    replay.step(book, now_, 1);
    ASSERT_EQ(replay.alerts().size(), 1u) << "whoever replays a day is told of its morning, too";
    ASSERT_TRUE(replay.alerts()[0].until) << "cleared decades ago";
    EXPECT_LT(*replay.alerts()[0].until, tally::interval_start(start + 60));
}

TEST_F(AlertEngineTest, AcknowledgesById) {
    pass([&](Second& s) { s.fails(1, endpoint(200, 80), Outcome::refused); }, 20);
    const std::string id = engine.alerts().at(0).id;
    EXPECT_FALSE(engine.alerts().at(0).acknowledged);
    EXPECT_EQ(engine.acknowledge("0"), std::nullopt);
    ASSERT_TRUE(engine.acknowledge(id));
    EXPECT_TRUE(engine.alerts().at(0).acknowledged);
    events();
    engine.acknowledge(id);
    EXPECT_EQ(events(), "") << "said once";
}

TEST_F(AlertEngineTest, GoesOnAfterARestart) {
    const tally::Endpoint web = endpoint(200, 80);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); }, 20);
    const std::vector<Alert> kept = engine.alerts();
    events();
    std::string told;
    AlertEngine again(settings, true, {}, [&](AlertEvent event, const Alert& alert) {
        told += std::string(name(event)) + ' ' + alert.id + ' ';
    });
    for (const Alert& alert : kept) again.restore(alert);
    EXPECT_EQ(told, "resumed " + kept[0].id + ' ');
    FailureBook fresh(settings.registry);
    now_ += 5;
    for (int i = 0; i < 20; ++i) {
        Second next(now_);
        next.fails(1, web, Outcome::refused);
        fresh.follow(next.data.interval, scanners);
        again.step(fresh, now_++, 1);
        ASSERT_EQ(again.alerts().size(), 1u);
    }
    EXPECT_EQ(again.alerts()[0].since, kept[0].since);
    EXPECT_EQ(again.alerts()[0].id, kept[0].id);
    EXPECT_EQ(again.alerts()[0].failed, kept[0].failed + 40);
    EXPECT_EQ(told, "resumed " + kept[0].id + ' ') << "nothing else happens";
}

TEST_F(AlertEngineTest, OneThatWasClearedBeforeARestartIsNotToldAgain) {
    pass([&](Second& s) { s.fails(1, endpoint(200, 80), Outcome::refused); }, 20);
    pass([&](Second& s) { s.works(1, endpoint(200, 80)); }, 30);
    AlertEngine again(settings, true, {}, [](AlertEvent event, const Alert&) { FAIL() << name(event); });
    for (const Alert& alert : engine.alerts()) again.restore(alert);
    EXPECT_EQ(again.alerts().size(), 1u);
}

TEST_F(AlertEngineTest, CountsWhatFailsFromTheBeginningToTheEnd) {
    const tally::Endpoint web = endpoint(200, 80);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); }, 20);
    EXPECT_EQ(engine.alerts().at(0).failed, 40u);
    pass([&](Second& s) { s.works(1, web); }, 30);
    EXPECT_EQ(engine.alerts().at(0).failed, 40u);
    EXPECT_TRUE(engine.alerts().at(0).until);
}

TEST_F(AlertEngineTest, CountsEveryServiceOfADeadHost) {
    pass(
        [&](Second& s) {
            for (std::uint16_t port : {22, 80, 443})
                for (std::uint32_t client : {1, 2}) s.fails(client, endpoint(200, port), Outcome::unanswered);
        },
        20);
    EXPECT_EQ(engine.alerts().at(0).failed, 20u * 12u);
}

TEST_F(AlertEngineTest, IsBounded) {
    pass(
        [&](Second& s) {
            for (std::uint32_t server = 1000; server < 1050; ++server)
                s.fails(server + 5000, endpoint(server, 80), Outcome::refused);
        },
        20);
    EXPECT_EQ(engine.alerts().size(), 32u);
    EXPECT_EQ(engine.watched(), engine.capacity());
    EXPECT_EQ(engine.overflowed(), 20u * 18u) << "in each second all that found no room";
}

TEST_F(AlertEngineTest, TakesOverOtherThresholdsBetweenTwoIntervals) {
    const tally::Endpoint web = endpoint(200, 80);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); }, 20);
    EXPECT_EQ(events(), "fired service 10.0.0.200:80; ");
    settings.alerts.warn = settings.alerts.error = settings.alerts.critical = 5;
    engine.set(settings);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); }, 20);
    EXPECT_EQ(events(), "cleared service 10.0.0.200:80; ") << "two a second are not five";
    settings.alerts.warn = 1;
    engine.set(settings);
    pass([&](Second& s) { s.fails(1, web, Outcome::refused); }, 3);
    EXPECT_EQ(events(), "fired service 10.0.0.200:80; ");
}

}  // namespace
}  // namespace rstwatch::control
