// SPDX-License-Identifier: Apache-2.0
// Every kind of segment in every phase: what the connection has come to behind it. What depends on numbers, times and
// what came before is told in the other tests of the state machine.
#include <functional>
#include <iterator>
#include <map>
#include <sstream>

#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

using enum Phase;
using O = Outcome;

/// From both sides, where that makes a difference.
const std::string kinds =
    ">S >S,isn=9000 <S <SA >SA >A <A >PA:10 <PA:10 >FA <FA >- <- >F <F "
    ">R <R >RA <RA >SR !3/1";

/// What each of the segments makes of the connection that was begun so.
struct Transition {
    std::string before;
    std::string segments;
    Phase phase;
    std::optional<Outcome> outcome;
    std::vector<Outcome> ended = {};  ///< the outcome of the attempt that gave way to a new one
};

const std::vector<Transition> transitions{
    {"", ">S >S,isn=9000 <S", syn_sent, undecided},
    {"", "<SA >SA >- <- >F <F >R <R >RA <RA >SR", unsolicited, undecided},
    {"", ">A <A >PA:10 <PA:10 >FA <FA", midstream, undecided},
    {"", "!3/1", Phase::none, undecided},

    {">S", ">S <S >SA >- <- >F <F <R", syn_sent, undecided},
    {">S", ">S,isn=9000", syn_sent, undecided, {O::client_cancelled}},
    {">S", "<SA", syn_received, undecided},
    {">S", ">A <A >PA:10 <PA:10 <FA", established, undecided},  // the SYN-ACK was missed
    {">S", ">FA", closed, O::closed},                           // and so is the server
    {">S", ">R >RA >SR", reset, O::client_cancelled},
    {">S", "<RA", reset, O::refused},
    {">S", "!3/1", syn_sent, O::icmp_rejected},

    {">S <SA", ">S <SA >SA <A >- <- >F <F !3/1", syn_received, undecided},
    {">S <SA", ">S,isn=9000 <S", syn_sent, undecided, {O::client_cancelled}},
    {">S <SA", ">A >PA:10 <PA:10 >FA <FA", established, undecided},
    {">S <SA", ">R", reset, O::half_open_scan},
    {">S <SA", ">RA >SR", reset, O::client_cancelled},
    {">S <SA", "<R <RA", reset, O::handshake_incomplete},

    {">S <SA >A", ">S <SA >SA >A <A >PA:10 <PA:10 >FA <FA >- <- >F <F !3/1", established, undecided},
    {">S <SA >A", ">S,isn=9000 <S", syn_sent, undecided, {O::open}},
    {">S <SA >A", ">R >RA >SR", reset, O::reset_before_data_by_client},
    {">S <SA >A", "<R", reset, O::listen_overflow},
    {">S <SA >A", "<RA", reset, O::reset_before_data_by_server},

    {">S <SA >A >FA <FA", ">S <SA >SA >A <A >PA:10 <PA:10 >FA <FA >- <- >F <F >R >RA >SR !3/1", closed, O::closed},
    {">S <SA >A >FA <FA", "<R <RA", closed, O::reset_after_fin},  // kills the client in TIME-WAIT
    {">S <SA >A >FA <FA", ">S,isn=9000 <S", syn_sent, undecided, {O::closed}},

    {">S <RA,s=0", ">S >SA >A <A >PA:10 <PA:10 >FA <FA >- <- >F <F >R <R >RA <RA >SR !3/1", reset, O::refused},
    {">S <RA,s=0", "<SA", syn_received, undecided},
    {">S <RA,s=0", ">S,isn=9000 <S", syn_sent, undecided, {O::refused}},

    {">S <SA >A <RA", ">S <SA >SA >A <A >PA:10 <PA:10 >FA <FA >- <- >F <F >R <R >RA <RA >SR !3/1", reset,
     O::reset_before_data_by_server},
    {">S <SA >A <RA", ">S,isn=9000 <S", syn_sent, undecided, {O::reset_before_data_by_server}},

    {"<SA", "<SA >SA >- <- >F <F >R <R >RA <RA >SR !3/1", unsolicited, undecided},
    {"<SA", ">S", syn_received, undecided},  // of which it was the early answer
    {"<SA", ">S,isn=9000 <S", syn_sent, undecided, {O::unsolicited}},
    {"<SA", "<A <PA:10", established, undecided},  // the client is not shown
    {"<SA", "<FA", closed, O::closed},
    {"<SA", ">A >PA:10 >FA", midstream, undecided},

    {"<RA,s=0", "<SA >SA >- <- >F <F >R <R >RA <RA >SR !3/1", unsolicited, undecided},
    {"<RA,s=0", ">S", reset, O::refused},
    {"<RA,s=0", ">S,isn=9000 <S", syn_sent, undecided, {O::unsolicited}},
    {"<RA,s=0", ">A <A >PA:10 <PA:10 >FA <FA", midstream, undecided},

    {">A <A", "<SA >SA >A <A >PA:10 <PA:10 >FA <FA >- <- >F <F !3/1", midstream, undecided},
    {">A <A", ">S >S,isn=9000 <S", syn_sent, undecided, {O::midstream}},
    {">A <A", ">R <R >RA <RA >SR", reset, O::unsolicited},

    {">S <RA,s=0 +3s", ">S <SA >SA >A <A >PA:10 <PA:10 >FA <FA >- <- >F <F >R <R >RA <RA >SR !3/1", finished,
     O::refused},
    {">S <RA,s=0 +3s", ">S,isn=9000 <S", syn_sent, undecided},
};

std::vector<std::string> split(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

TEST(Transitions, OfEveryKindInEveryPhase) {
    for (const Transition& transition : transitions) {
        for (const std::string& segment : split(transition.segments)) {
            SCOPED_TRACE(transition.before + " " + segment);
            Life life(transition.before);
            life.ended.clear();
            life.play(segment);
            EXPECT_EQ(words(life.connection.phase), words(transition.phase));
            EXPECT_EQ(words(life.connection.outcome()), words(transition.outcome));
            EXPECT_EQ(words(life.ended), words(transition.ended));
        }
    }
}

TEST(Transitions, LackNoneAndHaveNoneTwice) {
    std::vector<std::string> all = split(kinds);
    std::ranges::sort(all);
    std::map<std::string, std::vector<std::string>> of;
    for (const Transition& transition : transitions)
        for (const std::string& segment : split(transition.segments)) of[transition.before].push_back(segment);
    std::vector<bool> begun(static_cast<std::size_t>(finished) + 1);
    for (auto& [before, segments] : of) {
        std::ranges::sort(segments);
        EXPECT_EQ(segments, all) << before;
        begun[static_cast<std::size_t>(Life(before).connection.phase)] = true;
    }
    EXPECT_TRUE(std::ranges::all_of(begun, std::identity{})) << "a phase has no transitions";
}

}  // namespace
}  // namespace rstwatch::tcp
