// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/header_prediction.h"

#include <random>

#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

/// Established, the client has sent 10 bytes, the server 20, all is acknowledged.
Connection usual() {
    return Life(">S,ts <SA >A >PA:10,id=7 <PA:20 >A,id=8").connection;
}

Segment next_of(const Connection& connection, Side from, std::uint32_t payload) {
    Segment segment;
    segment.time = connection.last_seen + millisecond;
    segment.from = from;
    segment.flags = packet::tcp_flag::ack | (payload > 0 ? packet::tcp_flag::psh : 0);
    segment.ttl = 64;
    segment.window = 1000;
    segment.sequence = connection.next[tally::index(from)];
    segment.acknowledgement = connection.next[1 - tally::index(from)];
    segment.payload_length = payload;
    return segment;
}

/// Whether it is predicted; and then, that step() says the same.
bool is_predicted(const Connection& connection, const Segment& segment, const Limits& limits = default_limits) {
    Connection predicted = connection, stepped = connection;
    if (!predict(predicted, segment, limits)) {
        EXPECT_TRUE(predicted == connection) << "what is not predicted is left as it was";
        return false;
    }
    EXPECT_EQ(step(stepped, segment, limits), Step::taken);
    EXPECT_TRUE(predicted == stepped);
    return true;
}

TEST(HeaderPrediction, TakesDataAndAcknowledgementsOfBothSides) {
    for (const Side side : {Side::client, Side::server}) {
        EXPECT_TRUE(is_predicted(usual(), next_of(usual(), side, 1460)));
        EXPECT_TRUE(is_predicted(usual(), next_of(usual(), side, 0)));
    }
    EXPECT_TRUE(is_predicted(Life(">A <A >PA:10 <PA:20").connection,
                             next_of(Life(">A <A >PA:10 <PA:20").connection, Side::client, 5)))
        << "of a connection that began before it could be seen, too";
}

TEST(HeaderPrediction, TakesWhatLiesJustWithinItsLimits) {
    Connection connection = usual();
    Segment segment = next_of(connection, Side::client, 1);
    segment.time = connection.last_seen + default_limits.gap - 1;
    EXPECT_TRUE(is_predicted(connection, segment));
    segment = next_of(connection, Side::client, 1);
    segment.acknowledgement = connection.acked[0];
    connection.next[1] += largest_window - (connection.next[1] - connection.acked[0]);
    EXPECT_TRUE(is_predicted(connection, segment)) << "a window of 1 GiB is unacknowledged";
    segment.payload_length = largest_window;
    EXPECT_TRUE(is_predicted(connection, segment));
    connection = usual();
    connection.isn[0] = connection.next[0];
    EXPECT_TRUE(is_predicted(connection, next_of(connection, Side::client, 1)));
}

TEST(HeaderPrediction, KnowsEachSidesOwnDistance) {
    for (const Phase phase : {Phase::established, Phase::midstream})
        for (const Side side : {Side::client, Side::server}) {
            Connection connection = usual();
            connection.phase = phase;
            connection.ttl = {255, 255};
            connection.ttl[tally::index(side)] = 0;
            EXPECT_FALSE(is_predicted(connection, next_of(connection, side, 10))) << "its first packet";
            connection.ttl[tally::index(side)] = 1;
            Segment segment = next_of(connection, side, 10);
            segment.ttl = 1;
            EXPECT_TRUE(is_predicted(connection, segment));
        }
}

