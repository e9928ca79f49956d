// SPDX-License-Identifier: Apache-2.0
// Resets: dataplane/tcp/reset.cpp.
#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

namespace flag = tally::record_flag;
using enum Phase;
using enum tally::ZeekState;
using O = Outcome;
using tally::RstBy;
using tally::RstShape;

class ResetInHandshake : public testing::TestWithParam<Play> {};
TEST_P(ResetInHandshake, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Reset, ResetInHandshake,
    testing::ValuesIn(std::vector<Play>{
        {"Refused", ">S <RA,s=0", reset, O::refused, REJ},
        {"RefusedByAnAbort", ">S <RA,s=5001", reset, O::refused, REJ},
        {"RefusedAMinuteLate", ">S +1s >S +2s >S +57s <RA,s=0", reset, O::refused, REJ},
        {"RefusalOfTheSynItself", ">S <RA,s=0,a=1000", syn_sent, undecided, S0},
        {"RefusalOneTooFar", ">S <RA,s=0,a=1002", syn_sent, undecided, S0},
        {"ResetWithoutAckIsNoRefusal", ">S <R,s=0", syn_sent, undecided, S0},
        {"ForgedRefusalThenSynAck", ">S <RA,s=0,a=1000 <SA >A", established, undecided, S1},
        {"RefusalBelievedInSpiteOfASynAck", ">S <RA,s=0,ttl=40 +1s <SA >R", reset, O::refused, REJ},
        {"RefusalBelievedAtTheSecondTry", ">S <RA,s=0 <SA >R,s+70000 >R", reset, O::refused, REJ},
        {"RefusalNotBelieved", ">S <RA,s=0,ttl=40 +1s <SA >A >PA:10 <RA", reset, O::reset_without_response, RSTR,
         flag::rst_ignored | flag::slow_answer},
        {"AbortAfterARefusalWasNotBelieved", ">S <RA,s=0 <SA >RA", reset, O::client_cancelled, RSTO,
         flag::rst_ignored | flag::slow_answer},
        {"CancelledInSynSent", ">S >R", reset, O::client_cancelled, RSTOS0},
        {"AbortedInSynSent", ">S >RA", reset, O::client_cancelled, RSTOS0},
        {"InvalidAck", ">S <SA,a=2000 >R,s=2000", reset, O::invalid_ack, RSTO},
        {"InvalidAckOtherNumber", ">S <SA,a=2000 >R,s=2001", reset, O::client_cancelled, RSTO},
        {"NumberOfNoSynAck", ">S >R,s=0", reset, O::client_cancelled, RSTOS0},
        {"InvalidAckThenSynAgain", ">S <SA,a=2000 >R,s=2000 +1s >S", reset, O::invalid_ack, RSTO},
        {"InvalidFinalAck", ">S <SA >A,a=9999 <R,s=9999", reset, O::invalid_ack, RSTR},
        {"InvalidFinalAckOtherNumber", ">S <SA >A,a=9999 <R,s=9998", reset, O::handshake_incomplete, RSTR},
        {"InvalidFinalAckFromElsewhere", ">S <SA >A,a=9999 <R,s=9999,ttl=9", reset, O::invalid_ack, RSTR},
        {"NumberOfNoFinalAck", ">S <SA <R,s=0", reset, O::handshake_incomplete, RSTR},
        {"ServerResetInSynReceived", ">S <SA <R", reset, O::handshake_incomplete, RSTR},
        {"DeviceResetInSynReceived", ">S <SA <R,ttl=50", reset, O::reset_by_device, RSTR, flag::injected},
        {"OtherInitialTtlSameDistance", ">S <SA <R,ttl=124", reset, O::handshake_incomplete, RSTR},
        {"LargestInitialTtlSameDistance", ">S <SA <R,ttl=251", reset, O::handshake_incomplete, RSTR},

        {"HalfOpenScan", ">S <SA >R", reset, O::half_open_scan, RSTO, flag::half_open_reset},
        {"HalfOpenScanWithTimestamps", ">S,ts <SA >R", reset, O::client_cancelled, RSTO, flag::half_open_reset},
        {"HalfOpenScanWithWindowScale", ">S,ws <SA >R", reset, O::client_cancelled, RSTO, flag::half_open_reset},
        {"HalfOpenScanWithAck", ">S <SA >RA", reset, O::client_cancelled, RSTO},
        {"HalfOpenScanOtherNumber", ">S <SA >R,s+1", reset, O::client_cancelled, RSTO},
        {"HalfOpenScanNumberOfTheSyn", ">S <SA >R,s=1000", reset, O::client_cancelled, RSTO},
        {"HalfOpenScanTwoSyns", ">S +100ms >S <SA >R", reset, O::client_cancelled, RSTO},
        {"HalfOpenScanSynAckAtTheLimit", ">S +1s <SA >R", reset, O::half_open_scan, RSTO, flag::half_open_reset},
        {"HalfOpenScanSynAckLate", ">S +1000001us <SA >R", reset, O::client_cancelled, RSTO},
        {"HalfOpenScanResetAtTheLimit", ">S <SA +1s >R", reset, O::half_open_scan, RSTO, flag::half_open_reset},
        {"HalfOpenScanResetLate", ">S <SA +1000001us >R", reset, O::client_cancelled, RSTO},
        {"HalfOpenScanNumberGoesRound", "C=4294967295 >S <SA >R", reset, O::half_open_scan, RSTO,
         flag::half_open_reset},
        {"CancelledAfterSynAckLate", ">S <SA +4s >R", reset, O::client_cancelled, RSTO},
        {"AckAfterCancellation", ">S <SA >R >A", reset, O::half_open_scan, RSTO, flag::half_open_reset},
        {"SynAckAfterCancellationInSynReceived", ">S <SA >R <SA", reset, O::half_open_scan, RSTO,
         flag::half_open_reset},
        {"WrongSynAckAfterRefusal", ">S <RA,s=0 <SA,a=77", reset, O::refused, REJ},
        {"SynAckAfterRefusal", ">S <RA,s=0 <SA >A", established, undecided, S1, flag::slow_answer | flag::rst_ignored},
        {"SynAckAfterRefusalThenClientReset", ">S <RA,s=0 <SA >A >RA", reset, O::reset_before_data_by_client, RSTO,
         flag::slow_answer | flag::rst_ignored},
        {"ClientResetOutOfWindowInSynReceived", ">S <SA >R,s+70000 >A >PA:10 <A", established, undecided, S1,
         flag::rst_ignored},
        {"ServerResetOutOfWindowInSynReceived", ">S <SA <R,s+70000 >A >PA:10 <A", established, undecided, S1,
         flag::rst_ignored},
    }),
    name_of);

