// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/check.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_daemon.h"
#include "tests/unit/cli_process.h"
#include "tools/rstwatch/document.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

class CliCheck : public testing::Test {
  protected:
    CliCheck() {
        status("live", 5678, wall_clock());
        daemon_.answer("/api/v1/top?outcome=failed&by=service&n=1000&window=60s",
                       R"({"window_seconds":60,"packets":{"received":900},"attempts":240,
                           "rows":[{"port":7211,"count":90},{"port":80,"count":30}]})");
        daemon_.answer("/api/v1/top?outcome=failed&by=destination&n=1&window=60s",
                       R"({"rows":[{"address":"10.0.0.1","port":7211,"service":"a|b","outcomes":{"refused":90}}]})");
        daemon_.answer("/api/v1/destinations/10.0.0.1%3A80",
                       R"({"address":"10.0.0.1","port":80,"service":"http","failing":{"since":1.0},
                           "rates":[{"seconds":10,"failed_per_second":0.5,"accepted_per_second":0.0},
                                    {"seconds":60,"failed_per_second":0.0125,"accepted_per_second":4}],
                           "diagnosis":{"sentence":"It refuses | connections\n."}})");
    }

    void status(const std::string& mode, int packets, double clock) {
        daemon_.answer("/api/v1/status", R"({"mode":")" + mode + R"(","packets":{"received":)" +
                                             std::to_string(packets) + R"(},"clock":)" + std::to_string(clock) + "}");
    }

    Outcome check(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "check");
        return Cli(std::move(arguments)).with("RSTWATCH_SERVER", daemon_.address()).in_pipes();
    }

    /// No way out of a plugin is anything but one line on standard output.
    static void expect_unknown(const Outcome& outcome, const std::string& reason) {
        EXPECT_EQ(outcome.exit_code, 3);
        EXPECT_TRUE(outcome.out.starts_with("RSTWATCH UNKNOWN - ")) << outcome.out << outcome.err;
        EXPECT_NE(outcome.out.find(reason), std::string::npos) << outcome.out;
        EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << outcome.out;
    }

    test::FakeDaemon daemon_;
};

TEST_F(CliCheck, JudgesTheNetwork) {
    auto outcome = check({"--warn", "1", "--crit", "10"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.out,
              "RSTWATCH WARNING - 2.00 of 4.00 connection attempts per second fail over 1 min; most at 10.0.0.1:7211 "
              "(a/b): refused | failed_per_second=2;1;10;0;\n");
    outcome = check({"--warn", "0.5", "--crit", "2"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_TRUE(outcome.out.starts_with("RSTWATCH CRITICAL - "));
    outcome = check({"--warn", "2.5", "--crit", "2.5"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_TRUE(outcome.out.starts_with("RSTWATCH OK - "));
}

TEST_F(CliCheck, JudgesAService) {
    auto outcome = check({"--warn", "0.01", "--crit", "1", "10.0.0.1:80"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(
        outcome.out,
        "RSTWATCH WARNING - 10.0.0.1:80 (http): 0.01 connections per second fail, 4.00 are accepted over 1 min; It "
        "refuses / connections\\n. | failed_per_second=0.0125;0.01;1;0;\n");
    outcome = check({"--warn", "0.1", "--crit", "0.5", "--window", "10s", "10.0.0.1:80"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.out.find("over 10 s"), std::string::npos) << outcome.out;
}

TEST_F(CliCheck, NoPacketsAreNotNoFailures) {
    status("live", 0, wall_clock());
    expect_unknown(check({"--warn", "1", "--crit", "10"}),
                   "no packets seen: is the SPAN port up? | failed_per_second=U;1;10;0;");
    expect_unknown(check({"--warn", "1", "--crit", "10", "10.0.0.1:80"}), "no packets seen");
    status("live", 5678, wall_clock() - 200);
    expect_unknown(check({"--warn", "1", "--crit", "10"}), "no packets for 3 min 20 s");
    status("replay", 5678, 1000);
    EXPECT_EQ(check({"--warn", "1", "--crit", "10"}).exit_code, 1);
    daemon_.answer("/api/v1/top?outcome=failed&by=service&n=1000&window=60s",
                   R"({"window_seconds":60,"packets":{"received":0},"attempts":0,"rows":[]})");
    expect_unknown(check({"--warn", "1", "--crit", "10"}), "no packets within 1 min");
}

TEST_F(CliCheck, WhatIsNotKnownIsNotNoFailures) {
    expect_unknown(check({"--warn", "1", "--crit", "10", "10.0.0.2:80"}), "10.0.0.2:80: there is nothing at");
    expect_unknown(check({"--warn", "1", "--crit", "10", "--window", "5m", "10.0.0.1:80"}), "no rate over 5 min");
    daemon_.answer("/api/v1/destinations/10.0.0.1%3A80", R"({"rates":[{"seconds":60,"failed_per_second":null}]})");
    expect_unknown(check({"--warn", "1", "--crit", "10", "10.0.0.1:80"}), "unknown connections per second fail");
}

TEST_F(CliCheck, NoDaemonIsUnknown) {
    daemon_.stop();
    expect_unknown(check({"--warn", "1", "--crit", "10"}), "no daemon at " + daemon_.address());
    const auto outcome = Cli({"check", "--warn", "1", "--crit", "2"}).with("RSTWATCH_SERVER", "nonsense").in_pipes();
    expect_unknown(outcome, "must be http://HOST:PORT or unix:PATH");
}

TEST_F(CliCheck, WrongThresholdsAreUnknown) {
    expect_unknown(check({"--warn", "10", "--crit", "1"}), "--crit is 1; it must not be below --warn, which is 10");
    expect_unknown(check({"--warn", "-1", "--crit", "1"}), "--warn is -1");
    expect_unknown(check({"--warn", "nan", "--crit", "1"}), "--warn is nan");
    expect_unknown(check({"--warn", "1", "--crit", "inf"}), "--crit is inf");
    expect_unknown(check({"--warn", "1", "--crit", "2", "10.0.0.1"}), "\"10.0.0.1\" is no service");
    for (const auto& arguments : {std::vector<std::string>{"--warn", "x", "--crit", "1"}, {"--warn", "1"}, {"--what"}})
        EXPECT_EQ(check(arguments).exit_code, 3);
    EXPECT_EQ(daemon_.requests().size(), 0u);
}

TEST_F(CliCheck, AFullDiskIsUnknownToo) {
    const auto outcome =
        Cli({"--server", daemon_.address(), "check", "--warn", "1", "--crit", "10"}).writing_to("/dev/full").in_pipes();
    EXPECT_EQ(outcome.exit_code, 3);
}

TEST_F(CliCheck, HasEveryFormat) {
    const auto outcome = check({"--warn", "1", "--crit", "10", "-o", "json"});
    EXPECT_EQ(outcome.exit_code, 1);
    const auto document = Document::parse(outcome.out);
    EXPECT_EQ(document.at("state"), "WARNING");
    EXPECT_EQ(document.at("failed_per_second"), 2.0);
    EXPECT_TRUE(
        check({"--warn", "1", "--crit", "10", "-o", "csv"})
            .out.starts_with("state,code,subject,failed_per_second,warn,crit,text\nWARNING,1,network,2.0,1.0,10.0,"));
}

}  // namespace
}  // namespace rstwatch::cli
