// SPDX-License-Identifier: Apache-2.0
// Deadlines, ICMP errors and the end of a capture: dataplane/tcp/expiry.cpp.
#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

namespace flag = tally::record_flag;
using enum Phase;
using enum tally::ZeekState;
using O = Outcome;

class Deadline : public testing::TestWithParam<Play> {};
TEST_P(Deadline, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Expiry, Deadline,
    testing::ValuesIn(std::vector<Play>{
        {"UnansweredNotYet", ">S +2999999us", syn_sent, undecided, S0},
        {"UnansweredProvisionally", ">S +3s", syn_sent, O::unanswered, S0},
        {"UnansweredNotYetFinally", ">S +74999999us", syn_sent, O::unanswered, S0},
        {"UnansweredFinally", ">S +75s", finished, O::unanswered, S0, 0, {O::unanswered}},
        {"UnansweredRemembered", ">S +134999999us", finished, O::unanswered, S0, 0, {O::unanswered}},
        {"UnansweredForgotten", ">S +135s", Phase::none, undecided, OTH, 0, {O::unanswered}},
        {"UnansweredCountsFromTheLastSyn", ">S +1s >S +74999999us", syn_sent, O::unanswered, S0},
        {"UnansweredFromTheLastSyn", ">S +1s >S +75s", finished, O::unanswered, S0, 0, {O::unanswered}},
        {"UnansweredFromALateSyn", ">S +35s >S +74999999us", syn_sent, O::unanswered, S0},
        {"UnansweredFromALateSynFinally", ">S +35s >S +75s", finished, O::unanswered, S0, 0, {O::unanswered}},
        {"ProvisionalCountsFromTheFirstSyn", ">S +2s >S +1s", syn_sent, O::unanswered, S0},
        {"HandshakeIncompleteNotYet", ">S +2s <SA +2999999us", syn_received, undecided, S1},
        {"HandshakeIncompleteProvisionally", ">S +2s <SA +3s", syn_received, O::handshake_incomplete, S1},
        {"HandshakeIncompleteNotYetFinally", ">S +2s <SA +63999999us", syn_received, O::handshake_incomplete, S1},
        {"HandshakeIncompleteFinally",
         ">S +2s <SA +64s",
         finished,
         O::handshake_incomplete,
         S1,
         0,
         {O::handshake_incomplete}},
        {"HandshakeIncompleteCountsFromTheFirstSynAck",
         ">S <SA +10s <SA +54s",
         finished,
         O::handshake_incomplete,
         S1,
         0,
         {O::handshake_incomplete}},
        {"RefusedNotYetFinally", ">S <RA,s=0 +2999999us", reset, O::refused, REJ},
        {"RefusedFinally", ">S <RA,s=0 +3s", finished, O::refused, REJ, 0, {O::refused}},
        {"RefusedRemembered", ">S <RA,s=0 +62999999us", finished, O::refused, REJ, 0, {O::refused}},
        {"RefusedForgotten", ">S <RA,s=0 +63s", Phase::none, undecided, OTH, 0, {O::refused}},
        {"ClosedNotYetFinally", ">S <SA >A >FA <FA +59999999us", closed, O::closed, SF},
        {"ClosedFinally", ">S <SA >A >FA <FA +60s", Phase::none, undecided, OTH, 0, {O::closed}},
        {"EstablishedNever", ">S <SA >A +100000s", established, undecided, S1},
        {"UnsolicitedNotYet", "<SA +2999999us", unsolicited, undecided, OTH},
        {"UnsolicitedFinally", "<SA +3s", Phase::none, undecided, OTH, 0, {O::unsolicited}},

        {"IcmpRejected", ">S !3/1", syn_sent, O::icmp_rejected, S0},
        {"IcmpRejectedFinally", ">S !3/1 +75s", finished, O::icmp_rejected, S0, 0, {O::icmp_rejected}},
        {"IcmpRejectedNotYetFinally", ">S !3/1 +74999999us", syn_sent, O::icmp_rejected, S0},
        {"IcmpAfterProvisional", ">S +3s !3/13", syn_sent, O::icmp_rejected, S0},
        {"IcmpThenSynAgain", ">S !3/1 +1s >S +74999999us", syn_sent, O::icmp_rejected, S0},
        {"IcmpThenSynAck", ">S !3/1 <SA", syn_received, undecided, S1, flag::slow_answer},
        {"IcmpThenRefusal", ">S !3/1 <RA,s=0", reset, O::refused, REJ},
        {"IcmpThenCancellation", ">S !3/1 >R", reset, O::client_cancelled, RSTOS0},
        {"IcmpThenNewSyn", ">S !3/1 >S,isn=9000", syn_sent, undecided, S0, 0, {O::icmp_rejected}},
        {"IcmpAfterSynAck", ">S <SA !3/1", syn_received, undecided, S1},
        {"IcmpAfterHandshake", ">S <SA >A !3/1", established, undecided, S1},
        {"IcmpAfterRefusal", ">S <RA,s=0 !3/1", reset, O::refused, REJ},
        {"IcmpOfSomethingElse", ">S !3/1,q+1", syn_sent, undecided, S0},
        {"IcmpOfTheServersSegment", "C=5000 >S !<3/1", syn_sent, undecided, S0},
        {"IcmpTimeExceeded", ">S !11/0", syn_sent, undecided, S0},
        {"IcmpTypeOneOfVersionFour", ">S !1/0", syn_sent, undecided, S0},
        {"IcmpV6Unreachable", ">S !v6:1/4", syn_sent, O::icmp_rejected, S0},
        {"IcmpV6TimeExceeded", ">S !v6:3/0", syn_sent, undecided, S0},
    }),
    name_of);