class ResetByStage : public testing::TestWithParam<Play> {};
TEST_P(ResetByStage, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Reset, ResetByStage,
    testing::ValuesIn(std::vector<Play>{
        {"ServerBeforeData", ">S <SA >A <RA", reset, O::reset_before_data_by_server, RSTR},
        {"ServerBeforeDataNoSocket", ">S <SA >A <R", reset, O::listen_overflow, RSTR},
        {"ServerWithoutResponse", ">S <SA >A >PA:10 <A <RA", reset, O::reset_without_response, RSTR},
        {"ServerAcknowledgesUnseenData", ">S <SA >A <RA,a=1003", reset, O::reset_without_response, RSTR},
        {"ServerAcknowledgesMuchUnseenData", ">S <SA >A <RA,a=1049577", reset, O::reset_without_response, RSTR},
        {"ServerAcknowledgesWhatCannotBe",
         ">S <SA >A <RA,a=1049578",
         reset,
         O::reset_before_data_by_server,
         RSTR,
         0,
         {},
         Depth::matters},
        {"ServerMidStream", ">S <SA >A >PA:10 <PA:20 <RA", reset, O::reset_mid_stream_by_server, RSTR},
        {"ServerMidStreamUnasked", ">S <SA >A <PA:20 <RA", reset, O::reset_mid_stream_by_server, RSTR},
        {"ClientBeforeData", ">S <SA >A >RA", reset, O::reset_before_data_by_client, RSTO},
        {"ClientWithoutResponse", ">S <SA >A >PA:10 >RA", reset, O::reset_without_response_by_client, RSTO},
        {"ClientAfterResponse", ">S <SA >A >PA:10 <PA:20 >RA", reset, O::reset_after_response_by_client, RSTO},
        {"ClientAfterUnaskedData", ">S <SA >A <PA:20 >RA", reset, O::reset_after_response_by_client, RSTO},
        {"ServerBeforeDataReachedIt", ">S <SA >A >PA:10 <RA,a=1001", reset, O::reset_before_data_by_server, RSTR},
        {"ServerAfterOneByte", ">S <SA >A >PA:1 <RA", reset, O::reset_without_response, RSTR},
        {"ServerThatHadAcknowledgedData",
         ">S <SA >A >PA:10 <A <RA,a=1001",
         reset,
         O::reset_without_response,
         RSTR,
         0,
         {},
         Depth::matters},
        {"ServerThatAcknowledgesNothingSensible",
         ">S <SA >A >PA:10 <RA,a=1000",
         reset,
         O::reset_without_response,
         RSTR,
         0,
         {},
         Depth::matters},
        {"ClientBeforeTheAnswerReachedIt", ">S <SA >A >PA:10 <A <PA:20 >RA,a=5001", reset,
         O::reset_without_response_by_client, RSTO},
        {"ClientBeforeTheBannerReachedIt", ">S <SA >A <PA:20 >RA,a=5001", reset, O::reset_before_data_by_client, RSTO},
        {"DeviceForServer", ">S <SA >A >PA:10 <RA,ttl=40", reset, O::reset_by_device, RSTR, flag::injected},
        {"DeviceForClient", ">S <SA >A >PA:10 >RA,ttl=40", reset, O::reset_by_device, RSTO, flag::injected},
        {"OneHopNearer", ">S <SA >A <RA,ttl=61", reset, O::reset_by_device, RSTR, flag::injected},
        {"OtherInitialTtlSameDistance", ">S <SA >A <RA,ttl=124", reset, O::reset_before_data_by_server, RSTR},
        {"NoBaselineNoDevice", ">S >A <RA,ttl=40", reset, O::reset_before_data_by_server, RSTR},

        {"ServerAfterClientFin", ">S <SA >A >FA <RA", reset, O::reset_after_fin, RSTR},
        {"ClientAfterItsFin", ">S <SA >A >FA >RA", reset, O::reset_after_fin, RSTO},
        {"ClientAfterItsFinForDataThenServerFin", ">S <SA >A >PA:10 <PA:20 >FA <A <PA:5 >R <FA", reset,
         O::reset_after_fin, SF},
        {"ClientAfterServerFin", ">S <SA >A <FA >RA", reset, O::reset_after_fin, RSTO},
        {"ServerAfterItsFin", ">S <SA >A <FA <RA", reset, O::reset_after_fin, RSTR},
        {"AfterFinFromElsewhere", ">S <SA >A >FA <RA,ttl=40", reset, O::reset_after_fin, RSTR},
        {"ServerAfterItsFinUnanswered", ">S <SA >A >PA:10 <FA <R", reset, O::closed_without_response, RSTR},
        {"ClientAfterServerFinUnanswered", ">S <SA >A >PA:10 <FA >RA", reset, O::reset_after_fin, RSTO},
        {"ServerAfterItsFinAnswered", ">S <SA >A >PA:10 <PA:5 <FA <R", reset, O::reset_after_fin, RSTR},

        {"TimeWaitOfClientKilled", ">S <SA >A >FA <FA <R", closed, O::reset_after_fin, SF},
        {"TimeWaitOfClientMissed", ">S <SA >A >FA <FA <R,s-1", closed, O::closed, SF},
        {"TimeWaitOfClientMissedAhead", ">S <SA >A >FA <FA <R,s+1", closed, O::closed, SF},
        {"TimeWaitOfClientByItself", ">S <SA >A >FA <FA >R", closed, O::closed, SF},
        {"TimeWaitOfServerKilled", ">S <SA >A <FA >FA >R", closed, O::reset_after_fin, SF},
        {"TimeWaitOfServerByItself", ">S <SA >A <FA >FA <R", closed, O::closed, SF},
        {"TimeWaitKilledButUnanswered", ">S <SA >A >PA:10 <FA >FA >R", closed, O::closed_without_response, SF},
    }),
    name_of);

