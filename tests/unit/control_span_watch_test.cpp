// SPDX-License-Identifier: Apache-2.0
#include "control/classify/span_watch.h"

#include <gtest/gtest.h>

#include "control/registry/registry.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Side;
using test::endpoint;

MergedInterval interval_of(tally::Interval number, std::uint64_t two_sided, std::int64_t of_clients,
                           std::int64_t of_servers, std::uint64_t tcp = 0, std::uint64_t duplicates = 0) {
    MergedInterval interval;
    interval.interval = number;
    interval.outcomes.two_sided = two_sided;
    interval.outcomes.one_sided = {of_clients, of_servers};
    interval.packets.by_class[static_cast<std::size_t>(tally::PacketClass::tcp)] = tcp;
    interval.packets.duplicates = duplicates;
    return interval;
}

SpanFacts facts_of(const MergedInterval& interval) {
    SpanWatch watch(true);
    watch.add(interval);
    return watch.facts({});
}

TEST(SpanWatch, NothingSeenIsNothingWrong) {
    const SpanFacts facts = SpanWatch(true).facts({});
    EXPECT_FALSE(facts.one_way);
    EXPECT_FALSE(facts.duplicated);
    EXPECT_EQ(facts.text, "");
    EXPECT_EQ(facts_of(interval_of(1, 100, 0, 0, 1000, 0)).text, "");
}

TEST(SpanWatch, ConnectionsThatLiveWithoutAnswersShowAOneWaySpan) {
    const SpanFacts clients = facts_of(interval_of(1, 0, 1, 0));
    EXPECT_TRUE(clients.one_way);
    EXPECT_TRUE(clients.shows_clients_only());
    EXPECT_NE(clients.text.find("1 connection lives on though no packet of the server's side was seen"),
              std::string::npos)
        << clients.text;
    EXPECT_NE(clients.text.find("cannot be told apart"), std::string::npos);
    EXPECT_NE(clients.text.find("Mirror both directions"), std::string::npos);

    const SpanFacts servers = facts_of(interval_of(1, 5, 0, 100));
    EXPECT_TRUE(servers.one_way);
    EXPECT_EQ(servers.only_side, Side::server);
    EXPECT_FALSE(servers.shows_clients_only());
    EXPECT_NE(servers.text.find("of 100 connections no packet of the client's side"), std::string::npos);

    const SpanFacts mixed = facts_of(interval_of(1, 0, 60, 40));
    EXPECT_TRUE(mixed.one_way);
    EXPECT_EQ(mixed.only_side, std::nullopt);
    EXPECT_NE(mixed.text.find("60 clients and 40 servers"), std::string::npos) << mixed.text;
}

TEST(SpanWatch, AnswersToNobodyShowAOneWaySpan) {
    EXPECT_FALSE(SpanWatch(true).facts({}, 2).one_way) << "two may answer forged SYNs";
    const SpanFacts facts = SpanWatch(true).facts({}, 3);
    EXPECT_TRUE(facts.one_way);
    EXPECT_EQ(facts.only_side, Side::server);
    EXPECT_NE(facts.text.find("of 3 connections no packet of the client's side was seen"), std::string::npos)
        << facts.text;
}

TEST(SpanWatch, MoreThanOneInTwentyBothWaysIsNoOneWaySpan) {
    EXPECT_TRUE(facts_of(interval_of(1, 5, 100, 0)).one_way);
    EXPECT_FALSE(facts_of(interval_of(1, 6, 100, 0)).one_way);
    EXPECT_FALSE(facts_of(interval_of(1, 50, 50, 0)).one_way);
}

TEST(SpanWatch, ConnectionsWhoseOtherSideAppearsMoveOver) {
    SpanWatch watch(true);
    watch.add(interval_of(1, 0, 10, 0));
    EXPECT_TRUE(watch.facts({}).one_way);
    watch.add(interval_of(2, 10, -10, 0));
    EXPECT_FALSE(watch.facts({}).one_way);
    EXPECT_EQ(watch.facts({}).one_sided[0], 0u);
}

TEST(SpanWatch, CopiesShowADoubledSpan) {
    EXPECT_FALSE(facts_of(interval_of(1, 1, 0, 0, 18, 9)).duplicated) << "too few to tell";
    EXPECT_FALSE(facts_of(interval_of(1, 1, 0, 0, 1000, 199)).duplicated);
    const SpanFacts facts = facts_of(interval_of(1, 1, 0, 0, 1000, 480));
    EXPECT_TRUE(facts.duplicated);
    EXPECT_NE(facts.text.find("480 of 1000 TCP packets (48 %)"), std::string::npos) << facts.text;
    EXPECT_NE(facts.text.find("ingress or egress"), std::string::npos);
}

TEST(SpanWatch, LiveOnlyTheLastTenMinutesCount) {
    SpanWatch live(false), replay(true);
    for (tally::Interval second = 6000; second < 6060; ++second)
        for (SpanWatch* watch : {&live, &replay}) watch->add(interval_of(second, 0, 1, 0, 100, 50));
    EXPECT_TRUE(live.facts({}).one_way);
    EXPECT_EQ(live.facts({}).window, 600u);
    EXPECT_EQ(replay.facts({}).window, std::nullopt);
    for (SpanWatch* watch : {&live, &replay}) watch->add(interval_of(6000 + 540, 1, 0, 0, 10, 0));
    EXPECT_TRUE(live.facts({}).duplicated);
    for (SpanWatch* watch : {&live, &replay}) watch->add(interval_of(6000 + 600, 2, 0, 0, 10, 0));
    EXPECT_FALSE(live.facts({}).one_way);
    EXPECT_FALSE(live.facts({}).duplicated);
    EXPECT_EQ(live.facts({}).two_sided, 3u);
    EXPECT_TRUE(replay.facts({}).one_way) << "of a capture the whole is judged";
}

TEST(SpanWatch, DestinationsThatAreNeverHeardMakeTheSpanSuspect) {
    Registry registry{config::Settings::Registry{}};
    SpanWatch watch(true);
    watch.add(interval_of(1, 1000, 3, 0));
    test::IntervalData data(1);
    data.accepted(endpoint(1, 1), endpoint(20, 80), 1).from_hops(3);
    data.accepted(endpoint(1, 1), endpoint(30, 80), 1);
    data.accepted(endpoint(1, 1), endpoint(31, 80), 1);
    data.ended(endpoint(1, 1), endpoint(40, 80), tally::Outcome::unanswered, 1);
    registry.add(data.interval);
    EXPECT_EQ(registry.unheard().count, 2u);
    EXPECT_EQ(watch.facts(registry.unheard()).text, "") << "two may have lost a packet";
    test::IntervalData more(2);
    more.accepted(endpoint(1, 1), endpoint(32, 80), 1);
    registry.add(more.interval);
    const std::string text = watch.facts(registry.unheard()).text;
    EXPECT_NE(text.find("3 destinations, 10.0.0.30:80 among them"), std::string::npos) << text;
    test::IntervalData answer(3);
    answer.judged(endpoint(1, 1), endpoint(30, 80), tally::Outcome::closed, 1).from_hops(2);
    registry.add(answer.interval);
    EXPECT_EQ(registry.unheard().count, 2u);
}

}  // namespace
}  // namespace rstwatch::control
