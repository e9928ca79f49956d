// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

using enum tally::ZeekState;

struct Summary {
    const char* script;
    tally::ZeekState state;
};

// The words of Zeek's base/protocols/conn/main.zeek, each by the shortest way to it.
constexpr Summary summaries[] = {
    {">S", S0},
    {">S +3s", S0},
    {">S !3/1", S0},
    {">S <RA,s=0,a=1000", S0},
    {">S <SA", S1},
    {">S <SA +3s", S1},
    {">S <SA >A", S1},
    {">S <A", S1},
    {">S <SA >A >FA <FA", SF},
    {">S <SA >A >FA <FA <R", SF},
    {">S <RA,s=0", REJ},
    {">S <RA,s=0 +3s", REJ},
    {">S <SA,a=77 <RA,s=0", REJ},
    {">S <SA >A >FA", S2},
    {">S <SA >A <FA", S3},
    {">S <SA >R", RSTO},
    {">S <SA >A >RA", RSTO},
    {">S <SA >A <FA >RA", RSTO},
    {">S <SA <R", RSTR},
    {">S <SA >A <RA", RSTR},
    {">S >R", RSTOS0},
    {"<SA <R", RSTRH},
    {">S >FA", SH},
    {"<SA <FA", SHR},
    {"<SA", OTH},
    {"<RA,s=0", RSTRH},
    {">A <R", RSTRH},
    {">FA <R", RSTR},
    {">A <A >R", OTH},
    {"<SA >R", OTH},
    {"<SA >A", S1},
    {"<SA >FA", S2},
    {"<SA >A <FA", S3},
    {"<SA >A <FA >FA", SF},
    {">A <A >FA <FA", SF},
    {">S <A,a=77 >R,s=77", RSTOS0},
    {">S <SA >A >FA >R <FA", SF},
    {">A <A", OTH},
    {">A <FA", SHR},
    {">A <A >FA", SH},
    {">F", SH},
    {">FPU", SH},
    {">-", OTH},
};

TEST(ZeekState, IsWhatZeekWouldSay) {
    for (const Summary& summary : summaries)
        EXPECT_EQ(words(zeek_state(Life(summary.script).connection)), words(summary.state)) << summary.script;
}

TEST(ZeekState, ResetOfTheClientComesFirst) {
    Connection connection = Life(">S <SA >A >RA").connection;
    connection.seen |= seen::server_rst;
    EXPECT_EQ(zeek_state(connection), RSTO);
}

}  // namespace
}  // namespace rstwatch::tcp
