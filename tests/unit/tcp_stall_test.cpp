// SPDX-License-Identifier: Apache-2.0
// Connections that live and get nowhere: dataplane/tcp/stall.cpp, and how they end.
#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

namespace flag = tally::record_flag;
using enum Phase;
using enum tally::ZeekState;
using O = Outcome;

// What plays begin with.
const std::string handshake = ">S <SA >A ";
const std::string asked_twice = handshake + ">PA:10 +1s >PA:10,s-10 +1s >PA:10,s-10 ";
const std::string asked_thrice = asked_twice + "+1s >PA:10,s-10 ";
const std::string answered = handshake + ">PA:10 <A <PA:20 >A ";
const std::string closed_window = handshake + ">PA:10 <A,w=0 ";
const std::string stalled = closed_window + "+1s >A,s-1 <A,w=0 +1s >A,s-1 <A,w=0 +1s >A,s-1 ";

class Stall : public testing::TestWithParam<Play> {};
TEST_P(Stall, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Blackhole, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"TwiceIsLoss", asked_twice, established, undecided, S1},
        {"ThreeTimes", asked_thrice, established, O::blackholed, S1},
        {"ThreeTimesAtTheLimit", handshake + ">PA:10 >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", established,
         O::blackholed, S1},
        {"ThreeTimesTooSoon", handshake + ">PA:10 >PA:10,s-10 +1s >PA:10,s-10 +999999us >PA:10,s-10", established,
         undecided, S1},
        {"FourthAtTheLimit", handshake + ">PA:10 >PA:10,s-10 >PA:10,s-10 >PA:10,s-10 +2s >PA:10,s-10", established,
         O::blackholed, S1},
        {"OfTheServer", handshake + "<PA:10 <PA:10,s-10 +1s <PA:10,s-10 +1s <PA:10,s-10", established, O::blackholed,
         S1},
        {"NewDataIsNoRepetition", handshake + ">PA:10 +1s >PA:10 +1s >PA:10 +1s >PA:10", established, undecided, S1},
        {"AcknowledgedDataAgain", handshake + ">PA:10 <A >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", established,
         undecided, S1},
        {"PartlyAcknowledged", handshake + ">PA:10 <A,a-1 >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", established,
         O::blackholed, S1},
        {"AcknowledgedInBetween",
         handshake + ">PA:10 >PA:10,s-10 +1s >PA:10,s-10 <A >PA:10 >PA:10,s-10 +2s >PA:10,s-10", established, undecided,
         S1},
        {"OldAckIsNoProgress", handshake + ">PA:10 >PA:10,s-10 <A,a-10 +1s >PA:10,s-10 <A,a-10 +1s >PA:10,s-10",
         established, O::blackholed, S1},
        {"AcknowledgedAfterAll", asked_thrice + "<A", established, undecided, S1},
        {"OtherSideSendsButDoesNotAcknowledge", asked_thrice + "<PA:5,a-10", established, O::blackholed, S1},
        {"ThenAgain", asked_thrice + "<A >PA:10 >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", established,
         O::blackholed, S1},
        {"BothWays", asked_thrice + "<PA:5,a-10 <PA:5,s-5,a-10 <PA:5,s-5,a-10 <PA:5,s-5,a-10 >A", established,
         O::blackholed, S1},
        {"FinIsNoData", handshake + ">FA +1s >FA,s-1 +1s >FA,s-1 +1s >FA,s-1", established, undecided, S2},
        {"FinOverTheLastByteIsNoProbe", handshake + ">PA:10 >FA,s-1 +1s >PA:10,s-10 +1s >PA:10,s-10", established,
         undecided, S2},
        {"AckBehindItsFinIsNoProbe", handshake + ">PA:10 >FA >A,s-1 +1s >PA:10,s-11 +1s >PA:10,s-11", established,
         undecided, S2},
        {"OneSideOnlySeen", ">S >A >PA:10 >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", established, undecided, S0,
         flag::one_way},
        {"BegunBeforeTheMonitor", ">PA:10 <A >PA:10 >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", midstream, undecided,
         OTH},
        {"GivesUp", asked_thrice + ">RA", reset, O::blackholed, RSTO},
        {"PeerGivesUp", asked_thrice + "<RA", reset, O::reset_without_response, RSTR},
        {"FinalAfterSilence", asked_thrice + "+150s", finished, O::blackholed, S1, 0, {O::blackholed}},
        {"NotFinalYet", asked_thrice + "+149s", established, O::blackholed, S1},
        {"NotFinalWhileItTries", asked_thrice + "+149s >PA:10,s-10 +149s", established, O::blackholed, S1},
        {"ClosedByBoth", asked_thrice + ">FA <FA", closed, O::closed, SF},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    ZeroWindow, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"ClosedWindow", closed_window, established, undecided, S1},
        {"Probed", stalled, established, O::zero_window_stall, S1},
        {"ProbedWithData", closed_window + ">PA:1 <A,w=0,a-1 +1s >PA:1,s-1 <A,w=0,a-1 +1s >PA:1,s-1 +1s >PA:1,s-1",
         established, O::zero_window_stall, S1},
        {"ProbesBehindUnsentData",
         handshake + ">PA:100 <A,a-50,w=0 +1s >A,s-51 <A,a-50,w=0 +1s >A,s-51 <A,a-50,w=0 +1s >A,s-51", established,
         O::zero_window_stall, S1},
        {"OpensInBetween", closed_window + ">A,s-1 <A,w=0 +1s >A,s-1 <A +1s >A,s-1 <A,w=0 +1s >A,s-1", established,
         undecided, S1},
        {"OpensAfterAll", stalled + "<A", established, undecided, S1},
        {"AnswersStayClosed", stalled + "<A,w=0", established, O::zero_window_stall, S1},
        {"AcknowledgementsAreNoProbes", closed_window + ">A <A,w=0 +1s >A <A,w=0 +1s >A", established, undecided, S1},
        {"ProberGivesUp", stalled + "<A,w=0 >RA", reset, O::zero_window_stall, RSTO},
        {"ReaderDies", stalled + "<A,w=0 <RA", reset, O::reset_without_response, RSTR},
        {"OpenWindowProbesAreKeepalives", answered + "+1s >A,s-1 <A +1s >A,s-1 <A +1s >A,s-1 <A", established,
         undecided, S1},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Keepalive, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"Unanswered", answered + "+1s >A,s-1 +1s >A,s-1 +1s >A,s-1 +1s >RA", reset, O::keepalive_timeout, RSTO},
        {"UnansweredOnce", answered + "+1s >A,s-1 +1s >RA", reset, O::keepalive_timeout, RSTO},
        {"UnansweredWithAByte", answered + "+1s >A:1,s-1 +1s >RA", reset, O::keepalive_timeout, RSTO},
        {"OfTheServer", answered + "+1s <A,s-1 +1s <RA", reset, O::keepalive_timeout, RSTR},
        {"Answered", answered + "+1s >A,s-1 <A +1s >RA", reset, O::reset_after_response_by_client, RSTO},
        {"ResetByTheOther", answered + "+1s >A,s-1 +1s <RA", reset, O::reset_mid_stream_by_server, RSTR},
        {"ToARestartedPeer", answered + "+1s >A,s-1 <R", reset, O::peer_lost_state, RSTR},
        {"TwoBehindIsNoProbe", answered + "+1s >A,s-2 +1s >RA", reset, O::reset_after_response_by_client, RSTO},
        {"WithoutAckIsNoProbe", answered + "+1s >-,s-1 +1s >RA", reset, O::reset_after_response_by_client, RSTO},
        {"OneByteSentAgainIsNoProbe", handshake + ">PA:1 +1s >PA:1,s-1 +1s >RA", reset,
         O::reset_without_response_by_client, RSTO},
        {"NeverGivesUp", answered + "+1s >A,s-1 +1s >A,s-1 +1s >A,s-1 +1s >A,s-1", established, undecided, S1},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    FullQueue, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"SynAckAgainOnce", handshake + "+1s <SA >A", established, undecided, S1},
        {"SynAckAgainTwice", handshake + "+1s <SA >A +2s <SA", established, O::listen_overflow, S1},
        {"BeforeTheFinalAck", ">S <SA +1s <SA +2s <SA >A", established, undecided, S1, flag::slow_answer},
        {"OneAfterTheFinalAck", ">S <SA +1s <SA >A +2s <SA", established, O::listen_overflow, S1},
        {"DataAcknowledged", handshake + ">PA:10 <A +1s <SA +2s <SA", established, undecided, S1},
        {"ServerSpeaks", handshake + "<PA:10 +1s <SA +2s <SA", established, undecided, S1},
        {"TakenAfterAll", handshake + "+1s <SA +2s <SA >PA:10 <A", established, undecided, S1},
        {"SpeaksAfterAll", handshake + "+1s <SA +2s <SA <PA:10", established, undecided, S1},
        {"OldAckIsNotTaken", handshake + "+1s <SA +2s <SA <A", established, O::listen_overflow, S1},
        {"ClientSpeaks", handshake + "+1s <SA +2s <SA >PA:10", established, O::listen_overflow, S1},
        {"DataSentAgainMeanwhile", handshake + ">PA:10 +1s <SA >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10",
         established, undecided, S1},
        {"SynAckNotSentAgain", handshake + ">PA:10 +1s >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", established,
         O::blackholed, S1},
        {"RefusesTheFinalAck", handshake + "<R", reset, O::listen_overflow, RSTR},
        {"RefusesFirstData", handshake + ">PA:10 <R", reset, O::listen_overflow, RSTR},
        {"RefusesLaterData", handshake + ">PA:10 <A >PA:10 <R", reset, O::peer_lost_state, RSTR},
        {"RefusesFromElsewhere", handshake + ">PA:10 <R,ttl=40", reset, O::reset_by_device, RSTR},
        {"RefusesLongAfter", handshake + "+120s >PA:10 <R", reset, O::idle_reset, RSTR},
        {"RefusesAfterAWhile", handshake + "+119s >PA:10 <R", reset, O::listen_overflow, RSTR},
        {"RefusesNothingJustBeforeAGap", handshake + "+4999999us <R", reset, O::listen_overflow, RSTR},
        {"RefusesNothingAfterAGap", handshake + "+5s <R", reset, O::reset_before_data_by_server, RSTR},
        {"RefusesDataAfterAGap", handshake + ">PA:10 +5s <R", reset, O::listen_overflow, RSTR},
        {"RefusesAfterItsLastSynAck", handshake + "+1s <SA +2s <SA +5s <R", reset, O::listen_overflow, RSTR},
        {"FinalAfterSilence",
         handshake + "+1s <SA +2s <SA +150s",
         finished,
         O::listen_overflow,
         S1,
         0,
         {O::listen_overflow}},
        {"Closing", handshake + ">FA <FA +1s <SA +2s <SA", closed, O::closed, SF},
        {"ClientClosing", handshake + ">FA +1s <SA +2s <SA", established, undecided, S2},
        {"ServerClosing", handshake + "<FA +1s <SA +2s <SA", established, undecided, S3},
        {"SimultaneousOpen", ">S <S <SA >SA +1s <SA +2s <SA", established, undecided, S1, flag::simultaneous_open},
        {"SimultaneousOpenRefusesFirstData", ">S <S <SA >SA >PA:10 <R", reset, O::peer_lost_state, RSTR,
         flag::simultaneous_open},
        {"SimultaneousOpenDataSentAgain",
         ">S <S <SA >SA +1s <SA >PA:10 +1s >PA:10,s-10 +1s >PA:10,s-10 +1s >PA:10,s-10", established, O::blackholed, S1,
         flag::simultaneous_open},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    LostState, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"DataToARestartedServer", answered + ">PA:10 <R", reset, O::peer_lost_state, RSTR},
        {"OneByteToARestartedServer", answered + ">PA:1 <R", reset, O::peer_lost_state, RSTR},
        {"DataToARestartedClient", answered + "<PA:10 >R", reset, O::peer_lost_state, RSTO},
        {"AbortIsNoLostState", answered + ">PA:10 <RA", reset, O::reset_mid_stream_by_server, RSTR},
        {"UnaskedIsNoLostState", answered + "<R", reset, O::reset_mid_stream_by_server, RSTR},
        {"AnsweredSinceIsNoLostState", answered + ">PA:10 <A <R", reset, O::reset_mid_stream_by_server, RSTR},
        {"AfterItsFin", answered + "<FA >PA:10 <R", reset, O::reset_after_fin, RSTR},
        {"FirstAfterALongGap", answered + "+120s >PA:10 <R", reset, O::idle_reset, RSTR},
        {"FirstAfterAGap", answered + "+119s >PA:10 <R", reset, O::peer_lost_state, RSTR},
        {"NotTheFirstAfterALongGap", answered + "+120s >PA:10 <A >PA:10 <R", reset, O::peer_lost_state, RSTR},
        {"LongAfterTheFirstAfterALongGap", answered + "+120s >PA:10 +5s <R", reset, O::peer_lost_state, RSTR},
        {"AgainAfterALongGap", answered + "+120s >PA:10 +1s >PA:10,s-10 <R", reset, O::idle_reset, RSTR},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Idle, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"DeviceAfterAGap", answered + "+5s >PA:10 <R,ttl=40", reset, O::idle_reset, RSTR},
        {"DeviceBeforeAGap", answered + "+4999999us >PA:10 <R,ttl=40", reset, O::reset_by_device, RSTR},
        {"DeviceByItselfAfterAGap", answered + "+5s <R,ttl=40", reset, O::idle_reset, RSTR},
        {"DeviceTowardsTheServer", answered + "+5s >R,ttl=40", reset, O::idle_reset, RSTO},
        {"DeviceAfterAnAnswer", answered + "+5s >PA:10 <A <R,ttl=40", reset, O::reset_by_device, RSTR, flag::injected},
        {"AbortAfterAGap", answered + "+500s <RA", reset, O::reset_mid_stream_by_server, RSTR},
        {"ClientAbortAfterAGap", answered + "+500s >RA", reset, O::reset_after_response_by_client, RSTO},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Forgery, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"DeviceThatAnswers", handshake + ">PA:10 <R,ttl=40", reset, O::reset_by_device, RSTR},
        {"DeviceThatChoosesItsMoment", answered + "<R,ttl=40", reset, O::reset_by_device, RSTR, flag::injected},
        {"DeviceWithTheLooksOfAnAbort", answered + ">PA:10 <RA,ttl=40", reset, O::reset_by_device, RSTR,
         flag::injected},
        {"IdentificationJumps",
         ">S <SA,id=7 >A <PA:9,id=8 >A <RA,id=30000",
         reset,
         O::reset_mid_stream_by_server,
         RSTR,
         flag::injected,
         {},
         Depth::matters},
        {"IdentificationJumpsBack",
         ">S <SA,id=30006 >A <PA:9,id=30007 >A <RA,id=5",
         reset,
         O::reset_mid_stream_by_server,
         RSTR,
         flag::injected,
         {},
         Depth::matters},
        {"IdentificationGoesOn", ">S <SA,id=7 >A <PA:9,id=8 >A <RA,id=1032", reset, O::reset_mid_stream_by_server,
         RSTR},
        {"IdentificationJumpsByOneMore",
         ">S <SA,id=7 >A <PA:9,id=8 >A <RA,id=1033",
         reset,
         O::reset_mid_stream_by_server,
         RSTR,
         flag::injected,
         {},
         Depth::matters},
        {"IdentificationGoesBackALittle", ">S <SA,id=2000 >A <PA:9,id=2001 >A <RA,id=977", reset,
         O::reset_mid_stream_by_server, RSTR},
        {"IdentificationGoesRound", ">S <SA,id=65534 >A <PA:9,id=65535 >A <RA,id=1", reset,
         O::reset_mid_stream_by_server, RSTR},
        {"IdentificationsWithoutOrder", ">S <SA,id=7 >A <PA:9,id=9000 >A <RA,id=30000", reset,
         O::reset_mid_stream_by_server, RSTR},
        {"IdentificationsUpToTheLimit",
         ">S <SA,id=7 >A <PA:9,id=71 >A <RA,id=30000",
         reset,
         O::reset_mid_stream_by_server,
         RSTR,
         flag::injected,
         {},
         Depth::matters},
        {"IdentificationsBeyondTheLimit", ">S <SA,id=7 >A <PA:9,id=72 >A <RA,id=30000", reset,
         O::reset_mid_stream_by_server, RSTR},
        {"IdentificationOfNoSocket", ">S <SA,id=7 >A >PA:3 <A,id=8 >PA:9 <R,id=30000", reset, O::peer_lost_state, RSTR},
        {"FirstIdentificationGoesOnFromNone", ">S <SA >A <PA:9,id=5 >A <RA,id=30000", reset,
         O::reset_mid_stream_by_server, RSTR},
        {"NoIdentificationIsNoJump", ">S <SA,id=30000 >A <PA:9,id=30001 >A <RA", reset, O::reset_mid_stream_by_server,
         RSTR},
        {"NoIdentification", ">S <SA,id=7 >A <PA:9,id=8 >A <RA", reset, O::reset_mid_stream_by_server, RSTR},
        {"DataAfterItsReset", answered + "<RA <PA:10", reset, O::reset_mid_stream_by_server, RSTR, flag::injected},
        {"OneByteAfterItsReset", answered + "<RA <PA:1", reset, O::reset_mid_stream_by_server, RSTR, flag::injected},
        {"FinAfterItsReset", answered + "<RA <FA", reset, O::reset_mid_stream_by_server, RSTR},
        {"DataAtTheLimitAfterItsReset", answered + "<RA +2s <PA:10", reset, O::reset_mid_stream_by_server, RSTR,
         flag::injected},
        {"DataLongAfterItsReset", answered + "<RA +2000001us <PA:10", reset, O::reset_mid_stream_by_server, RSTR},
        {"OldDataAfterItsReset", answered + "<RA <PA:20,s-20", reset, O::reset_mid_stream_by_server, RSTR},
        {"DataOfTheOtherAfterTheReset", answered + "<RA >PA:10", reset, O::reset_mid_stream_by_server, RSTR},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Overtaken, Stall,
    testing::ValuesIn(std::vector<Play>{
        // The reset is written with the numbers that it would carry had it come in its turn.
        {"DataByAbort", handshake + "<RA,a=1011 +5ms >PA:10", reset, O::reset_without_response, RSTR},
        {"FinByAbort", handshake + "<RA,a=1002 +5ms >FA", reset, O::reset_after_fin, RSTR},
        {"TooLate",
         handshake + "<RA,a=1002 +5001us >FA",
         reset,
         O::reset_before_data_by_server,
         RSTR,
         0,
         {},
         Depth::matters},
        {"WhatTheAbortDoesNotKnow", handshake + "<RA +1ms >FA", reset, O::reset_before_data_by_server, RSTR},
        {"FinalAckByRefusal", ">S <SA <R +1ms >A", reset, O::listen_overflow, RSTR},
        {"FinalAckByAbort", ">S <SA <RA,a=1011 +1ms >A +1ms >PA:10", reset, O::reset_without_response, RSTR},
        {"SynAckByHalfOpenScan", ">S >R,s=1001 +1ms <SA", reset, O::half_open_scan, RSTO, flag::half_open_reset},
        {"SameSideIsInOrder", handshake + "<RA +1ms <A", reset, O::reset_before_data_by_server, RSTR},
        {"DataByRefusal", answered + "+5001us <R +1ms >PA:10", reset, O::peer_lost_state, RSTR},
        {"DataByRefusalsInABurst", answered + "+5001us <R +1ms <R +1ms >PA:10", reset, O::peer_lost_state, RSTR},
        {"DataByABurstOfADevice", answered + "+1s <RA,ttl=40,a=1021 +1ms <RA,ttl=40,a=1021 +1ms >PA:10", reset,
         O::reset_by_device, RSTR, flag::injected},
        {"DataBehindAPromptRefusal", answered + "+5ms <R +1ms >PA:10", reset, O::reset_mid_stream_by_server, RSTR},
        {"DataAfterAGapByDevice", answered + "+5s <R,ttl=40 +1ms >PA:10", reset, O::idle_reset, RSTR},
        {"DataWithoutAGapByDevice", answered + "+1s <R,ttl=40 +1ms >PA:10", reset, O::reset_by_device, RSTR},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Reordered, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"SplitHandshake", ">S <S >SA <A >PA:10 <A", established, undecided, S1, flag::simultaneous_open},
        {"SplitHandshakeSynAckMissed", ">S <S <A", established, undecided, S1, flag::simultaneous_open | flag::gap},
        {"SynAckBehindTheFinalAck", ">S >A,a=5001 <SA >PA:10 <A <PA:5 >A >PA:10 <R", reset, O::peer_lost_state, RSTR},
        {"FullQueueSynAckBehindTheFinalAck", ">S >A,a=5001 <SA +1s <SA +2s <SA", established, O::listen_overflow, S1},
        {"SynAckBehindTheAnswerToTheServersSyn", ">S <S >A <SA >R,s=900 >A", established, undecided, S1,
         flag::simultaneous_open | flag::gap | flag::rst_ignored},
        {"OtherSynAckIsNotLate", ">S >A,a=5001 <SA,isn=7000", established, undecided, S1},
        {"SynAckBehindTheFinalAckThenAnswer",
         ">S >A,a=5001 <SA >PA:10 <A <R",
         reset,
         O::reset_without_response,
         RSTR,
         0,
         {},
         Depth::matters},
        {"ServersFinFirstThoughSeenLast", ">S <SA >A >PA:10 >FA,a=5002 <FA,a=1011", closed, O::closed_without_response,
         SF, flag::gap},
        {"ClientsFinFirstThoughSeenLast", handshake + ">PA:10 <FA,a=1012 >FA,a=5001", closed, O::closed, SF, flag::gap},
        {"ServersFinFirst", handshake + ">PA:10 <A <FA >FA", closed, O::closed_without_response, SF},
        {"ServersFinFirstBothKnown", handshake + ">PA:10 <FA <A,a=1012 >FA", closed, O::closed_without_response, SF,
         flag::gap},
        {"FinsCross", handshake + ">PA:10 <FA >FA,a=5001", closed, O::closed_without_response, SF},
        {"UnseenSideShowsAfterAll", ">S >A,a=5001 >FA <A", established, undecided, S2},
        {"UnseenSideShowsAfterAReset", ">S >A,a=5001 >FA >R +1ms <SA <A", reset, O::reset_after_fin, RSTO},
        {"UnseenSideShowsAfterAResetForItsData",
         ">S >A,a=5001 >PA:10,a=5001 >FA,a=5001 >R +1ms <SA,a=1001 <A,a=1011 <PA:20,a=1012", reset, O::reset_after_fin,
         RSTO},
        {"UnseenSideClosesAfterAll", ">S >A,a=5001 >FA <FA", closed, O::closed, SF},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Restart, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"Challenge", answered + ">S,isn=9000 <A,s=5021,a=1011", syn_sent, undecided, S0, 0, {O::open}},
        {"ChallengeThenReset",
         answered + ">S,isn=9000 <A,s=5021,a=1011 >R,s=1011",
         reset,
         O::client_cancelled,
         RSTOS0,
         0,
         {O::open}},
        {"ChallengeThenHandshake",
         answered + ">S,isn=9000 <A,s=5021,a=1011 >R,s=1011 +1s >S <SA,isn=7000 >A",
         established,
         undecided,
         S1,
         0,
         {O::open}},
    }),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    ServerSideOnly, Stall,
    testing::ValuesIn(std::vector<Play>{
        {"Data", "<SA <PA:10", established, undecided, OTH, flag::one_way},
        {"ClosesUnanswered", "<SA <A,a=1011 <FA", closed, O::closed_without_response, SHR, flag::one_way},
        {"Closes", "<SA <PA:10 <FA", closed, O::closed, SHR, flag::one_way},
        {"Aborts", "<SA <PA:10 <RA", reset, O::reset_mid_stream_by_server, RSTRH, flag::one_way},
        {"SynAcksOnly", "<SA +1s <SA", unsolicited, undecided, OTH},
        {"RefusesTheFinalAck", "<SA <A <R", reset, O::listen_overflow, RSTRH, flag::one_way},
        {"RefusesAfterAByte", "<SA <A,a=1002 <R", reset, O::reset_before_data_by_server, RSTRH, flag::one_way},
    }),
    name_of);

TEST(Stall, CountOfRepetitionsStopsAtItsLargest) {
    Life life(handshake + ">PA:10");
    life.connection.repeats[0] = 0xfe;
    EXPECT_EQ(life.play(">PA:10,s-10").connection.repeats[0], 0xff);
    EXPECT_EQ(life.play(">PA:10,s-10").connection.repeats[0], 0xff);
}

TEST(Stall, RepetitionsDoNotProlongWhatIsClosed) {
    EXPECT_EQ(Life(handshake + ">PA:10 >FA <FA,a=1001 +1s >PA:10,s-11").due(), 60 * tally::second);
}

}  // namespace
}  // namespace rstwatch::tcp