TEST(Expiry, VerdictsAreDatedByTheirDeadlines) {
    EXPECT_EQ(Life(">S +50s").connection.verdict_time, life_start + 3 * tally::second);
    EXPECT_EQ(Life(">S +2s <SA +50s").connection.verdict_time, life_start + 5 * tally::second);
    EXPECT_EQ(Life(">S +100s").connection.verdict_time, life_start + 3 * tally::second);
    EXPECT_EQ(Life(">S +1s !3/1 +100s").connection.verdict_time, life_start + tally::second);
    EXPECT_EQ(Life(">S +1s <RA,s=0 +10s").connection.verdict_time, life_start + tally::second);
}

TEST(Expiry, DeadlinesOfEachPhase) {
    EXPECT_EQ(Life(">S").due(), 3 * tally::second);
    EXPECT_EQ(Life(">S +1s >S").due(), 3 * tally::second);
    EXPECT_EQ(Life(">S +4s").due(), 75 * tally::second);
    EXPECT_EQ(Life(">S +4s >S").due(), 79 * tally::second);
    EXPECT_EQ(Life(">S +75s").due(), 135 * tally::second);
    EXPECT_EQ(Life(">S +1s !3/1").due(), 75 * tally::second);
    EXPECT_EQ(Life(">S !3/1 +1s >S").due(), 76 * tally::second);
    EXPECT_EQ(Life(">S +1s <SA").due(), 4 * tally::second);
    EXPECT_EQ(Life(">S +1s <SA +4s").due(), 65 * tally::second);
    EXPECT_EQ(Life(">S <SA >A").due(), std::nullopt);
    EXPECT_EQ(Life(">S <SA >A >FA +1s <FA").due(), 61 * tally::second);
    EXPECT_EQ(Life(">A").due(), std::nullopt);
    EXPECT_EQ(Life(">FA +1s <FA").due(), 61 * tally::second);
    EXPECT_EQ(Life("<SA").due(), 3 * tally::second);
    EXPECT_EQ(Life("<SA +1s >A").due(), std::nullopt);
}

