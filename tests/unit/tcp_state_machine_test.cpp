// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/state_machine.h"

#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

namespace flag = tally::record_flag;
using enum Phase;
using enum tally::ZeekState;
using O = Outcome;

class Handshake : public testing::TestWithParam<Play> {};
TEST_P(Handshake, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    StateMachine, Handshake,
    testing::ValuesIn(std::vector<Play>{
        {"Syn", ">S", syn_sent, undecided, S0},
        {"SynWithUrgentAndPush", ">SPU", syn_sent, undecided, S0},
        {"SynAck", ">S <SA", syn_received, undecided, S1},
        {"FinalAck", ">S <SA >A", established, undecided, S1},
        {"FinalAckWithData", ">S <SA >PA:10", established, undecided, S1},
        {"FinalAckWithFin", ">S <SA >FA", established, undecided, S2},
        {"NumbersGoRound", "C=4294967295 V=4294967295 >S <SA >A >PA:10 <PA:20 >A >FA <FA", closed, O::closed, SF},
        {"SequenceZeroIsAnInitialNumber", "C=0 V=0 >S <SA >A >PA:10 <PA:20 >A >FA <FA", closed, O::closed, SF},
        {"RefusedWhereTheAckGoesRound", "C=4294967295 >S <RA,s=0", reset, O::refused, REJ},
        {"SynAgain", ">S +1s >S +1s >S", syn_sent, undecided, S0},
        {"SynAgainAfterSynAck", ">S <SA +1s >S", syn_received, undecided, S1},
        {"SynAgainWhenEstablished", ">S <SA >A >S", established, undecided, S1},
        {"SynAgainAfterRefusal", ">S <RA,s=0 +500ms >S", reset, O::refused, REJ},
        {"SynAgainWhenClosed", ">S <SA >A >FA <FA >S", closed, O::closed, SF},
        {"SynAgainWhenFinished", ">S <RA,s=0 +3s +10s >S", finished, O::refused, REJ, 0, {O::refused}},
        {"WindowsRetriesTwice", ">S <RA,s=0 +500ms >S <RA,s=0 +500ms >S <RA,s=0", reset, O::refused, REJ},

        {"NewSynInSynSent", ">S >S,isn=9000", syn_sent, undecided, S0, 0, {O::client_cancelled}},
        {"NewSynAfterProvisional", ">S +3s >S,isn=9000", syn_sent, undecided, S0, 0, {O::unanswered}},
        {"NewSynInSynReceived", ">S <SA >S,isn=9000", syn_sent, undecided, S0, 0, {O::client_cancelled}},
        {"NewSynAfterHandshakeIncomplete",
         ">S <SA +3s >S,isn=9000",
         syn_sent,
         undecided,
         S0,
         0,
         {O::handshake_incomplete}},
        {"NewSynWhenEstablished", ">S <SA >A >S,isn=9000", syn_sent, undecided, S0, 0, {O::open}},
        {"NewSynWhenClosed", ">S <SA >A >FA <FA >S,isn=9000", syn_sent, undecided, S0, 0, {O::closed}},
        {"NewSynAfterReset", ">S <RA,s=0 >S,isn=9000", syn_sent, undecided, S0, 0, {O::refused}},
        {"NewSynWhenUnsolicited", "<SA,a=77 >S", syn_sent, undecided, S0, 0, {O::unsolicited}},
        {"NewSynWhenMidstream", ">A <A >S,isn=9000", syn_sent, undecided, S0, 0, {O::midstream}},
        {"NewSynWhenFinished", ">S <RA,s=0 +3s >S,isn=9000", syn_sent, undecided, S0, 0, {O::refused}},
        {"SynOneBeforeTheOldOneIsNew", ">S >S,isn=999", syn_sent, undecided, S0, 0, {O::client_cancelled}},
        {"ServerOpensInTheOtherDirection",
         ">S <SA >A <S,isn=7000 >SA,isn=3000 <A",
         established,
         undecided,
         S1,
         0,
         {O::open}},

        {"SimultaneousOpen", ">S <S <SA >SA", established, undecided, S1, flag::simultaneous_open},
        {"SimultaneousOpenClientAnswersFirst", ">S <S >SA <SA", established, undecided, S1, flag::simultaneous_open},
        {"SimultaneousOpenHalfDone", ">S <S <SA", syn_received, undecided, S1, flag::simultaneous_open},
        {"SimultaneousOpenClientAnsweredOnly", ">S <S >SA", syn_sent, undecided, S1, flag::simultaneous_open},
        {"SimultaneousOpenServerSynAgain", ">S <S <S", syn_sent, undecided, S0, flag::simultaneous_open},
        {"SimultaneousOpenServerSynAgainLater", ">S <S <SA >SA <S", established, undecided, S1,
         flag::simultaneous_open},
        {"SimultaneousOpenServerSynAnew", ">S <S <S,isn=7000 <SA >A", established, undecided, S1,
         flag::simultaneous_open},
        {"ClientSynAckWithoutServerSyn", ">S >SA <SA", syn_received, undecided, S1},
        {"ClientSynAckOnly", ">S >SA", syn_sent, undecided, S0},
        {"ClientSynAckInSynReceivedWithoutServerSyn", ">S <SA >SA", syn_received, undecided, S1},

        {"FastOpen", ">S:10 <SA", syn_received, undecided, S1, flag::tfo},
        {"FastOpenDataNotTaken", ">S:10 <SA,a=1001 >A", established, undecided, S1, flag::tfo},
        {"FastOpenAckBeyondData", ">S:10 <SA,a=1012", syn_sent, undecided, S0, flag::tfo},
        {"FastOpenAckBeforeSyn", ">S:10 <SA,a=1000", syn_sent, undecided, S0, flag::tfo},
        {"FastOpenServerSpeaksFirst", ">S:10 <SA <PA:5", syn_received, undecided, S1, flag::tfo},
        {"FastOpenServerSpokeThenAborted", ">S:10 <SA <PA:5 >A <RA", reset, O::reset_mid_stream_by_server, RSTR,
         flag::tfo},
        {"FastOpenDataIsARequest", ">S:10 <SA >A <RA", reset, O::reset_without_response, RSTR, flag::tfo},
        {"FastOpenAnswerInSynAck", ">S:10 <SA:7 >A <RA", reset, O::reset_mid_stream_by_server, RSTR, flag::tfo},
        {"FastOpenAnswerOfOneByteInSynAck", ">S:10 <SA:1 >A <RA", reset, O::reset_mid_stream_by_server, RSTR,
         flag::tfo},
        {"FastOpenRefused", ">S:10 <RA,s=0", reset, O::refused, REJ, flag::tfo},
        {"FastOpenRefusedWithoutTheData", ">S:10 <RA,s=0,a=1001", reset, O::refused, REJ, flag::tfo},
        {"FastOpenRefusalBeyondData", ">S:10 <RA,s=0,a=1012", syn_sent, undecided, S0, flag::tfo},

        {"SynAckOfSomethingElse", ">S <SA,a=2000", syn_sent, undecided, S0},
        {"SynAckOfSomethingElseThenRight", ">S <SA,a=2000 <SA", syn_received, undecided, S1},
        {"SynAckOfTheSynItself", ">S <SA,a=1000", syn_sent, undecided, S0},
        {"SynAckOneTooFar", ">S <SA,a=1002", syn_sent, undecided, S0},
        {"SynAckAgain", ">S <SA +1s <SA", syn_received, undecided, S1},
        {"SynAckAfterAnAbortAsksForTheFinalAckAgain", ">S >A <RA <SA", syn_received, undecided, S1,
         flag::slow_answer | flag::rst_ignored},
        {"SynAckAnew", ">S <SA <SA,isn=8000 >A", established, undecided, S1},
        {"SynAckAnewButOldOneAcknowledged", ">S <SA <SA,isn=8000 >A,a=5001", syn_received, undecided, S1},
        {"SynAckWhenEstablished", ">S <SA >A <SA", established, undecided, S1},
        {"SynAckWhenFinished", ">S +75s <SA", finished, O::unanswered, S0, 0, {O::unanswered}},
        {"FinalAckOfSomethingElse", ">S <SA >A,a=9999", syn_received, undecided, S1},
        {"FinalAckOfTheSynAckItself", ">S <SA >A,a=5000", syn_received, undecided, S1},
        {"FinalAckOneTooFar", ">S <SA >A,a=5002", syn_received, undecided, S1},
        {"FinalAckOfSomethingElseThenRight", ">S <SA >A,a=9999 >A", established, undecided, S1},
        {"SegmentWithoutAckInSynReceived", ">S <SA >F", syn_received, undecided, S1},

        {"LateSynAck", ">S +3s <SA", syn_received, undecided, S1, flag::slow_answer},
        {"SynAckBeforeTheDeadline", ">S +2999999us <SA", syn_received, undecided, S1},
        {"LateFinalAck", ">S <SA +3s >A", established, undecided, S1, flag::slow_answer},
        {"LateRefusal", ">S +3s <RA,s=0", reset, O::refused, REJ},
        {"LateOneWay", ">S +3s >A", established, undecided, S0, flag::slow_answer | flag::one_way},
    }),
    name_of);