class ResetSurvived : public testing::TestWithParam<Play> {};
TEST_P(ResetSurvived, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Reset, ResetSurvived,
    testing::ValuesIn(std::vector<Play>{
        {"OutOfWindow", ">S <SA >A <R,s+1000", reset, O::reset_before_data_by_server, RSTR, 0, {}, Depth::matters},
        {"OutOfWindowThenLife",
         ">S <SA >A <R,s+1000 >A",
         established,
         undecided,
         S1,
         flag::rst_ignored,
         {},
         Depth::matters},
        {"OutOfWindowThenLifeOfItsSender",
         ">S <SA >A <R,s+1000 <A",
         established,
         undecided,
         S1,
         flag::rst_ignored,
         {},
         Depth::matters},
        {"OutOfWindowThenSegmentWithoutAck",
         ">S <SA >A <R,s+1000 >F",
         reset,
         O::reset_before_data_by_server,
         RSTR,
         0,
         {},
         Depth::matters},
        {"OutOfWindowThenReal",
         ">S <SA >A <R,s+1000 <RA >A",
         reset,
         O::reset_before_data_by_server,
         RSTR,
         0,
         {},
         Depth::matters},
        {"OutOfWindowTwice",
         ">S <SA >A <R,s+1000 <R,s+1000 >A",
         established,
         undecided,
         S1,
         flag::rst_ignored,
         {},
         Depth::matters},
        {"LifeThenReal",
         ">S <SA >A <R,s+1000 >PA:10 <RA",
         reset,
         O::reset_without_response,
         RSTR,
         flag::rst_ignored,
         {},
         Depth::matters},
        {"LifeThenClosed", ">S <SA >A <R,s+1000 >FA <FA", closed, O::closed, SF, flag::rst_ignored, {}, Depth::matters},
        {"LifeThenRealThenAck",
         ">S <SA >A <R,s+1000 >PA:10 <RA +6ms >A",
         reset,
         O::reset_without_response,
         RSTR,
         flag::rst_ignored,
         {},
         Depth::matters},
        {"FastOpenScanThenLife", ">S:10 <SA >R,s=1001 >A", established, undecided, S1, flag::tfo | flag::rst_ignored},
        {"OneBeforeTheWindow", ">S <SA >A <R,s-1 >A", established, undecided, S1, flag::rst_ignored},
        {"OneBehindWhatWasSent",
         ">S <SA >A <PA:100 <R,s+1 >A",
         established,
         undecided,
         S1,
         flag::rst_ignored,
         {},
         Depth::matters},
        {"AtTheLastSent", ">S <SA >A <PA:100 <R >A,a=5001", reset, O::reset_mid_stream_by_server, RSTR},
        {"AtTheLastAcknowledged",
         ">S <SA >A <PA:100 <R,s-100 >A,a=5001",
         reset,
         O::reset_mid_stream_by_server,
         RSTR,
         0,
         {},
         Depth::matters},
        {"BeforeTheLastAcknowledged", ">S <SA >A <PA:100 <R,s-101 >A,a=5001", established, undecided, S1,
         flag::rst_ignored},
        {"ClientsOutOfWindow",
         ">S <SA >A >R,s+1000 <A",
         established,
         undecided,
         S1,
         flag::rst_ignored,
         {},
         Depth::matters},
        {"ClientsInWindow", ">S <SA >A >R <A", reset, O::reset_before_data_by_client, RSTO},
        {"ReceiverUnseen", ">S >A >PA:10 >R,s+500", reset, O::reset_without_response_by_client, RSTOS0, flag::one_way},

        {"DataBehindItAcknowledged", ">S <SA >A <PA:100 >A <R <PA:50 >A", established, undecided, S1,
         flag::rst_ignored},
        {"DataBehindItNotAcknowledged", ">S <SA >A <PA:100 >A <R <PA:50 >A,a=5101", reset,
         O::reset_mid_stream_by_server, RSTR, flag::injected},
        {"AcknowledgedByItsSender", ">S <SA >A <PA:100 >A <R >PA:50 <A", reset, O::reset_mid_stream_by_server, RSTR},
        {"MoreAcknowledgedThanSent", ">S <SA >A <PA:100 >A <R >A,a=5102", reset, O::reset_mid_stream_by_server, RSTR},
        {"ClientDataBehindItAcknowledged", ">S <SA >A >PA:100 <A >R >PA:50 <A", established, undecided, S1,
         flag::rst_ignored},
        {"AckInFlight", ">S <SA >A <PA:100 <R >A", reset, O::reset_mid_stream_by_server, RSTR},
        {"RevivedThenReset", ">S <SA >A <PA:100 >A <R <PA:50 >A <RA", reset, O::reset_mid_stream_by_server, RSTR,
         flag::rst_ignored},
        {"OfADeviceThenLife",
         ">S <SA >A <R,s+1000,ttl=9 >A",
         established,
         undecided,
         S1,
         flag::rst_ignored,
         {},
         Depth::matters},

        {"RisingNumbers", ">S <SA >A <RA <RA,s+100", reset, O::reset_before_data_by_server, RSTR, flag::injected},
        {"SameNumber", ">S <SA >A <RA <RA", reset, O::reset_before_data_by_server, RSTR},
        {"FallingNumbers", ">S <SA >A <RA <RA,s-100", reset, O::reset_before_data_by_server, RSTR},
        {"RisingNumbersAtTheLimit", ">S <SA >A <RA +2s <RA,s+100", reset, O::reset_before_data_by_server, RSTR,
         flag::injected},
        {"RisingNumbersTooLate", ">S <SA >A <RA +2000001us <RA,s+100", reset, O::reset_before_data_by_server, RSTR},
        {"RisingNumbersOfTheOtherSide", ">S <SA >A <RA >R,s+10000", reset, O::reset_before_data_by_server, RSTR},
        {"ResetsOfAMidstreamStayUnsolicited",
         ">A <A <R,s+5000 <R +3s",
         Phase::none,
         undecided,
         OTH,
         0,
         {O::unsolicited}},
    }),
    name_of);

