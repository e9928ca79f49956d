// SPDX-License-Identifier: Apache-2.0
#include "control/events/event_filter.h"

#include <gtest/gtest.h>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;

std::string round_trip(const char* text) {
    const auto peer = parse_peer(text);
    if (!peer) return "none";
    return peer->port ? to_string(tally::Endpoint{peer->address, *peer->port}) : to_string(peer->address);
}

TEST(EventFilter, AddressesAreReadWithAndWithoutPorts) {
    EXPECT_EQ(round_trip("10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(round_trip("10.0.0.1:80"), "10.0.0.1:80");
    EXPECT_EQ(round_trip("2001:DB8::1"), "2001:db8::1");
    EXPECT_EQ(round_trip("[2001:db8::1]"), "2001:db8::1");
    EXPECT_EQ(round_trip("[2001:db8::1]:443"), "[2001:db8::1]:443");
    for (const char* text : {"", "host", "10.0.0", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:65536", "[10.0.0.1]:80", "[::1",
                             "[::1]80", "[]:80", ":80", "10.0.0.1:80:90", "10.0.0.1 "})
        EXPECT_EQ(round_trip(text), "none") << text;
}

TEST(EventFilter, WantsWhatFitsEveryPart) {
    const FailedAttempt failure{1, endpoint(2, 40'000), endpoint(9, 80), Outcome::refused};
    EXPECT_TRUE(EventFilter{}.wants(failure));
    EXPECT_FALSE(EventFilter{.failures = false}.wants(failure));
    EXPECT_TRUE(EventFilter{.outcome = Outcome::refused}.wants(failure));
    EXPECT_FALSE(EventFilter{.outcome = Outcome::unanswered}.wants(failure));
    EXPECT_TRUE(EventFilter{.server = parse_peer("10.0.0.9")}.wants(failure));
    EXPECT_TRUE(EventFilter{.server = parse_peer("10.0.0.9:80")}.wants(failure));
    EXPECT_FALSE(EventFilter{.server = parse_peer("10.0.0.9:81")}.wants(failure));
    EXPECT_FALSE(EventFilter{.server = parse_peer("10.0.0.2")}.wants(failure));
    EXPECT_TRUE(EventFilter{.client = parse_peer("10.0.0.2")}.wants(failure));
    EXPECT_FALSE((EventFilter{.server = parse_peer("10.0.0.9"), .client = parse_peer("10.0.0.3")}.wants(failure)));
}

}  // namespace
}  // namespace rstwatch::control
