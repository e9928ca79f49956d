// SPDX-License-Identifier: Apache-2.0
// A mirror port may deliver one direction later than the other, by more than a round trip. What a connection comes to
// must not depend on that.
#include <cstdlib>

#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

/// The segments of a life in the order in which they were sent, each with its numbers; `+` is a silence.
struct Sent {
    std::string name;
    std::vector<std::string> segments;
};

const std::vector<std::string> opening{">S", "<SA,a=1001", ">A,s=1001,a=5001"};
const std::string ask = ">PA:10,s=1001,a=5001", taken = "<A,s=5001,a=1011", answer = "<PA:20,s=5001,a=1011",
                  thanks = ">A,s=1011,a=5021", ask_again = ">PA:10,s=1011,a=5021";

Sent opened(std::string name, const std::vector<std::string>& then) {
    std::vector<std::string> all = opening;
    all.insert(all.end(), then.begin(), then.end());
    return {std::move(name), std::move(all)};
}

const std::vector<Sent> lives{
    {"Refused", {">S", "<RA,s=0,a=1001"}},
    {"HalfOpenScan", {">S", "<SA,a=1001", ">R,s=1001"}},
    opened("FinalAckRefused", {"<R,s=5001"}),
    opened("FirstDataRefused", {ask, "<R,s=5001"}),
    opened("AbortedBeforeData", {"<RA,s=5001,a=1001"}),
    opened("AbortedWithoutAnswer", {ask, taken, "<RA,s=5001,a=1011"}),
    opened("AbortedMidStream", {ask, answer, thanks, "<RA,s=5021,a=1011"}),
    opened("AbortedByTheClient", {ask, taken, ">RA,s=1011,a=5001"}),
    opened("AbortedByTheClientAfterTheAnswer", {ask, answer, ">RA,s=1011,a=5021"}),
    opened("ServerLostState", {ask, answer, thanks, "+20ms", ask_again, "<R,s=5021"}),
    opened("ServerLostStateTwoSegments",
           {ask, answer, thanks, "+20ms", ask_again, ">PA:10,s=1021,a=5021", "<R,s=5021", "<R,s=5021"}),
    opened("ClientLostState", {ask, taken, "+20ms", answer, ">R,s=1011"}),
    opened("ForgottenByADevice", {ask, answer, thanks, "+20s", ask_again, "<R,s=5021,ttl=40"}),
    opened("ForgottenByALoadBalancer", {ask, answer, thanks, "+350s", ask_again, "<R,s=5021"}),
    opened("RefusedByADevice", {ask, "<R,s=5001,ttl=40"}),
    opened("KeepaliveTimeout", {ask, answer, thanks, "+60s", ">A,s=1010,a=5021", "+1s", ">RA,s=1011,a=5021"}),
    opened("Closed", {">FA,s=1001,a=5001", "<FA,s=5001,a=1002", ">A,s=1002,a=5002"}),
    opened("ClosedAfterTheAnswer", {ask, answer, ">FA,s=1011,a=5021", "<FA,s=5021,a=1012", ">A,s=1012,a=5022"}),
    opened("ClosedWithoutAnswer", {ask, taken, "<FA,s=5001,a=1011", ">FA,s=1011,a=5002", "<A,s=5002,a=1012"}),
    opened("ClosedWithoutAnswerThenRefused",
           {ask, taken, "<FA,s=5001,a=1011", ">A,s=1011,a=5002", ">PA:5,s=1011,a=5002", "<R,s=5002"}),
    opened("AnswerAfterTheClientsFin", {ask, taken, ">FA,s=1011,a=5001", "<PA:20,s=5001,a=1012", ">R,s=1012"}),
    opened("AbortedAfterTheServersFin", {ask, answer, "<FA,s=5021,a=1011", ">A,s=1011,a=5022", ">RA,s=1011,a=5022"}),
    opened("KilledInTimeWait", {">FA,s=1001,a=5001", "<FA,s=5001,a=1002", ">A,s=1002,a=5002", "+20ms", "<R,s=5002"}),
};

std::int64_t microseconds(const std::string& pause) {
    const std::int64_t amount = std::atoll(pause.c_str() + 1);
    return amount * (pause.ends_with("ms") ? 1'000 : 1'000'000);
}

/// The play that a mirror shows which delivers the server's segments so much later (before 0: earlier).
std::string seen_through_mirror(const Sent& sent, std::int64_t between, std::int64_t servers_late) {
    std::vector<std::pair<std::int64_t, std::string>> seen;
    std::int64_t now = 0;
    for (const std::string& segment : sent.segments) {
        if (segment[0] == '+') {
            now += microseconds(segment);
            continue;
        }
        now += between;
        seen.emplace_back(now + (segment[0] == '<' ? servers_late : 0), segment);
    }
    std::ranges::stable_sort(seen, {}, &std::pair<std::int64_t, std::string>::first);
    std::string script;
    std::int64_t last = seen.front().first;
    for (const auto& [time, segment] : seen) {
        if (time > last) script += "+" + std::to_string(time - last) + "us ";
        script += segment + " ";
        last = time;
    }
    return script;
}

std::string what_came_of(const std::string& script) {
    const Life life(script);
    const auto outcome = life.connection.outcome();
    return words(life.ended) + " " + (outcome ? words(outcome) : words(life.connection.phase));
}

class MirrorSkew : public testing::TestWithParam<Sent> {};

TEST_P(MirrorSkew, ChangesNoOutcome) {
    for (const std::int64_t between : {60, 300, 1000}) {
        const std::string true_end = what_came_of(seen_through_mirror(GetParam(), between, 0));
        for (const std::int64_t late : {70, 150, 400, 1100, 2000, 3500, 4900}) {
            for (const std::int64_t by : {late, -late}) {
                const std::string script = seen_through_mirror(GetParam(), between, by);
                EXPECT_EQ(what_came_of(script), true_end) << script;
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(StateMachine, MirrorSkew, testing::ValuesIn(lives),
                         [](const testing::TestParamInfo<Sent>& info) { return info.param.name; });

}  // namespace
}  // namespace rstwatch::tcp