class MissedPackets : public testing::TestWithParam<Play> {};
TEST_P(MissedPackets, EndAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    StateMachine, MissedPackets,
    testing::ValuesIn(std::vector<Play>{
        {"OneWayClient", ">S >A", established, undecided, S0, flag::one_way},
        {"OneWayClientData", ">S >A >PA:100", established, undecided, S0, flag::one_way},
        {"OneWayClientDataFirst", ">S >PA:100", established, undecided, S0, flag::one_way},
        {"OneWayClientFin", ">S >A >FA", closed, O::closed, SH, flag::one_way},
        {"OneWayClientReset", ">S >A >PA:9 >RA", reset, O::reset_without_response_by_client, RSTOS0, flag::one_way},
        {"SegmentBeforeTheSyn", ">S >A,s=1000", syn_sent, undecided, S0},
        {"SegmentPlausiblyAhead", ">S >A,s+1048576", established, undecided, S0, flag::one_way},
        {"SegmentTooFarAhead", ">S >A,s+1048577", syn_sent, undecided, S0},
        {"SegmentWithoutAck", ">S >F", syn_sent, undecided, S0},
        {"SegmentBeforeTheSynThenLateSynAck", ">S >A,s=1000 +3s <SA", syn_received, undecided, S1, flag::slow_answer},
        {"ServersSegmentWithoutAckThenLateSynAck", ">S <F +3s <SA", syn_received, undecided, S1, flag::slow_answer},
        {"ChallengeThenLateSynAck", ">S <A,a=1000 +3s <SA", syn_received, undecided, S1},
        {"SynAckMissed", ">S <A", established, undecided, S1, flag::gap},
        {"SynAckMissedDataOfServer", ">S <PA:10", established, undecided, S1, flag::gap},
        {"AckOfSomethingElse", ">S <A,a=1000", syn_sent, undecided, S0},
        {"SynAckMissedAfterIgnoredReset", ">S <RA,s=0,a=1000 >A", established, undecided, S1, flag::gap},
        {"FinalAckMissedServerAcksData", ">S <SA <A,a=1002", established, undecided, S1, flag::gap},
        {"ServerAcksTheSynOnly", ">S <SA <A", syn_received, undecided, S1},
        {"FinalAckMissedServerSpeaks", ">S <SA <PA:5", established, undecided, S1, flag::gap},
        {"FinalAckMissedServerSpeaksOneByte", ">S <SA <PA:1", established, undecided, S1, flag::gap},
        {"FinalAckMissedServerCloses", ">S <SA <FA", established, undecided, S3, flag::gap},
        {"AckOfDataUnseen", ">S <SA >A >A,a=5003", established, undecided, S1, flag::gap},
        {"AckOfDataUnseenIsData", ">S <SA >A >A,a=5003 <RA,s+2", reset, O::reset_mid_stream_by_server, RSTR, flag::gap},
        {"AckOfOneMoreMayBeAFin",
         ">S <SA >A >A,a=5002 <RA,s+1",
         reset,
         O::reset_before_data_by_server,
         RSTR,
         flag::gap,
         {},
         Depth::matters},
        {"AckOfClientDataUnseen",
         ">S <SA >A <A,a=1003 <RA",
         reset,
         O::reset_without_response,
         RSTR,
         flag::gap,
         {},
         Depth::matters},
        {"AckFurtherThanAnyWindow", ">S <SA >A >A,a=1073746826", established, undecided, S1},
        {"AckAsFarAsTheLargestWindow", ">S <SA >A >A,a=1073746825", established, undecided, S1, flag::gap},
        {"RetransmissionIsNoNewData", ">S <SA >A >PA:10,s-10 <RA", reset, O::reset_before_data_by_server, RSTR},
    }),
    name_of);

