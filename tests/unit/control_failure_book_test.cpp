// SPDX-License-Identifier: Apache-2.0
#include "control/registry/failure_book.h"

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

class FailureBookTest : public testing::Test {
  protected:
    static constexpr tally::Time start = 1'700'000'000 * second;

    /// Intervals as the controller passes them on; `when` is after `start`.
    void failed(tally::Time when, Outcome outcome = Outcome::refused, std::uint32_t client = 1, tally::Time took = 0) {
        IntervalData data(tally::interval_of(start + when));
        data.judged(endpoint(client, 40000), service, outcome, start + when);
        data.interval.sightings.back().began -= took;
        follow(data);
    }
    void accepted(tally::Time when, std::uint32_t client = 1) {
        IntervalData data(tally::interval_of(start + when));
        data.accepted(endpoint(client, 40000), service, start + when);
        follow(data);
    }
    void follow(IntervalData& data) {
        registry.add(data.interval);
        scanners.add(data.interval, registry, overlay);
        book.follow(data.interval, scanners);
    }
    const Failure& failure() const { return *book.of_service(service); }

    static config::Settings::Registry settings() {
        config::Settings::Registry settings;
        settings.failures = 256;
        return settings;
    }

    const tally::Endpoint service = endpoint(200, 7211);
    OutcomeOverlay overlay;
    Registry registry{settings()};
    Scanners scanners{100};
    FailureBook book{settings()};
};

TEST_F(FailureBookTest, KnowsForHowLongConnectionsWereIdleBeforeTheyWereReset) {
    const auto reset_after = [&](tally::Time when, tally::Time idle) {
        IntervalData data(tally::interval_of(start + when));
        data.ended(endpoint(1, 40000), service, Outcome::idle_reset, start + when);
        data.interval.records.back().idle = idle;
        follow(data);
    };
    failed(0, Outcome::idle_reset);
    EXPECT_EQ(failure().idle_most, 0u) << "no record has come yet";
    reset_after(second, 372 * second);
    reset_after(2 * second, 350 * second);
    reset_after(3 * second, 360 * second);
    EXPECT_EQ(failure().idle_least, 350 * second);
    EXPECT_EQ(failure().idle_most, 372 * second);
}

TEST_F(FailureBookTest, KnowsHowMuchOfASpanItHasWatched) {
    EXPECT_EQ(book.watched(60), 1u);
    accepted(0);
    EXPECT_EQ(book.watched(60), 1u);
    accepted(29 * second);
    EXPECT_EQ(book.watched(10), 10u);
    EXPECT_EQ(book.watched(60), 30u);
}

TEST_F(FailureBookTest, WhatNeverFailedIsNotInIt) {
    accepted(0);
    EXPECT_EQ(book.of_service(service), nullptr);
    EXPECT_EQ(book.of_host(service.address), nullptr);
    EXPECT_EQ(book.of_client(address(1)), nullptr);
}

