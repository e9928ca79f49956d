// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/outcome.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace rstwatch::tally {
namespace {

TEST(Outcome, NamesAreUniqueAndLeadBack) {
    std::set<std::string_view> names;
    for (const Outcome outcome : all_outcomes()) {
        EXPECT_TRUE(names.insert(name(outcome)).second) << name(outcome);
        EXPECT_EQ(outcome_from_name(name(outcome)), outcome);
    }
    EXPECT_EQ(names.size(), 29U);
    EXPECT_EQ(names.size(), outcome_count);
}

TEST(Outcome, UnknownNamesLeadNowhere) {
    for (const char* text : {"", "refuse", "refused ", "Refused", "none"})
        EXPECT_EQ(outcome_from_name(text), std::nullopt);
}

TEST(Outcome, OrderIsThatOfTheEnumeration) {
    for (std::size_t i = 0; i < outcome_count; ++i) EXPECT_EQ(index(all_outcomes()[i]), i);
    EXPECT_EQ(all_outcomes().front(), Outcome::refused);
    EXPECT_EQ(all_outcomes().back(), Outcome::undetermined);
}

TEST(Outcome, FailedOnesAreThese) {
    std::vector<std::string> failed;
    for (const Outcome outcome : all_outcomes())
        if (is_failed(outcome)) failed.emplace_back(name(outcome));
    EXPECT_EQ(failed, (std::vector<std::string>{
                          "refused", "refused_by_device", "icmp_rejected", "unanswered", "listen_overflow",
                          "reset_before_data_by_server", "reset_without_response", "reset_mid_stream_by_server",
                          "idle_reset", "peer_lost_state", "keepalive_timeout", "blackholed", "zero_window_stall"}));
}

TEST(Outcome, SilenceIsPartOfWhatAbsentHostsLeaveBehind) {
    std::vector<std::string> silent, absent;
    for (const Outcome outcome : all_outcomes()) {
        if (is_silence(outcome)) silent.emplace_back(name(outcome));
        if (is_told_of_absent_hosts(outcome)) absent.emplace_back(name(outcome));
    }
    EXPECT_EQ(silent, (std::vector<std::string>{"unanswered", "keepalive_timeout", "blackholed"}));
    EXPECT_EQ(absent, (std::vector<std::string>{"icmp_rejected", "unanswered", "listen_overflow", "keepalive_timeout",
                                                "blackholed"}));
}

TEST(Outcome, VerdictsOfTheOthers) {
    EXPECT_EQ(verdict(Outcome::half_open_scan), Verdict::security);
    EXPECT_EQ(verdict(Outcome::reset_by_device), Verdict::security);
    for (const Outcome normal :
         {Outcome::reset_after_response_by_client, Outcome::closed, Outcome::reset_after_fin, Outcome::open})
        EXPECT_EQ(verdict(normal), Verdict::normal) << name(normal);
    for (const Outcome info : {Outcome::handshake_incomplete, Outcome::client_cancelled, Outcome::invalid_ack,
                               Outcome::reset_before_data_by_client, Outcome::closed_without_response,
                               Outcome::reset_without_response_by_client, Outcome::client_restarted,
                               Outcome::unsolicited, Outcome::midstream, Outcome::undetermined})
        EXPECT_EQ(verdict(info), Verdict::info) << name(info);
}

TEST(Outcome, OnlyWhatHadASynIsAnAttempt) {
    for (const Outcome outcome : all_outcomes())
        EXPECT_EQ(is_attempt(outcome), outcome != Outcome::midstream && outcome != Outcome::unsolicited);
}

}  // namespace
}  // namespace rstwatch::tally