class Ending : public testing::TestWithParam<Play> {};
TEST_P(Ending, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    StateMachine, Ending,
    testing::ValuesIn(std::vector<Play>{
        {"ClientFin", ">S <SA >A >FA", established, undecided, S2},
        {"ClientFinTwice", ">S <SA >A >FA >FA,s-1", established, undecided, S2},
        {"ServerFin", ">S <SA >A <FA", established, undecided, S3},
        {"ServerFinTwice", ">S <SA >A <FA <FA,s-1", established, undecided, S3},
        {"ClosedByClient", ">S <SA >A >FA <FA", closed, O::closed, SF},
        {"ClosedByServer", ">S <SA >A <FA >FA", closed, O::closed, SF},
        {"ClosedAfterExchange", ">S <SA >A >PA:10 <PA:20 <FA >FA >A", closed, O::closed, SF},
        {"AckAfterClosed", ">S <SA >A >FA <FA >A <A", closed, O::closed, SF},
        {"FinAfterClosed", ">S <SA >A >FA <FA >FA,s-1", closed, O::closed, SF},
        {"ClosedWithoutResponse", ">S <SA >A >PA:10 <FA >FA", closed, O::closed_without_response, SF},
        {"ClientClosedBeforeResponse", ">S <SA >A >PA:10 >FA <FA", closed, O::closed, SF},
        {"ResponseInTheFin", ">S <SA >A >PA:10 <FA:5 >FA", closed, O::closed, SF},
        {"ServerClosedUnasked", ">S <SA >A <FA >FA:5", closed, O::closed_without_response, SF},
        {"ServerClosedUnaskedWithoutData", ">S <SA >A <FA >FA", closed, O::closed, SF},
        {"ServerClosedUnaskedOneByteMissed", ">S <SA >A <FA >FA,s+1", closed, O::closed_without_response, SF},
        {"GapInClosing", ">S <SA >A >PA:10 >A,a=5021 <FA,s+20 >FA", closed, O::closed, SF, flag::gap},
    }),
    name_of);