TEST_F(FailureBookTest, BeginsWithTheFirstSynThatFailed) {
    accepted(1 * second);
    failed(12 * second + 345'678, Outcome::unanswered, 1, 3 * second);
    failed(13 * second, Outcome::unanswered, 2, 3 * second);
    EXPECT_EQ(failure().since, start + 9 * second + 345'678);
    EXPECT_EQ(failure().failed, 2u);
    EXPECT_EQ(failure().clients.count(), 2u);
    EXPECT_EQ(failure().cause(), Outcome::unanswered);
}

TEST_F(FailureBookTest, BeginsWithTheFirstSynEvenIfTheFirstVerdictInThatSecondIsOfAnother) {
    IntervalData data(tally::interval_of(start + 5 * second));
    data.judged(endpoint(1, 40000), service, Outcome::refused, start + 5 * second + 100);
    data.judged(endpoint(2, 40000), service, Outcome::unanswered, start + 5 * second + 200);
    data.interval.sightings.back().began -= 3 * second;
    follow(data);
    EXPECT_EQ(failure().since, start + 2 * second + 200);
}

TEST_F(FailureBookTest, WhatHadBeenEstablishedFailsWhenItBreaksAndNotWhenItWasMade) {
    for (const Outcome outcome : {Outcome::idle_reset, Outcome::peer_lost_state, Outcome::blackholed}) {
        FailureBook fresh(settings());
        IntervalData data(tally::interval_of(start + 5000 * second));
        data.judged(endpoint(1, 40000), service, outcome, start + 5000 * second);
        data.interval.sightings.back().began = start;
        fresh.follow(data.interval, scanners);
        EXPECT_EQ(fresh.of_service(service)->since, start + 5000 * second) << tally::name(outcome);
    }
}

TEST_F(FailureBookTest, ARoutersWordIsKnownAtOnceAndCountsForThoseThatItSparesIt) {
    IntervalData data(tally::interval_of(start));
    data.judged(endpoint(1, 40000), service, Outcome::icmp_rejected, start);
    tally::Sighting& sighting = data.interval.sightings.back();
    sighting.icmp_from = address(254);
    sighting.icmp_type = 3;
    sighting.icmp_code = 13;
    follow(data);
    for (unsigned i = 1; i < 10; ++i) failed(i * second, Outcome::unanswered);
    EXPECT_EQ(failure().cause(), Outcome::icmp_rejected);
    ASSERT_TRUE(failure().icmp.seen);
    EXPECT_TRUE(failure().icmp.is_policy());
    EXPECT_EQ(failure().icmp.from, address(254));
    EXPECT_EQ(book.of_host(service.address)->icmp.code, 13);
    EXPECT_EQ(book.of_client(address(1))->icmp.code, 13);
}

TEST_F(FailureBookTest, AClientThatADeviceRefusesIsToldSo) {
    IntervalData data(tally::interval_of(start));
    data.judged(endpoint(1, 40000), service, Outcome::refused_by_device, start);
    data.interval.clients.back().key.kind = tally::row_kind(Outcome::refused);  // as the cores count it
    follow(data);
    EXPECT_EQ(book.of_client(address(1))->cause(), Outcome::refused_by_device);
}

TEST_F(FailureBookTest, WhatFailsUntilItRecoversIsNotPartial) {
    accepted(0);
    failed(1 * second, Outcome::refused);
    failed(2 * second, Outcome::refused);
    EXPECT_FALSE(failure().is_partial()) << "what it accepted before says nothing";
    accepted(3 * second);
    EXPECT_FALSE(failure().is_partial());
    failed(5 * second, Outcome::unanswered, 1, 3 * second);
    EXPECT_FALSE(failure().is_partial()) << "an attempt that began before it recovered, told later";
    failed(6 * second, Outcome::unanswered, 1, 2 * second);
    EXPECT_TRUE(failure().is_partial());
}

TEST_F(FailureBookTest, AnOverflowThatTheServersKernelAnsweredIsKnownAsSuch) {
    failed(0, Outcome::listen_overflow);
    EXPECT_FALSE(failure().answers);
    IntervalData data(tally::interval_of(start + second));
    data.judged(endpoint(1, 40001), service, Outcome::listen_overflow, start + second).from_hops(2);
    follow(data);
    EXPECT_TRUE(failure().answers);
}

TEST_F(FailureBookTest, AFailureThatBeginsSlowlyKeepsItsBeginning) {
    failed(0);
    for (int i = 1; i <= 10; ++i) {
        accepted(static_cast<tally::Time>(i) * 30 * second - 10 * second);
        failed(static_cast<tally::Time>(i) * 30 * second);
    }
    for (int i = 0; i < 20; ++i) failed(301 * second + static_cast<tally::Time>(i) * second / 10);
    EXPECT_EQ(failure().since, start);
    EXPECT_EQ(failure().failed, 31u);
    EXPECT_EQ(failure().accepted, 10u);
}

TEST_F(FailureBookTest, IsOverAMinuteAfterItsLastAttemptIfSomethingSucceeded) {
    failed(0);
    accepted(10 * second);
    accepted(58 * second);
    EXPECT_TRUE(book.is_active(failure())) << "in an interval that ends at 59 s";
    accepted(59 * second);
    EXPECT_FALSE(book.is_active(failure()));
    failed(70 * second);
    EXPECT_TRUE(book.is_active(failure()));
    EXPECT_EQ(failure().since, start + 70 * second);
    EXPECT_EQ(failure().failed, 1u);
}

TEST_F(FailureBookTest, GoesOnWhileNobodySucceeds) {
    failed(0);
    failed(3600 * second);
    EXPECT_EQ(failure().since, start);
    EXPECT_EQ(failure().failed, 2u);
    EXPECT_TRUE(book.is_active(failure()));
}

TEST_F(FailureBookTest, TellsClientsThatFailFromThoseThatSucceed) {
    failed(0, Outcome::unanswered, 1);
    failed(1 * second, Outcome::unanswered, 1);
    accepted(2 * second, 2);
    accepted(3 * second, 3);
    accepted(4 * second, 3);
    EXPECT_EQ(failure().clients.count(), 1u);
    EXPECT_EQ(failure().succeeding.count(), 2u);
    ASSERT_EQ(failure().peers.size(), 1u);
    EXPECT_EQ(failure().peers[0].who, (tally::Endpoint{address(1), 0}));
    EXPECT_EQ(failure().peers[0].count, 2u);
}

TEST_F(FailureBookTest, HostsAndClientsAreFollowedLikewise) {
    IntervalData data(tally::interval_of(start));
    data.judged(endpoint(1, 1), endpoint(200, 80), Outcome::refused, start);
    data.judged(endpoint(1, 2), endpoint(200, 81), Outcome::refused, start + 1);
    data.judged(endpoint(1, 3), endpoint(201, 80), Outcome::refused, start + 2);
    follow(data);
    EXPECT_EQ(book.of_host(address(200))->failed, 2u);
    EXPECT_EQ(book.of_client(address(1))->failed, 3u);
    EXPECT_EQ(book.of_client(address(1))->peers.size(), 3u);
    EXPECT_EQ(book.of_client(address(1))->clients.count(), 2u) << "servers, not services";
}

TEST_F(FailureBookTest, ALateAnswerTakesTheFailureBack) {
    failed(3 * second, Outcome::unanswered, 1, 3 * second);
    IntervalData late(tally::interval_of(start + 7 * second));
    late.revised(endpoint(1, 40000), service, tally::interval_of(start + 3 * second), Outcome::unanswered, std::nullopt,
                 start + 7 * second);
    follow(late);
    EXPECT_EQ(failure().failed, 0u);
    EXPECT_FALSE(book.is_active(failure()));
    EXPECT_EQ(failure().rates.over(0, book.interval()).failed, 0u);
    EXPECT_FALSE(book.is_active(*book.of_host(service.address)));
    EXPECT_FALSE(book.is_active(*book.of_client(address(1))));
}

TEST_F(FailureBookTest, ARevisionMovesBetweenOutcomes) {
    failed(3 * second, Outcome::unanswered);
    IntervalData later(tally::interval_of(start + 7 * second));
    later.revised(endpoint(1, 40000), service, tally::interval_of(start + 3 * second), Outcome::unanswered,
                  Outcome::refused, start + 7 * second);
    follow(later);
    EXPECT_EQ(failure().failed, 1u);
    EXPECT_EQ(failure().cause(), Outcome::refused);
}

TEST_F(FailureBookTest, FindsWhatHasFailedLately) {
    const auto failing_since = [&](tally::Time when) {
        std::vector<tally::Endpoint> found;
        book.for_each_failing(tally::interval_of(start + when),
                              [&](const Failure& each) { found.push_back(each.key); });
        return found;
    };
    failed(0);
    EXPECT_EQ(failing_since(0), std::vector{service});
    EXPECT_TRUE(failing_since(second).empty());
    IntervalData later(tally::interval_of(start + 20 * second));  // by a verdict that is another one now
    later.revised(endpoint(1, 40000), service, tally::interval_of(start + 3 * second), Outcome::unanswered,
                  Outcome::refused, start + 20 * second);
    later.revised(endpoint(1, 40001), endpoint(200, 80), tally::interval_of(start + 3 * second), Outcome::open,
                  Outcome::refused, start + 20 * second);
    follow(later);
    EXPECT_EQ(failing_since(20 * second), std::vector{endpoint(200, 80)}) << "the other one had failed before";
}

TEST_F(FailureBookTest, AScannersAttemptsAreNoFailureOfTheService) {
    IntervalData scan(tally::interval_of(start));
    for (std::uint16_t port = 1; port <= 100; ++port)
        scan.judged(endpoint(66, port), endpoint(200, port), Outcome::refused, start + port);
    follow(scan);
    for (std::uint16_t port = 1; port <= 100; ++port)
        EXPECT_FALSE(book.is_active(*book.of_service(endpoint(200, port)))) << port;
    EXPECT_FALSE(book.is_active(*book.of_host(address(200))));
    EXPECT_TRUE(book.is_active(*book.of_client(address(66))));
}

TEST_F(FailureBookTest, AScanDuringAnOutageLeavesTheOutage) {
    IntervalData both(tally::interval_of(start));
    for (std::uint16_t port = 1; port <= 100; ++port)
        both.judged(endpoint(66, port), endpoint(200, port), Outcome::refused, start + port);
    both.judged(endpoint(66, 999), service, Outcome::refused, start + 500);
    both.judged(endpoint(1, 40000), service, Outcome::refused, start + 900);
    follow(both);
    EXPECT_EQ(failure().failed, 1u);
    EXPECT_EQ(failure().since, start + 900);
    EXPECT_EQ(failure().clients.count(), 1u);
    EXPECT_EQ(book.of_host(address(200))->failed, 1u);
}

TEST_F(FailureBookTest, RemembersTheLastAttemptThatEnded) {
    IntervalData data(tally::interval_of(start));
    data.ended(endpoint(1, 40000), service, Outcome::refused, start);
    data.interval.records.back().rst_shape = tally::RstShape::no_socket;
    follow(data);
    ASSERT_TRUE(failure().has_example);
    EXPECT_EQ(failure().example.rst_shape, tally::RstShape::no_socket);
}

TEST_F(FailureBookTest, OfSeveralThatEndInOneIntervalItRemembersTheLast) {
    failed(0, Outcome::idle_reset);
    IntervalData data(tally::interval_of(start + second));
    for (std::uint16_t port = 1; port <= 40; ++port) {
        data.ended(endpoint(1, port), service, Outcome::idle_reset, start + second + port);
        data.interval.records.back().idle = port * second;
    }
    follow(data);
    EXPECT_EQ(failure().example.client.port, 40);
    EXPECT_EQ(failure().idle_least, 1 * second);
    EXPECT_EQ(failure().idle_most, 40 * second);
}

TEST_F(FailureBookTest, SomeOutcomesAreFailuresInMassesOnly) {
    const auto close_without_answer = [&](tally::Time when) {
        accepted(when);
        failed(when, Outcome::closed_without_response);
    };
    for (tally::Time i = 0; i < 19; ++i) close_without_answer(i * second);
    EXPECT_EQ(book.of_service(service), nullptr);
    EXPECT_EQ(book.in_mass(service), nullptr);
    close_without_answer(19 * second);
    ASSERT_NE(book.in_mass(service), nullptr);
    EXPECT_EQ(book.in_mass(service)->since, start);
    EXPECT_EQ(book.in_mass(service)->clients.count(), 1u);
    for (tally::Time i = 0; i < 21; ++i) accepted(20 * second + i);
    EXPECT_EQ(book.in_mass(service), nullptr) << "less than half of what it accepts";
}

TEST_F(FailureBookTest, WhatFailsInMassesTellsMoreThanTheOddFailureBesideIt) {
    failed(0, Outcome::blackholed);
    EXPECT_EQ(book.of_service(service), book.why_fails(service));
    for (tally::Time i = 1; i < 31; ++i) {
        accepted(i * second);
        failed(i * second, Outcome::reset_by_device);
    }
    ASSERT_NE(book.why_fails(service), nullptr);
    EXPECT_EQ(book.why_fails(service)->cause(), Outcome::reset_by_device);
    for (tally::Time i = 31; i < 80; ++i) failed(i * second, Outcome::blackholed);
    ASSERT_NE(book.why_fails(service), nullptr);
    EXPECT_EQ(book.why_fails(service)->cause(), Outcome::blackholed);
}

TEST_F(FailureBookTest, CountsTheNeighboursThatFailToo) {
    IntervalData data(tally::interval_of(start));
    data.judged(endpoint(1, 1), endpoint(200, 80), Outcome::refused_by_device, start);
    data.judged(endpoint(1, 2), endpoint(200, 81), Outcome::refused, start + 1);
    data.judged(endpoint(1, 3), endpoint(201, 80), Outcome::refused_by_device, start + 2);
    follow(data);
    EXPECT_EQ(book.failing_services(address(200)), 2u);
    EXPECT_EQ(book.failing_services(address(201)), 1u);
    EXPECT_EQ(book.failing_services(address(202)), 0u);
    EXPECT_EQ(book.hosts_rejected_by_devices(), 2u);
    failed(second, Outcome::refused, 2);  // another port of 200, by a client that is no scanner yet: counted anew
    EXPECT_EQ(book.failing_services(address(200)), 3u);
}

TEST_F(FailureBookTest, AFailureThatBeginsAnewGivesItsSketchesBack) {
    config::Settings::Registry one = settings();
    one.sketches = 2;  // of the service, and of its host
    FailureBook small(one);
    for (int round = 0; round < 3; ++round) {
        const tally::Time when = start + static_cast<tally::Time>(round) * 1000 * second;
        IntervalData many(tally::interval_of(when));
        for (std::uint32_t client = 1; client <= 40; ++client)
            many.judged(endpoint(client, 1), service, Outcome::refused, when + client);
        small.follow(many.interval, scanners);
        EXPECT_FALSE(small.of_service(service)->clients.is_saturated()) << "round " << round;
        IntervalData well(tally::interval_of(when + 100 * second));
        well.accepted(endpoint(1, 1), service, when + 100 * second);
        small.follow(well.interval, scanners);
    }
}

TEST_F(FailureBookTest, IsBoundedAndKeepsWhatFailsMost) {
    for (int i = 0; i < 50; ++i) failed(static_cast<tally::Time>(i) * second);
    for (std::uint32_t host = 1000; host < 1500; ++host) {
        IntervalData data(tally::interval_of(start + 100 * second));
        data.judged(endpoint(host, 1), endpoint(host, 80), Outcome::refused, start + 100 * second);
        follow(data);
    }
    EXPECT_EQ(book.services().size(), 256u);
    EXPECT_EQ(book.services().overflowed(), 501u - 256u);
    ASSERT_NE(book.of_service(service), nullptr);
    EXPECT_EQ(failure().failed, 50u);
}

}  // namespace
}  // namespace rstwatch::control
