// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/backlog.h"

#include <gtest/gtest.h>

#include "tests/unit/alert_test_data.h"

namespace rstwatch::control {
namespace {

using test::notice;

std::string shown(const std::vector<AlertNotice>& notices) {
    std::string text;
    for (const auto& each : notices) text += each.alert.id + " " + std::string(name(each.event)) + "; ";
    return text;
}

TEST(Backlog, KeepsTheOrderAndTheNewestOfEach) {
    Backlog backlog(8);
    backlog.add(notice("a"));
    backlog.add(notice("b"));
    backlog.add(notice("a", AlertEvent::changed));
    backlog.add(notice("b", AlertEvent::cleared));
    backlog.add(notice("c", AlertEvent::changed));
    backlog.add(notice("c", AlertEvent::acknowledged));
    EXPECT_EQ(backlog.size(), 3U);
    EXPECT_EQ(shown(backlog.take(2)), "a fired; b cleared; ") << "a's beginning has not been told yet";
    EXPECT_EQ(shown(backlog.take(2)), "c acknowledged; ");
    EXPECT_EQ(shown(backlog.take(2)), "");
    EXPECT_EQ(backlog.dropped(), 0U);
}

TEST(Backlog, WhatIsPutBackComesFirstUnlessItIsOutOfDate) {
    Backlog backlog(8);
    for (const char* id : {"a", "b", "c"}) backlog.add(notice(id));
    auto taken = backlog.take(2);
    backlog.add(notice("b", AlertEvent::changed));
    backlog.put_back(std::move(taken));
    EXPECT_EQ(shown(backlog.take(8)), "a fired; c fired; b fired; ");
    backlog.add(notice("d"));
    taken = backlog.take(1);
    backlog.add(notice("d", AlertEvent::cleared));
    backlog.put_back(std::move(taken));
    EXPECT_EQ(shown(backlog.take(8)), "d cleared; ");
}

TEST(Backlog, TheOldestGivesWay) {
    Backlog backlog(2);
    for (const char* id : {"a", "b", "c"}) backlog.add(notice(id));
    EXPECT_EQ(backlog.dropped(), 1U);
    auto taken = backlog.take(1);
    EXPECT_EQ(shown(taken), "b fired; ");
    backlog.add(notice("d"));
    backlog.put_back(std::move(taken));
    EXPECT_EQ(backlog.dropped(), 2U);
    EXPECT_EQ(shown(backlog.take(8)), "c fired; d fired; ");
}

}  // namespace
}  // namespace rstwatch::control