class BeginningUnseen : public testing::TestWithParam<Play> {};
TEST_P(BeginningUnseen, EndsAs) {
    expect(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    StateMachine, BeginningUnseen,
    testing::ValuesIn(std::vector<Play>{
        {"Refusal", "<RA,s=0", unsolicited, undecided, RSTRH, flag::lone_refusal},
        {"RefusalThenSilence", "<RA,s=0 +3s", Phase::none, undecided, OTH, 0, {O::unsolicited}},
        {"Abort", "<RA", unsolicited, undecided, RSTRH},
        {"ResetWithoutAck", "<R", unsolicited, undecided, RSTRH},
        {"ResetTwice", "<R +2s <R +2s", unsolicited, undecided, RSTRH},
        {"SynAck", "<SA", unsolicited, undecided, OTH},
        {"SynAckTwice", "<SA +2s <SA +2s", unsolicited, undecided, OTH},
        {"SynAckReset", "<SA >R", unsolicited, undecided, OTH},
        {"SynAckResetByServer", "<SA <R", unsolicited, undecided, RSTRH},
        {"SynAckThenFin", "<SA <FA", closed, O::closed, SHR, flag::one_way},
        {"SynAckThenLife", "<SA >A", midstream, undecided, S1},
        {"ResetOvertakesItsCause", "<R +5ms >A", unsolicited, undecided, RSTRH},
        {"ResetThenLife", "<R +5001us >A", midstream, undecided, RSTRH},
        {"SynWithRst", ">SR", unsolicited, undecided, OTH},
        {"FinProbe", ">F", unsolicited, undecided, SH},
        {"NullProbe", ">-", unsolicited, undecided, OTH},
        {"XmasProbe", ">FPU", unsolicited, undecided, SH},
        {"ProbeAnswered", ">FPU <RA,s=0", unsolicited, undecided, RSTR},
        {"ProbeRepeated", ">F +2s >F +2s", unsolicited, undecided, SH},
        {"ProbeForgotten", ">- +3s", Phase::none, undecided, OTH, 0, {O::unsolicited}},
        {"BareAck", ">A", midstream, undecided, OTH},
        {"BareAckNeverExpires", ">A +1000s", midstream, undecided, OTH},
        {"BareAckAnsweredByReset", ">A <R", reset, O::unsolicited, RSTRH},
        {"BareAckAnsweredByResetEnds", ">A <R +3s", Phase::none, undecided, OTH, 0, {O::unsolicited}},
        {"Data", ">PA:10 <PA:100 >A", midstream, undecided, OTH},
        {"DataReset", ">PA:10 <PA:100 <RA", reset, O::unsolicited, RSTRH},
        {"BothFins", ">FA <FA", midstream, undecided, SF},
        {"BothFinsThenReset", ">FA <FA >R", reset, O::unsolicited, SF},
        {"BothFinsThenResetOfTheServer", ">FA <FA <R", reset, O::unsolicited, SF},
        {"BothFinsEnd", ">FA <FA +60s", Phase::none, undecided, OTH, 0, {O::midstream}},
        {"SynAckWhenMidstream", ">A <SA", midstream, undecided, OTH},
        {"ResetOutOfWindowThenLife", ">A <A <R,s+100 >A", midstream, undecided, OTH, flag::rst_ignored},
        {"ResetOutOfWindowThenInWindow", ">A <A <R,s+100 <R", reset, O::unsolicited, RSTRH},
        {"ResetInWindowThenAck", ">A <A <R >A", reset, O::unsolicited, RSTRH},
        {"ResetThenAckedBeyond", ">A <A <R <PA:10 >A", midstream, undecided, OTH, flag::rst_ignored},
        {"SynAckAfterReset", ">A <R <SA", reset, O::unsolicited, RSTRH},

        {"EarlySynAck", "<SA >S", syn_received, undecided, S1},
        {"EarlySynAckAtTheLimit", "<SA +5ms >S", syn_received, undecided, S1},
        {"EarlySynAckTooEarly", "<SA +5001us >S", syn_sent, undecided, S0, 0, {O::unsolicited}},
        {"EarlySynAckThenAck", "<SA +1ms >S >A", established, undecided, S1},
        {"EarlySynAckAndRefusalOfTheFinalAck", "<SA <R +4ms >S >A", reset, O::listen_overflow, RSTR},
        {"EarlySynAckAndAbort", "<SA <RA,a=1001 +4ms >S >A", reset, O::reset_before_data_by_server, RSTR},
        {"EarlySynAckAndAbortThenNothing", "<SA <RA,a=1001 +4ms >S", reset, O::handshake_incomplete, RSTR},
        {"EarlySynAckAndResetsOfADevice", "<SA <RA,a=1001,ttl=40 +1ms <RA,s+9,a=1001,ttl=40 +3ms >S >A", reset,
         O::reset_by_device, RSTR, flag::injected},
        {"EarlySynAckOfSomethingElse", "<SA,a=1000 >S", syn_sent, undecided, S0, 0, {O::unsolicited}},
        {"EarlySynAckAlreadyAnswered", "<SA >R +1ms >S", syn_sent, undecided, S0, 0, {O::unsolicited}},
        {"EarlyRefusal", "<RA,s=0 >S", reset, O::refused, REJ},
        {"EarlyRefusalAtTheLimit", "<RA,s=0 +5ms >S", reset, O::refused, REJ},
        {"EarlyRefusalTooEarly", "<RA,s=0 +5001us >S", syn_sent, undecided, S0, 0, {O::unsolicited}},
        {"EarlyRefusalOfSomethingElse", "<RA,s=0,a=1002 >S", syn_sent, undecided, S0, 0, {O::unsolicited}},
        {"EarlyAbort", "<RA,s=7777 >S", reset, O::refused, REJ},
        {"EarlyRefusalWhereTheAckGoesRound", "C=4294967295 <RA,s=0 >S", reset, O::refused, REJ},
        {"EarlyRefusalThenSynAgain", "<RA,s=0 +1ms >S +500ms >S", reset, O::refused, REJ},
        {"EarlyResetWithoutAckIsNoRefusal", "C=4294967295 <R,s=7777 >S", syn_sent, undecided, S0, 0, {O::unsolicited}},
        {"EarlyFastOpenRefusal", "<RA,s=0,a=1011 >S:10", reset, O::refused, REJ, flag::tfo},
    }),
    name_of);

TEST(StateMachine, FirstSenderIsTheClientByWhatItSends) {
    using namespace packet::tcp_flag;
    const auto client_by = [](std::uint8_t flags, std::uint32_t sequence, std::uint16_t from, std::uint16_t to) {
        Segment segment;
        segment.flags = flags;
        segment.sequence = sequence;
        return sender_is_client(segment, from, to);
    };
    EXPECT_TRUE(client_by(syn, 1, 80, 40000));
    EXPECT_FALSE(client_by(syn | ack, 1, 40000, 80));
    EXPECT_FALSE(client_by(rst | ack, 0, 40000, 80));
    EXPECT_TRUE(client_by(rst | ack, 1, 40000, 80));
    EXPECT_FALSE(client_by(rst | ack, 1, 80, 40000));
    EXPECT_TRUE(client_by(rst, 0, 40000, 80));
    EXPECT_FALSE(client_by(rst, 0, 80, 40000));
    EXPECT_TRUE(client_by(0, 1, 80, 40000));
    EXPECT_TRUE(client_by(fin, 1, 80, 40000));
    EXPECT_TRUE(client_by(fin | psh | urg, 1, 80, 40000));
    EXPECT_TRUE(client_by(ack, 1, 40000, 80));
    EXPECT_FALSE(client_by(ack, 1, 80, 40000));
    EXPECT_FALSE(client_by(ack, 1, 80, 80));
}

TEST(StateMachine, SegmentEndsBehindSynDataAndFin) {
    using namespace packet::tcp_flag;
    const auto end = [](std::uint8_t flags, std::uint32_t length) {
        Segment segment;
        segment.sequence = 0xFFFFFFFF;
        segment.flags = flags;
        segment.payload_length = length;
        return segment.end();
    };
    EXPECT_EQ(end(ack, 0), 0xFFFFFFFFU);
    EXPECT_EQ(end(syn, 0), 0U);
    EXPECT_EQ(end(fin | ack, 0), 0U);
    EXPECT_EQ(end(ack, 10), 9U);
    EXPECT_EQ(end(syn | fin, 10), 11U);
}

TEST(StateMachine, WhatDoesNotJustAcknowledgeIsControl) {
    using namespace packet::tcp_flag;
    constexpr std::uint8_t control[] = {syn, syn | ack, fin, fin | ack, rst, rst | ack, 0, psh, psh | urg};
    for (const std::uint8_t flags : control) EXPECT_TRUE(is_control(flags)) << int{flags};
    constexpr std::uint8_t others[] = {ack, ack | psh, ack | urg, ack | psh | urg};
    for (const std::uint8_t flags : others) EXPECT_FALSE(is_control(flags)) << int{flags};
}

TEST(StateMachine, KeepsTheNumbersOfBothSides) {
    const Connection c = Life("C=4294967290 V=4294967000 >S <SA >A >PA:10 <PA:1000 >A").connection;
    EXPECT_EQ(c.isn[0], 4294967290U);
    EXPECT_EQ(c.next[0], 5U);  // 4294967291 + 10, modulo 2^32
    EXPECT_EQ(c.acked[1], 5U);
    EXPECT_EQ(c.isn[1], 4294967000U);
    EXPECT_EQ(c.next[1], 705U);
    EXPECT_EQ(c.acked[0], 705U);
    EXPECT_EQ(c.wraps[0], 0);
}

TEST(StateMachine, OldAcksAndRetransmissionsMoveNothingBack) {
    const Connection c = Life(">S <SA >A >PA:100 <A >PA:50,s-100 <A,a=1051 <A").connection;
    EXPECT_EQ(c.next[0], 1101U);
    EXPECT_EQ(c.acked[1], 1101U);
    EXPECT_EQ(Life(">S <SA >A >PA:100 <A <A,a=1051").connection.acked[1], 1101U);
}

TEST(StateMachine, FirstAckCountsWhereverItsNumberLies) {
    for (const std::uint32_t isn : {5U, 0x7FFFFFFFU, 0x80000000U, 3000000000U, 0xFFFFFFFEU}) {
        Life life("C=" + std::to_string(isn) + " V=" + std::to_string(isn) + " >S <SA");
        EXPECT_EQ(life.connection.acked[1], isn + 1);
        EXPECT_EQ(life.play(">A").connection.acked[0], isn + 1);
    }
}

TEST(StateMachine, DataOfAnUnseenSideShowsInItsAcks) {
    EXPECT_EQ(Life(">S >A >RA,s+0").connection.outcome(), Outcome::reset_before_data_by_client);
    EXPECT_EQ(Life(">S >A >A,a=5101 >RA").connection.outcome(), Outcome::reset_after_response_by_client);
}

TEST(StateMachine, AcksSayNothingOfAnUnseenSideWhoseNumbersAreUnknown) {
    const Connection c = Life(">A >A,a=5101").connection;
    EXPECT_EQ(c.next[1], 0U);
    EXPECT_FALSE(c.has(seen::server_data));
}

TEST(StateMachine, SideThatGoesOnAloneIsOneSided) {
    for (const char* script : {">S >A", "<SA <A", ">A >A,a=5101"})
        EXPECT_TRUE(Life(script).connection.has(seen::one_sided)) << script;
    for (const char* script : {">S", ">S >S", ">S <SA >A", ">S <SA >A <PA:10 >A", ">A", ">A >A", ">A <PA:10 >A"})
        EXPECT_FALSE(Life(script).connection.has(seen::one_sided)) << script;
}

TEST(StateMachine, EverySegmentIsTheLastOneSeen) {
    for (const char* script :
         {">S +1s >S", ">S <SA +1s >A,a=9999", ">F +1s >F", ">S <SA >A <R +1s >A", ">S +1s <SA", ">S +1s <SA,a=77",
          ">S <SA >A +1s >PA:1", ">A +1s <A", ">S +1s >R", "<SA +1s <SA", ">S <SA >A >FA <FA +1s >A"})
        EXPECT_EQ(Life(script).connection.last_seen, life_start + tally::second) << script;
}

TEST(StateMachine, NumbersOfTheServerFollowItsLastSyn) {
    const Connection anew = Life(">S <S <S,isn=7000").connection;
    EXPECT_EQ(anew.isn[1], 7000U);
    EXPECT_EQ(anew.next[1], 7001U);
    const Connection again = Life(">S:10 <SA <PA:5 <SA").connection;
    EXPECT_EQ(again.isn[1], 5000U);
    EXPECT_EQ(again.next[1], 5006U);
    const Connection unseen = Life(">S >A").connection;
    EXPECT_EQ(unseen.isn[1], 5000U);
    EXPECT_EQ(unseen.next[1], 5001U);
    const Connection unseen_from_zero = Life("V=0 >S >A").connection;
    EXPECT_EQ(unseen_from_zero.isn[1], 0U);
    EXPECT_EQ(unseen_from_zero.next[1], 1U);
}

TEST(StateMachine, CountsStopAtTheirLargest) {
    Life life(">S");
    life.connection.syn_count = 0xfffe;
    EXPECT_EQ(life.play(">S").connection.syn_count, 0xffff);
    EXPECT_EQ(life.play(">S").connection.syn_count, 0xffff);
    life.play("<SA").connection.synack_count = 0xfffe;
    EXPECT_EQ(life.play("<SA").connection.synack_count, 0xffff);
    EXPECT_EQ(life.play("<SA").connection.synack_count, 0xffff);
    life.connection.rst_count = 0xfffe;
    EXPECT_EQ(life.play("<R").connection.rst_count, 0xffff);
    EXPECT_EQ(life.play("<R").connection.rst_count, 0xffff);
}

TEST(StateMachine, CountOfPassagesStopsAtItsLargest) {
    for (const std::uint8_t passages : {0xfe, 0xff}) {
        Life life(">S <SA >A");
        life.connection.wraps[0] = passages;
        life.connection.next[0] = life.connection.isn[0] - 1;
        life.play(">PA:10,s=999");
        EXPECT_EQ(life.connection.next[0], 1009U);
        EXPECT_EQ(life.connection.wraps[0], 0xff);
    }
}

TEST(StateMachine, CountsPassagesOfTheInitialNumber) {
    Life life(">S <SA >A");
    Segment segment;
    segment.flags = packet::tcp_flag::ack;
    segment.time = life.now;
    std::uint32_t sent = 1;
    for (int i = 1; i <= 9; ++i) {
        segment.payload_length = largest_window;
        segment.sequence = life.connection.next[0];
        (void)step(life.connection, segment, default_limits);
        sent += largest_window;
        EXPECT_EQ(life.connection.wraps[0], i / 4) << i;
        EXPECT_EQ(life.connection.next[0] - life.connection.isn[0], sent) << i;
    }
}

TEST(StateMachine, NotesTheFirstTimeToLiveOfEachSide) {
    const Connection c = Life(">S,ttl=57 <SA,ttl=120 >A,ttl=1 <A,ttl=2").connection;
    EXPECT_EQ(c.ttl[0], 57);
    EXPECT_EQ(c.ttl[1], 120);
    EXPECT_EQ(Life(">S <RA,s=0,ttl=9").connection.ttl[1], 0);  // a RST makes no baseline
}

TEST(StateMachine, CountsSynsAndSynAcks) {
    const Connection c = Life(">S +1s >S +1s >S <SA +1s <SA").connection;
    EXPECT_EQ(c.syn_count, 3);
    EXPECT_EQ(c.synack_count, 2);
    EXPECT_EQ(c.last_syn_time(), life_start + 2 * tally::second);
    EXPECT_EQ(c.synack_time, life_start + 2 * tally::second);
    EXPECT_EQ(c.start, life_start);
    EXPECT_EQ(c.last_seen, life_start + 3 * tally::second);
    EXPECT_EQ(Life("<SA <SA <SA").connection.synack_count, 3);
    EXPECT_EQ(Life(">S <SA >SA").connection.synack_count, 1);
}

TEST(StateMachine, EarlyAnswerKeepsItsOwnTime) {
    const Connection accepted = Life("<SA,ttl=58 +4ms >S").connection;
    EXPECT_EQ(accepted.start, life_start);
    EXPECT_EQ(accepted.synack_time, life_start);
    EXPECT_EQ(accepted.last_syn_time(), life_start + 4 * millisecond);
    EXPECT_EQ(accepted.ttl[1], 58);
    EXPECT_EQ(accepted.synack_count, 1);
    EXPECT_EQ(accepted.ttl[0], 64);
    EXPECT_EQ(accepted.last_seen, life_start + 4 * millisecond);
    EXPECT_TRUE(accepted.has(seen::client_packet | seen::server_packet));
    EXPECT_EQ(accepted.deadline, life_start + 3 * tally::second);

    const Connection refused = Life("<RA,s=0 +4ms >S").connection;
    EXPECT_EQ(refused.verdict_time, life_start);
    EXPECT_EQ(refused.rst_count, 1);
    EXPECT_EQ(refused.rst_by, tally::RstBy::server);
    EXPECT_EQ(refused.rst_shape, tally::RstShape::no_socket);
    EXPECT_EQ(Life("<RA,s=7777 +4ms >S").connection.rst_shape, tally::RstShape::abort);
}

TEST(StateMachine, EarlyResetKeepsItsOwnTime) {
    const Connection c = Life("<SA +1ms <RA,a=1001,ttl=59 +1ms <RA,a=1001 +2ms >S").connection;
    EXPECT_EQ(c.verdict_time, life_start + 2 * millisecond) << "when one was last seen";
    EXPECT_EQ(c.rst_count, 2);
    EXPECT_EQ(c.rst_ttl, 59);
    EXPECT_EQ(c.rst_acknowledgement, 1001U);
}

TEST(StateMachine, UnsolicitedResetLeavesItsEvidence) {
    const Connection refusal = Life("<RA,s=0").connection;
    EXPECT_EQ(refusal.rst_by, tally::RstBy::server);
    EXPECT_EQ(refusal.rst_shape, tally::RstShape::no_socket);
    EXPECT_EQ(refusal.rst_count, 1);
    EXPECT_TRUE(refusal.has(seen::server_rst));
    EXPECT_FALSE(refusal.has(seen::client_rst));
    EXPECT_EQ(Life("<RA,s=9").connection.rst_shape, tally::RstShape::abort);
    EXPECT_EQ(Life("<R,s=9").connection.rst_shape, tally::RstShape::no_socket);
    EXPECT_EQ(Life(">R,s=9").connection.rst_by, tally::RstBy::client);
    EXPECT_EQ(Life("<SA").connection.rst_by, tally::RstBy::nobody);
    EXPECT_EQ(Life("<SA >R").connection.rst_by, tally::RstBy::client);
    EXPECT_EQ(Life("<SA >R <RA").connection.rst_by, tally::RstBy::client);
    EXPECT_EQ(Life("+1s <SA").connection.synack_time, life_start + tally::second);
}

TEST(StateMachine, OnlyDataMakesASynModernOrFast) {
    EXPECT_TRUE(Life(">S,ts").connection.has(seen::modern_syn));
    EXPECT_TRUE(Life(">S,ws").connection.has(seen::modern_syn));
    EXPECT_FALSE(Life(">S").connection.has(seen::modern_syn));
    EXPECT_TRUE(Life(">S:1").connection.has(seen::tfo | seen::client_data));
    EXPECT_FALSE(Life(">S").connection.has_any(seen::tfo | seen::client_data));
}

}  // namespace
}  // namespace rstwatch::tcp