TEST(Expiry, TellsTheCallerWhatToDo) {
    const auto expiry = [](std::string_view script) {
        Life life(script);
        return expire(life.connection, default_limits);
    };
    EXPECT_EQ(expiry(">S"), Expiry::goes_on);
    EXPECT_EQ(expiry(">S +3s"), Expiry::final);
    EXPECT_EQ(expiry(">S <SA"), Expiry::goes_on);
    EXPECT_EQ(expiry(">S <SA +3s"), Expiry::final);
    EXPECT_EQ(expiry(">S <RA,s=0"), Expiry::final);
    EXPECT_EQ(expiry(">S <SA >A >FA <FA"), Expiry::final_gone);
    EXPECT_EQ(expiry(">S <RA,s=0 +3s"), Expiry::gone);
    EXPECT_EQ(expiry("<SA"), Expiry::final_gone);
    EXPECT_EQ(expiry(">A <R"), Expiry::final_gone);
    EXPECT_EQ(expiry(">FA <FA"), Expiry::final_gone);
}

TEST(Expiry, IcmpErrorLeavesItsEvidence) {
    const Life life(">S +1s !3/13");
    const Connection& c = life.connection;
    EXPECT_EQ(tally::to_string(c.icmp_from), "10.0.0.254");
    EXPECT_EQ(c.icmp_type, 3);
    EXPECT_EQ(c.icmp_code, 13);
    EXPECT_TRUE(c.has(seen::icmp));
    EXPECT_EQ(c.last_seen, life_start + tally::second);
    EXPECT_EQ(c.verdict_time, life_start + tally::second);
    EXPECT_FALSE(Life(">S <SA !3/13").connection.has(seen::icmp));
}

TEST(Expiry, OutcomeAsItStands) {
    const auto outcome = [](std::string_view script) { return outcome_as_it_stands(Life(script).connection); };
    EXPECT_EQ(outcome(">S"), O::undetermined);
    EXPECT_EQ(outcome(">S <SA"), O::undetermined);
    EXPECT_EQ(outcome(">S +3s"), O::unanswered);
    EXPECT_EQ(outcome(">S <SA +3s"), O::handshake_incomplete);
    EXPECT_EQ(outcome(">S !3/1"), O::icmp_rejected);
    EXPECT_EQ(outcome(">S <SA >A"), O::open);
    EXPECT_EQ(outcome(">S <SA >A >FA"), O::open);
    EXPECT_EQ(outcome(">S <SA >A >FA <FA"), O::closed);
    EXPECT_EQ(outcome(">S <RA,s=0"), O::refused);
    EXPECT_EQ(outcome(">S <SA >A <R,s+99"), O::reset_before_data_by_server);
    EXPECT_EQ(outcome("<SA"), O::unsolicited);
    EXPECT_EQ(outcome(">F"), O::unsolicited);
    EXPECT_EQ(outcome(">A"), O::midstream);
    EXPECT_EQ(outcome(">A <R"), O::unsolicited);
    EXPECT_EQ(outcome(">S <RA,s=0 +3s"), O::refused);
}

TEST(Expiry, OutcomeWhenReplaced) {
    const auto outcome = [](std::string_view script) { return outcome_when_replaced(Life(script).connection); };
    EXPECT_EQ(outcome(">S"), O::client_cancelled);
    EXPECT_EQ(outcome(">S <SA"), O::client_cancelled);
    EXPECT_EQ(outcome(">S +3s"), O::unanswered);
    EXPECT_EQ(outcome(">S <SA +3s"), O::handshake_incomplete);
    EXPECT_EQ(outcome(">S !3/1"), O::icmp_rejected);
    EXPECT_EQ(outcome(">S <SA >A"), O::open);
    EXPECT_EQ(outcome(">S <SA >A >FA <FA"), O::closed);
    EXPECT_EQ(outcome(">S <RA,s=0"), O::refused);
    EXPECT_EQ(outcome("<SA"), O::unsolicited);
    EXPECT_EQ(outcome(">A"), O::midstream);
}

}  // namespace
}  // namespace rstwatch::tcp