TEST(Reset, DescribesWhoAndHow) {
    const Connection refused = Life(">S <RA,s=0").connection;
    EXPECT_EQ(refused.rst_by, RstBy::server);
    EXPECT_EQ(refused.rst_shape, RstShape::no_socket);
    EXPECT_EQ(refused.rst_sequence, 0U);
    EXPECT_EQ(refused.rst_count, 1);
    const Connection aborted = Life(">S <SA >A >RA").connection;
    EXPECT_EQ(aborted.rst_by, RstBy::client);
    EXPECT_EQ(aborted.rst_shape, RstShape::abort);
    EXPECT_EQ(aborted.rst_sequence, 1001U);
    const Connection closed_port = Life(">S <SA >A <R").connection;
    EXPECT_EQ(closed_port.rst_by, RstBy::server);
    EXPECT_EQ(closed_port.rst_shape, RstShape::no_socket);
    const Connection device = Life(">S <SA >A <RA,ttl=9").connection;
    EXPECT_EQ(device.rst_by, RstBy::device);
    EXPECT_EQ(Life(">S <SA >A >PA:9 <A +9s >PA:9 <R,ttl=9").connection.rst_by, RstBy::device);
    EXPECT_EQ(Life(">S <SA >A >PA:9 <A +200s >PA:9 <R").connection.rst_by, RstBy::server);
    EXPECT_EQ(device.rst_shape, RstShape::abort);
    const Connection time_wait = Life(">S <SA >A >FA <FA <R >RA").connection;
    EXPECT_EQ(time_wait.rst_by, RstBy::server);
    EXPECT_EQ(time_wait.rst_shape, RstShape::no_socket);
    EXPECT_EQ(time_wait.rst_count, 2);
    EXPECT_TRUE(time_wait.has(seen::server_rst | seen::client_rst));
}

