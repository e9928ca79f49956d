// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/record.h"

#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

namespace flag = tally::record_flag;

tally::AttemptRecord record(std::string_view script) {
    const Life life(script);
    return record_of(life.connection, outcome_as_it_stands(life.connection));
}

TEST(Record, CountsPayloadWithoutSynAndFin) {
    const auto bytes = [](std::string_view script) {
        const tally::AttemptRecord made = record(script);
        return std::pair(made.client_bytes, made.server_bytes);
    };
    using Bytes = std::pair<std::uint64_t, std::uint64_t>;
    EXPECT_EQ(bytes(">S"), Bytes(0, 0));
    EXPECT_EQ(bytes(">S:10"), Bytes(10, 0));
    EXPECT_EQ(bytes(">S <SA >A"), Bytes(0, 0));
    EXPECT_EQ(bytes(">S <SA >A >PA:10 <PA:20"), Bytes(10, 20));
    EXPECT_EQ(bytes(">S <SA >A >PA:10 <PA:20 >FA <FA"), Bytes(10, 20));
    EXPECT_EQ(bytes(">S <SA >A >FA:3 <FA:4"), Bytes(3, 4));
    EXPECT_EQ(bytes("C=4294967290 V=4294967290 >S <SA >A >PA:10 <PA:20"), Bytes(10, 20));
    EXPECT_EQ(bytes(">PA:10 <PA:20"), Bytes(10, 20));
    EXPECT_EQ(bytes(">PA:10 <PA:20 >PA:5 <PA:7"), Bytes(15, 27));
    EXPECT_EQ(bytes(">S >A <PA:10,s+20"), Bytes(0, 30));  // its SYN-ACK and first data were missed
    EXPECT_EQ(bytes("<SA"), Bytes(0, 0));
    EXPECT_EQ(bytes(">S <SA >A >PA:10 >PA:10,s-10 >PA:10,s-5"), Bytes(15, 0));
}

TEST(Record, CountsPastFourGibibytes) {
    Life life(">S <SA >A");
    Segment segment;
    segment.flags = packet::tcp_flag::ack;
    segment.payload_length = largest_window;
    for (int i = 0; i < 9; ++i) {
        segment.sequence = life.connection.next[0];
        (void)step(life.connection, segment, default_limits);
    }
    EXPECT_EQ(record_of(life.connection, Outcome::open).client_bytes, std::uint64_t{9} << 30);
}

TEST(Record, CopiesWhatWasSeen) {
    Life life(">S +1s >S !3/13");
    Connection& c = life.connection;
    c.client.port = 40000;
    c.server.port = 80;
    c.vlan = {10, 20};
    c.vlan_count = 2;
    c.domain = 0x10005;
    c.tunnel = tally::Tunnel::geneve;
    const tally::AttemptRecord made = record_of(c, Outcome::icmp_rejected);
    EXPECT_EQ(made.client.port, 40000);
    EXPECT_EQ(made.server.port, 80);
    EXPECT_EQ(made.vlan, (std::array<std::uint16_t, 2>{10, 20}));
    EXPECT_EQ(made.vlan_count, 2);
    EXPECT_EQ(made.domain, 0x10005U);
    EXPECT_EQ(made.tunnel, tally::Tunnel::geneve);
    EXPECT_EQ(made.syn_count, 2);
    EXPECT_EQ(made.rst_count, 0);
    EXPECT_EQ(made.icmp_type, 3);
    EXPECT_EQ(made.icmp_code, 13);
    EXPECT_TRUE(made.icmp_seen);
    EXPECT_EQ(tally::to_string(made.icmp_from), "10.0.0.254");
    EXPECT_EQ(made.outcome, Outcome::icmp_rejected);
    EXPECT_EQ(made.zeek_state, tally::ZeekState::S0);
    EXPECT_EQ(made.start, life_start);
    EXPECT_EQ(made.end, life_start + tally::second);
    EXPECT_EQ(made.decided, life_start + tally::second);
}

