// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/explain.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <ctime>
#include <sstream>

#include "tests/support/fake_daemon.h"
#include "tests/unit/cli_process.h"
#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/explanation.h"

namespace rstwatch::cli {
namespace {

constexpr const char* service_document = R"({"address":"127.0.0.1","port":7211,"service":"collector",
    "service_source":"label","identity":{"application":"tls","detail":"SNI evil\u001b[2J","seen":1795143600.5},
    "first_seen":1795100000.25,"verdicts":550,"outcomes":{"closed":38,"refused":512},
    "accepted":{"count":38,"first":1795100000.25,"last":1795143761.5},"last_response":1795143762.0,
    "failing":{"since":1795144393.5,"last":1795144645.5,"failed":504,"outcomes":{"refused":504},"clients":2,
               "clients_error":1,"succeeding_clients":3,
               "top_clients":[{"address":"127.0.0.1","count":500,"error":0},
                              {"address":"2001:db8::9","count":4,"error":2}]},
    "rates":[{"seconds":10,"failed_per_second":2.0,"accepted_per_second":0.0},
             {"seconds":60,"failed_per_second":2.0,"accepted_per_second":0.0},
             {"seconds":300,"failed_per_second":1.68,"accepted_per_second":0.1},
             {"seconds":3600,"failed_per_second":0.14,"accepted_per_second":null},
             {"seconds":86400,"failed_per_second":0.0058,"accepted_per_second":0.0004}],
    "handshake":{"median_seconds":0.00035,"samples":38},"hops":[0,3],
    "listen_queue":{"overflows":12,"last":1795143000.0},
    "diagnosis":{"rule":"nothing_listens","sentence":"127.0.0.1:7211 (collector) refuses 2.00 connections per second.",
                 "evidence":["504 SYNs were answered by a RST","none of them by a device"],
                 "considered":[{"cause":"a firewall","why_not":"the RSTs come from 0 hops, as the server's own"}],
                 "next_step":"Start it, or correct the port.","commands":["ss -ltn 'sport = :7211'"]}})";

constexpr const char* host_document = R"({"address":"10.0.0.1",
    "incoming":{"outcomes":{"refused":7},"accepted":{"count":3,"first":1795143000.0,"last":1795143600.0},"failing":null,
                "services":[{"port":80,"service":"http","failing":false},
                            {"port":443,"service":"","failing":true,"outcomes":{"refused":7,"closed":3},"accepted":3}],
                "services_left_off":2,"diagnosis":{"sentence":"10.0.0.1 refuses on 1 port."}},
    "outgoing":{"outcomes":{},"failing":{"since":1795144393.5,"last":1795144393.5,"outcomes":{"unanswered":1},
                "clients":1,"succeeding_clients":0,"top_servers":[{"address":"10.0.0.7","port":53,"count":1}]}},
    "scanner":{"address":"10.0.0.1","failed":40,"half_open":true,"first":1795143000.0,"last":1795143600.0},
    "diagnosis":{"rule":"none","sentence":"10.0.0.1 is fine.","evidence":[],"considered":[],"next_step":"",
                 "commands":[]}})";

class CliExplanation : public testing::Test {
  protected:
    CliExplanation() {
        setenv("TZ", "UTC0", 1);
        tzset();
    }

    static std::string written(const char* document, std::size_t width, const NameOf& name_of = {}) {
        std::ostringstream text;
        Output out(text, width > 0, false, width);
        write_explanation(Document::parse(document), out, 1795144650.0, name_of);
        return text.str();
    }
};

TEST_F(CliExplanation, OfAServiceBeginsWithTheDiagnosis) {
    EXPECT_EQ(written(service_document, 0),
              R"(127.0.0.1:7211 (collector) refuses 2.00 connections per second.

Evidence
  - 504 SYNs were answered by a RST
  - none of them by a device

What else was considered
  - a firewall: the RSTs come from 0 hops, as the server's own

Next step
  Start it, or correct the port.
    ss -ltn 'sport = :7211'

service         collector, as labelled
spoke           tls, SNI evil\x1b[2J, at 03:00:00
outcomes        512 refused, 38 closed
failing since   03:13:13, for 4 min 12 s, last at 03:17:25: 504 refused
clients         2 ±1 affected, 3 still succeeding
top clients     127.0.0.1: 500, 2001:db8::9: 4 ±2
over 10 s       2.00/s failed, 0.00/s accepted
over 1 min      2.00/s failed, 0.00/s accepted
over 5 min      1.68/s failed, 0.10/s accepted
over 1 h        0.14/s failed, unknown/s accepted
over 24 h       0.01/s failed, 0.00/s accepted
accepted        38 connections, the last at 03:02:41, the first at 2026-11-19 14:53:20
last response   03:02:42
handshake       350 µs in the median of 38
hops            0, 3
listen queue    12 overflows, the last at 02:50:00
first seen      2026-11-19 14:53:20
)");
}

TEST_F(CliExplanation, IsWrappedButForCommands) {
    const auto text = written(service_document, 40);
    std::istringstream lines(text);
    std::string all;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("ss -ltn") == std::string::npos) {
            EXPECT_LE(display_width(line), 40u) << line;
        }
        all += line.substr(std::min(line.find_first_not_of(' '), line.size())) + " ";
    }
    EXPECT_NE(all.find("38 connections, the last at 03:02:41, the first at 2026-11-19 14:53:20"), std::string::npos)
        << text;
    EXPECT_NE(text.find("\n    ss -ltn 'sport = :7211'\n"), std::string::npos);
}

