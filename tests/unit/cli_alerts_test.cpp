// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/alerts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_daemon.h"
#include "tests/unit/cli_process.h"

namespace rstwatch::cli {
namespace {

constexpr const char* alerts_document = R"({"alerts":[
    {"id":"c","scope":"host","subject":"10.0.0.9","direction":"outgoing","level":"none","peak_level":"error",
     "per_second":0.0,"peak_per_second":12.5,"share":0.0,"failed":17,"since":1795143000.0,"fired":1795143003.0,
     "until":1795143252.0,"duration_seconds":252.0,"acknowledged":false,"cause":"unanswered","service":"","clients":1,
     "nested":[],"text":"It was silent."},
    {"id":"a b","scope":"service","subject":"127.0.0.1:7211","direction":"incoming","level":"warn","peak_level":"warn",
     "per_second":2.004,"peak_per_second":2.1,"share":1.0,"since":1795144393.0,"fired":1795144396.0,"until":null,
     "duration_seconds":252.5,"acknowledged":true,"cause":"refused","service":"collector\u001b","clients":1,
     "nested":["10.0.0.1:80"],"text":"127.0.0.1:7211 (collector) refuses\n2.00 connections per second."},
    {"id":"n","scope":"network","subject":"network","direction":"incoming","level":"critical","peak_level":"critical",
     "per_second":1234.5,"peak_per_second":2000.0,"share":0.5,"since":1795144300.0,"fired":1795144303.0,"until":null,
     "duration_seconds":12.0,"acknowledged":false,"cause":"refused","service":"","clients":1000,"nested":[],
     "text":"The network fails."}]})";

class CliAlerts : public testing::Test {
  protected:
    CliAlerts() { daemon_.answer("/api/v1/alerts", alerts_document); }

    Outcome alerts(std::vector<std::string> arguments = {}) {
        arguments.insert(arguments.begin(), "alerts");
        return Cli(std::move(arguments)).with("RSTWATCH_SERVER", daemon_.address()).in_pipes();
    }

    test::FakeDaemon daemon_;
};

TEST_F(CliAlerts, TheWorstComesFirst) {
    const auto outcome = alerts();
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(
        outcome.out,
        "LEVEL     SUBJECT         SERVICE        PER SECOND  SINCE                DURATION    STATE         ID\n"
        "critical  network         -                1,234.50  2026-11-20 03:11:40  12.0 s      active        n\n"
        "    The network fails.\n"
        "warn      127.0.0.1:7211  collector\\x1b        2.00  2026-11-20 03:13:13  4 min 12 s  acknowledged  a b\n"
        "    127.0.0.1:7211 (collector) refuses\\n2.00 connections per second.\n");
}

TEST_F(CliAlerts, AllOfThemAreThoseThatWereCleared) {
    const auto text = alerts({"--all"}).out;
    EXPECT_NE(
        text.find("error     10.0.0.9 outgoing  -                   12.50  2026-11-20 02:50:00  4 min 12 s  cleared at "
                  "2026-11-20 02:54:12  c\n    It was silent.\n"),
        std::string::npos)
        << text;
    EXPECT_LT(text.find("127.0.0.1:7211"), text.find("10.0.0.9"));
}

TEST_F(CliAlerts, HaveEveryFormat) {
    EXPECT_EQ(alerts({"-o", "json"}).out, std::string(alerts_document) + "\n");
    const auto lines = alerts({"-o", "jsonl"}).out;
    EXPECT_TRUE(lines.starts_with("{\"id\":\"n\",")) << lines;
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
    const auto csv = alerts({"-o", "csv", "--all"}).out;
    EXPECT_TRUE(csv.starts_with("id,scope,subject,direction,level,")) << csv;
    EXPECT_NE(csv.find("\nc,host,10.0.0.9,outgoing,none,error,0.0,12.5,0.0,17,1795143000.0,1795143003.0,1795143252.0,"),
              std::string::npos)
        << csv;
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);
}

TEST_F(CliAlerts, OnATerminalHaveTheColourOfTheirLevelAndAreWrapped) {
    const auto screen = Cli({"--server", daemon_.address(), "alerts"}).on_terminal().out;
    EXPECT_NE(screen.find("\x1B[1;31mcritical"), std::string::npos) << screen;
    EXPECT_NE(screen.find("\x1B[33mwarn"), std::string::npos) << screen;
}

TEST_F(CliAlerts, AnEmptyListSaysWhatWasSeen) {
    daemon_.answer("/api/v1/alerts", R"({"alerts":[]})");
    daemon_.answer("/api/v1/status", R"({"packets":{"received":0},"attempts":0})");
    auto outcome = alerts();
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "0 active alerts; 0 packets seen: is the SPAN port up?\n");
    daemon_.answer("/api/v1/status", R"({"packets":{"received":5678},"attempts":1234})");
    outcome = alerts({"--all", "-o", "csv"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "0 alerts among 1,234 attempts in 5,678 packets\n");
}

TEST_F(CliAlerts, AcknowledgingIsAPost) {
    daemon_.answer("/api/v1/alerts/a%20b%2Fc/acknowledge",
                   R"({"id":"a b/c","level":"warn","subject":"127.0.0.1:7211","acknowledged":true,"until":null})");
    const auto outcome = alerts({"--ack", "a b/c"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("acknowledged  a b/c\n"), std::string::npos) << outcome.out;
    EXPECT_EQ(daemon_.requests(), std::vector<std::string>{"POST /api/v1/alerts/a%20b%2Fc/acknowledge"});
}

TEST_F(CliAlerts, AcknowledgingNothingIsAFailure) {
    const auto outcome = alerts({"--ack", "x\x1B"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("alert x\\x1b was not acknowledged: there is nothing at"), std::string::npos)
        << outcome.err;
}

TEST_F(CliAlerts, NoDaemonIsToldApart) {
    daemon_.stop();
    EXPECT_EQ(alerts().exit_code, 3);
    EXPECT_EQ(alerts({"--ack", "x"}).exit_code, 3);
}

}  // namespace
}  // namespace rstwatch::cli
