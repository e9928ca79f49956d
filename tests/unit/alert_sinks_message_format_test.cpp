// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/message_format.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/alert_test_data.h"

namespace rstwatch::control {
namespace {

TEST(MessageFormat, SyslogIsOneLineOfRfc5424) {
    EXPECT_EQ(syslog_message(test::notice("a1"), "branch tap"),
              "<27>1 2026-11-20T10:55:00.500000Z branch_tap rstwatchd " + std::to_string(getpid()) +
                  " fired - fired error incoming 10.0.0.9:80: "
                  "10.0.0.9:80 (collector) refuses 2.00 connections per second");
}

TEST(MessageFormat, SeverityIsThatOfTheLevelUntilNobodyIsNeeded) {
    AlertNotice notice = test::notice("a");
    notice.alert.level = AlertLevel::critical;
    EXPECT_EQ(syslog_severity(notice), 2);
    notice.alert.level = AlertLevel::warn;
    EXPECT_EQ(syslog_severity(notice), 4);
    notice.event = AlertEvent::acknowledged;
    EXPECT_EQ(syslog_severity(notice), 5);
    notice.event = AlertEvent::cleared;
    notice.alert.level = AlertLevel::none;
    EXPECT_EQ(syslog_severity(notice), 5);
}

TEST(MessageFormat, NoTextEscapesItsLineOrItsField) {
    AlertNotice notice = test::notice("a");
    notice.alert.text = "two\nRSTWATCH_LEVEL=none\r\x1b[2J";
    notice.alert.service = "x\ny";
    const std::string message = syslog_message(notice, "");
    EXPECT_EQ(message.find_first_of("\n\r\x1b"), std::string::npos);
    EXPECT_NE(message.find("Z - rstwatchd "), std::string::npos) << "a header field is never empty";
    const std::string entry = journal_entry(notice, "tap");
    EXPECT_EQ(entry.find("\nRSTWATCH_LEVEL=none"), std::string::npos);
    EXPECT_NE(entry.find("\nRSTWATCH_SERVICE=x y\n"), std::string::npos);
}

TEST(MessageFormat, ALongTextIsCutBetweenCharacters) {
    AlertNotice notice = test::notice("a");
    notice.alert.text.clear();
    for (int i = 0; i < 2'000; ++i) notice.alert.text += "\xc3\xa9";
    const std::string message = syslog_message(notice, "tap");
    EXPECT_GE(message.size(), 2'047U);
    EXPECT_LE(message.size(), 2'048U);
    EXPECT_TRUE(message.ends_with("\xc3\xa9"));
}

TEST(MessageFormat, TheJournalGetsFields) {
    EXPECT_EQ(journal_entry(test::notice("a1"), "tap"),
              "MESSAGE=fired error incoming 10.0.0.9:80: 10.0.0.9:80 (collector) refuses 2.00 connections per second\n"
              "PRIORITY=3\nSYSLOG_IDENTIFIER=rstwatchd\nRSTWATCH_EVENT=fired\nRSTWATCH_ALERT=a1\n"
              "RSTWATCH_LEVEL=error\nRSTWATCH_SCOPE=service\nRSTWATCH_SUBJECT=10.0.0.9:80\n"
              "RSTWATCH_DIRECTION=incoming\nRSTWATCH_CAUSE=refused\nRSTWATCH_SERVICE=collector\n"
              "RSTWATCH_SINCE=2026-11-20T10:54:50.500000Z\nRSTWATCH_SENSOR=tap\n");
}

}  // namespace
}  // namespace rstwatch::control