/// What has another meaning than data in order, by the change that makes it so.
TEST(HeaderPrediction, LeavesEverythingElseToTheStateMachine) {
    const auto left = [](auto change, const Limits& limits = default_limits) {
        Connection connection = usual();
        Segment segment = next_of(connection, Side::client, 10);
        change(connection, segment);
        return !is_predicted(connection, segment, limits);
    };
    for (const std::uint8_t flags :
         {packet::tcp_flag::fin, packet::tcp_flag::syn, packet::tcp_flag::rst, packet::tcp_flag::urg})
        EXPECT_TRUE(left([&](Connection&, Segment& s) { s.flags |= flags; })) << int{flags};
    EXPECT_TRUE(left([](Connection&, Segment& s) { s.flags = packet::tcp_flag::psh; }));
    EXPECT_TRUE(left([](Connection&, Segment& s) { ++s.sequence; }));
    EXPECT_TRUE(left([](Connection&, Segment& s) { --s.sequence; }));
    EXPECT_TRUE(left([](Connection&, Segment& s) { ++s.acknowledgement; }));
    EXPECT_TRUE(left([](Connection& c, Segment& s) { s.acknowledgement = c.acked[0] - 1; }));
    EXPECT_TRUE(left([](Connection& c, Segment&) { c.next[1] = c.acked[0] + largest_window + 1; }));
    EXPECT_TRUE(left(
        [](Connection& c, Segment& s) { s.acknowledgement -= c.acked[0], c.next[1] -= c.acked[0], c.acked[0] = 0; }));
    EXPECT_TRUE(left([](Connection& c, Segment& s) {
        c.acked[1] = c.next[0] + 1;
        s.payload_length = 1;
    })) << "a keepalive: its byte has been acknowledged before it was seen";
    EXPECT_TRUE(left([](Connection&, Segment& s) { s.window = 0; }));
    EXPECT_TRUE(left([](Connection&, Segment& s) { s.payload_length = largest_window + 1; }));
    EXPECT_TRUE(left([](Connection& c, Segment&) { c.isn[0] = c.next[0] + 10; })) << "4 GiB have been sent";
    EXPECT_TRUE(left([](Connection& c, Segment& s) { s.time = c.last_seen + default_limits.gap; }));
    EXPECT_TRUE(left([](Connection& c, Segment&) { c.ttl[0] = 0; }));
    for (const Phase phase : {Phase::syn_sent, Phase::syn_received, Phase::closed, Phase::reset, Phase::unsolicited})
        EXPECT_TRUE(left([&](Connection& c, Segment&) { c.phase = phase; })) << static_cast<int>(phase);
    EXPECT_TRUE(left([](Connection& c, Segment&) { c.verdict = static_cast<std::uint8_t>(Outcome::blackholed); }));
    for (const std::uint16_t fact : {flow::zero_window, flow::probing, flow::after_gap, flow::after_long_gap})
        for (const Side side : {Side::client, Side::server})
            EXPECT_TRUE(left([&](Connection& c, Segment&) { c.set_flow(side, fact); })) << fact;
    EXPECT_TRUE(left([](Connection& c, Segment&) { c.flow |= flow::in_part; }));
    for (const std::uint32_t side : {seen::client_packet, seen::server_packet})
        EXPECT_TRUE(left([&](Connection& c, Segment&) { c.seen &= ~side; })) << side;
    for (const std::size_t side : {0u, 1u})
        EXPECT_TRUE(left([&](Connection& c, Segment&) { c.repeats[side] = 1; })) << side;
    Limits control = default_limits;
    control.every_segment = false;
    EXPECT_TRUE(left([](Connection&, Segment&) {}, control));
}

/// Connections in every state that segments lead to, and segments around every number that is compared with.
TEST(HeaderPrediction, SaysWhatTheStateMachineSays) {
    std::mt19937 random(1);
    const auto one_of = [&](std::initializer_list<std::uint32_t> choices) {
        return choices.begin()[random() % choices.size()];
    };
    std::uint64_t predicted = 0;
    for (int life = 0; life < 20'000; ++life) {
        Connection connection = usual();
        for (int i = 0; i < 20; ++i) {
            Segment segment =
                next_of(connection, random() % 2 == 0 ? Side::client : Side::server, one_of({0, 0, 1, 10, 1460}));
            segment.time += one_of({0, 1000, 1'000'000, 4'998'999, 4'999'000, 130'000'000});
            segment.window = static_cast<std::uint16_t>(one_of({1000, 1000, 1000, 1000, 0}));
            segment.ip_id = static_cast<std::uint16_t>(one_of({0, 1, 7, 8, 72, 73}));
            segment.flags |= static_cast<std::uint8_t>(random() % 40 == 0 ? one_of({1, 4, 32}) : 0);
            segment.sequence += one_of({0, 0, 0, 0, 0, 0, 1, ~0u, 10, ~9u});
            segment.acknowledgement += one_of({0, 0, 0, 0, ~0u, ~9u, ~1459u, 1});
            if (is_predicted(connection, segment)) ++predicted;
            if (step(connection, segment, default_limits) == Step::new_attempt) break;
        }
    }
    EXPECT_GT(predicted, 20'000u);
}

}  // namespace
}  // namespace rstwatch::tcp