TEST(Reset, FirstOneDecidesAndAllAreCounted) {
    const Connection c = Life(">S <SA >A <RA +1s <R,s+5 >RA").connection;
    EXPECT_EQ(c.rst_count, 3);
    EXPECT_EQ(c.rst_shape, RstShape::abort);
    EXPECT_EQ(c.rst_sequence, 5001U);
    EXPECT_EQ(c.verdict_time, life_start);
    EXPECT_EQ(c.last_seen, life_start + tally::second);
}

TEST(Reset, IgnoredOneIsCountedAndLeavesNoTrace) {
    const Connection c = Life(">S <RA,s=0,a=1000").connection;
    EXPECT_EQ(c.rst_count, 1);
    EXPECT_EQ(c.rst_by, RstBy::nobody);
    EXPECT_EQ(c.rst_shape, RstShape::none);
    EXPECT_EQ(c.ttl[1], 0);
}

TEST(Reset, DeadlineFollowsTheLastOne) {
    EXPECT_EQ(Life(">S <RA,s=0").due(), 3 * tally::second);
    EXPECT_EQ(Life(">S <RA,s=0 +2s <RA,s=0").due(), 5 * tally::second);
    EXPECT_EQ(Life(">S <RA,s=0 +2s >S").due(), 5 * tally::second);
    EXPECT_EQ(Life("<R +2s <R").due(), 5 * tally::second);
    EXPECT_EQ(Life("<SA +2s <SA").due(), 5 * tally::second);
    EXPECT_EQ(Life(">F +2s >F").due(), 5 * tally::second);
    EXPECT_EQ(Life(">A <R").due(), 3 * tally::second);
    EXPECT_EQ(Life(">S <SA >A >FA <FA +1s <R").due(), 60 * tally::second);
    EXPECT_EQ(Life(">S <SA >A <R,s+1000 >A").due(), std::nullopt);
    EXPECT_EQ(Life(">A <A <R,s+1000 >A").due(), std::nullopt);
    EXPECT_EQ(Life(">A <A >FA <R,s+1000 >A").due(), std::nullopt);
    EXPECT_EQ(Life(">A <A >FA <FA +1s <R,s+1000 +1s >A").due(), 62 * tally::second);
}

}  // namespace
}  // namespace rstwatch::tcp