TEST_F(CliExplanation, OfAHostListsItsServicesWithProblems) {
    EXPECT_EQ(written(host_document, 0),
              R"(10.0.0.1 is fine.

Services with problems
  PORT  SERVICE  FAILED  MOSTLY   ACCEPTED
   443  -             7  refused         3
  2 more ports are not looked at here

Incoming
10.0.0.1 refuses on 1 port.
outcomes        7 refused
accepted        3 connections, the last at 03:00:00, the first at 02:50:00

Outgoing
outcomes        none yet
failing since   03:13:13: 1 unanswered
servers         1 affected, 0 still succeeding
top servers     10.0.0.7:53: 1

scanner         yes: 40 failed, half-open scans, from 02:50:00 to 03:00:00
)");
}

TEST_F(CliExplanation, OfASpanThatWasWatchedInPartThatPartIsTold) {
    const auto text = written(R"({"port":80,"rates":[
        {"seconds":10,"covered_seconds":10,"failed_per_second":0.0,"accepted_per_second":3.0},
        {"seconds":60,"covered_seconds":60,"failed_per_second":null,"accepted_per_second":2.5},
        {"seconds":300,"covered_seconds":77,"failed_per_second":0.0,"accepted_per_second":2.0},
        {"seconds":3600,"covered_seconds":77,"failed_per_second":0.0,"accepted_per_second":2.0}]})",
                              0);
    EXPECT_NE(text.find("over 10 s       0.00/s failed, 3.00/s accepted\n"
                        "over 1 min      unknown/s failed, 2.50/s accepted\n"
                        "over 1 min 17 s 0.00/s failed, 2.00/s accepted, all that was watched\n"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find("over 1 h"), std::string::npos) << text;
}

TEST_F(CliExplanation, HostsAreCalledWhatTheOperatorCallsThem) {
    EXPECT_NE(written(R"({"address":"10.0.0.1","host":"till-3"})", 0).find("host            till-3, as labelled\n"),
              std::string::npos);
    EXPECT_NE(written(R"({"address":"10.0.0.1","port":80,"host":"till-3"})", 0).find("till-3"), std::string::npos);
}

TEST_F(CliExplanation, OneConnectionIsNoPlural) {
    EXPECT_NE(written(R"({"port":80,"accepted":{"count":1,"first":1795143000.0,"last":1795143000.0}})", 0)
                  .find("accepted        1 connection, at 02:50:00\n"),
              std::string::npos);
}

TEST_F(CliExplanation, NamesStandBesideAddresses) {
    const auto text = written(service_document, 0, [](const std::string& address) {
        return address == "127.0.0.1" ? std::string("localhost\x1B") : std::string();
    });
    EXPECT_NE(text.find("\nname            localhost\\x1b\n"), std::string::npos) << text;
    EXPECT_NE(text.find("top clients     127.0.0.1 (localhost\\x1b): 500, 2001:db8::9: 4 ±2\n"), std::string::npos)
        << text;
}

TEST_F(CliExplanation, AnEmptyDocumentIsNoReasonToFail) {
    EXPECT_EQ(written("{}", 0), "no diagnosis\n\nscanner         no\n");
    EXPECT_NE(written(R"({"port":1,"failing":7,"rates":{"a":1},"hops":"x","diagnosis":[1]})", 0), "");
}

TEST(CliExplainTarget, IsTheServiceOrTheHost) {
    EXPECT_EQ(explain_target("10.0.0.1:443"), "/api/v1/destinations/10.0.0.1%3A443");
    EXPECT_EQ(explain_target("[2001:DB8:0::1]:443"), "/api/v1/destinations/%5B2001%3Adb8%3A%3A1%5D%3A443");
    EXPECT_EQ(explain_target("2001:db8::1"), "/api/v1/clients/2001%3Adb8%3A%3A1");
    EXPECT_EQ(explain_target("10.0.0.1"), "/api/v1/clients/10.0.0.1");
    for (const auto* text : {"", ":", "x", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:+1", "[10.0.0.1]:1",
                             "[::1]", "::1:x", "10.0.0:1", "10.0.0.1/8"})
        EXPECT_EQ(explain_target(text), std::nullopt) << text;
}

class CliExplain : public testing::Test {
  protected:
    CliExplain() { daemon_.answer("/api/v1/destinations/127.0.0.1%3A7211", service_document); }

    Outcome explain(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "explain");
        return Cli(std::move(arguments)).with("RSTWATCH_SERVER", daemon_.address()).in_pipes();
    }

    test::FakeDaemon daemon_;
};

TEST_F(CliExplain, HasEveryFormat) {
    auto outcome = explain({"127.0.0.1:7211"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(outcome.out.starts_with("127.0.0.1:7211 (collector) refuses 2.00 connections per second.\n"));
    EXPECT_EQ(explain({"127.0.0.1:7211", "-o", "json"}).out, std::string(service_document) + "\n");
    outcome = explain({"127.0.0.1:7211", "-o", "jsonl"});
    EXPECT_EQ(Document::parse(outcome.out), Document::parse(service_document));
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
    outcome = explain({"127.0.0.1:7211", "-o", "csv"});
    EXPECT_NE(outcome.out.find("\nfailing.outcomes.refused,504\n"), std::string::npos) << outcome.out;
}

TEST_F(CliExplain, WhatIsNotKnownIsAFailure) {
    const auto outcome = explain({"10.9.9.9"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "rstwatch: nothing is known of 10.9.9.9: there is nothing at /api/v1/clients/10.9.9.9\n");
}

TEST_F(CliExplain, WhatIsNoAddressIsWrongUsage) {
    const auto outcome = explain({"collector\x1B:7211"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("\"collector\\x1b:7211\" is no address of a host"), std::string::npos) << outcome.err;
    EXPECT_EQ(daemon_.requests().size(), 0u);
}

}  // namespace
}  // namespace rstwatch::cli