TEST(Record, DescribesTheReset) {
    const tally::AttemptRecord made = record(">S +1s <RA,s=0 +1s >S <RA,s=0");
    EXPECT_EQ(made.rst_count, 2);
    EXPECT_EQ(made.syn_count, 2);
    EXPECT_EQ(made.rst_by, tally::RstBy::server);
    EXPECT_EQ(made.rst_shape, tally::RstShape::no_socket);
    EXPECT_EQ(made.decided, life_start + tally::second);
    EXPECT_EQ(made.end, life_start + 2 * tally::second);
    EXPECT_FALSE(made.icmp_seen);
}

TEST(Record, ResetsDoNotSayHowFarAwayASideIs) {
    const auto ttls = [](std::string_view script) {
        const tally::AttemptRecord made = record(script);
        return std::pair<int, int>(made.client_ttl, made.server_ttl);
    };
    using Ttls = std::pair<int, int>;
    EXPECT_EQ(ttls(">S <RA,s=0,ttl=40"), Ttls(64, 0));
    EXPECT_EQ(ttls("<RA,s=0,ttl=40"), Ttls(0, 0));
    EXPECT_EQ(ttls("<RA,s=0,ttl=40 >S"), Ttls(64, 0));  // the SYN that it answers was overtaken
    EXPECT_EQ(ttls("<RA,s=0,ttl=40 >S <SA >A"), Ttls(64, 60));
}

TEST(Record, SaysForHowLongItHadBeenSilent) {
    const auto idle = [](std::string_view script) { return record(script).idle; };
    EXPECT_EQ(idle(">S <SA >A >PA:10 <PA:20 +4s >PA:10 <R"), 0u) << "less than a gap";
    EXPECT_EQ(idle(">S <SA >A >PA:10 <PA:20 +350s >PA:10 <R"), 350 * tally::second);
    EXPECT_EQ(idle(">S <SA >A >PA:10 <PA:20 +350s >PA:10 +6s >PA:10,s-10 <R"), 350 * tally::second)
        << "said again, it is the same silence";
    EXPECT_EQ(idle(">S <SA >A >PA:10 <PA:20 +350s >PA:10 <PA:20 +20s >PA:10 <R"), 20 * tally::second) << "the last one";
    EXPECT_EQ(idle(">S <SA >A >PA:10 <PA:20 +5s <R,ttl=40"), 5 * tally::second) << "a device broke it";
    EXPECT_EQ(idle(">S <SA >A >PA:10 <PA:20 +1000000s >PA:10 <R"), 1'000'000 * tally::second);
    EXPECT_EQ(idle(">S <SA >A >PA:10 <PA:20 +5000000s >PA:10 <R"), 4'294'967'295 * (tally::second / 1000))
        << "49 days, or more";
}

TEST(Record, UndecidedIsDatedByItsLastPacket) {
    EXPECT_EQ(record(">S <SA +1s >A +1s >PA:1 +1s").decided, life_start + 2 * tally::second);
}

TEST(Record, FlagsFollowFacts) {
    const auto flags = [](std::uint32_t facts) {
        Connection connection;
        connection.seen = facts;
        return record_of(connection, Outcome::open).flags;
    };
    EXPECT_EQ(flags(0), 0);
    EXPECT_EQ(flags(seen::injected), flag::injected);
    EXPECT_EQ(flags(seen::rst_ignored), flag::rst_ignored);
    EXPECT_EQ(flags(seen::gap), flag::gap);
    EXPECT_EQ(flags(seen::server_syn), flag::simultaneous_open);
    EXPECT_EQ(flags(seen::tfo), flag::tfo);
    EXPECT_EQ(flags(seen::half_open_reset), flag::half_open_reset);
    EXPECT_EQ(flags(seen::slow_answer), flag::slow_answer);
    EXPECT_EQ(flags(seen::accepted), flag::accepted);
    EXPECT_EQ(flags(seen::evicted), flag::evicted);
    EXPECT_EQ(flags(seen::final_ack | seen::client_packet), flag::one_way);
    EXPECT_EQ(flags(seen::final_ack | seen::server_packet), flag::one_way);
    EXPECT_EQ(flags(seen::final_ack | seen::client_packet | seen::server_packet), 0);
    EXPECT_EQ(flags(seen::client_packet), 0);
    EXPECT_EQ(flags(seen::rst_doubtful | seen::modern_syn | seen::bad_synack), 0);
}

}  // namespace
}  // namespace rstwatch::tcp
