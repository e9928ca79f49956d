// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/http/listener.h"
#include "control/http/parameters.h"
#include "control/http/problem.h"
#include "control/http/router.h"
#include "control/http/server.h"
#include "tests/unit/cli_process.h"

namespace rstwatch::cli {
namespace {

using control::http::Request;
using control::http::Response;

constexpr const char* top_document =
    "{\"window_seconds\":60,\"outcome\":\"refused\",\"by\":\"destination\",\"rows\":["
    "{\"address\":\"10.0.0.1\",\"port\":7211,\"count\":12345,\"per_second\":2.0061,\"error\":0,\"clients\":3,"
    "\"clients_error\":1,\"first\":1795172090.5,\"last\":1795172150.25,\"service\":\"evil\\u001b[2J\","
    "\"outcomes\":{\"refused\":12345}},"
    "{\"address\":\"2001:db8::1\",\"port\":443,\"count\":7,\"per_second\":0.1167,\"error\":2,\"clients\":1,"
    "\"clients_error\":0,\"first\":1795172090.5,\"last\":1795172150.25,\"service\":\"a\xFF\",\"outcomes\":{}}],"
    "\"packets\":{\"received\":5678},\"attempts\":1234}";

constexpr const char* status_document = R"({"sensor":"probe","version":"0.1.0","mode":"live","state":"running",
    "started":1795172090.0,"clock":null,
    "ports":[{"name":"net_pcap0","source":"lo","link":"Ethernet","driver":"net_pcap",
              "why":"net_pcap, because it is the loopback","link_up":false,"last_packet_age_seconds":42,"removed":false,"queues":1,"removals":2,
              "warnings":["it is slow"],"received":5678,
              "dropped":{"missed":null,"errors":0,"no_mbuf":3,"interface":0}}],
    "cores":[{"core":0,"received":5678,"bursts":400,"forwarded":0,"misdirected":6,"forward_dropped":0,"late_merges":1,
              "records_dropped":0,"waits":2,"busy_share":0.985,"depth":"control","burst_sizes":{"0":7,"1":0,"2-3":1234}}],
    "packets":{"received":5678,"tcp":5678,"non_ip":0},"attempts":1234,"pending":5,"open":17,
    "tables":{"connections":{"capacity":1000,"used":250,"overflowed":0,"evicted":0},"records_dropped":9},
    "http":{"connections":3,"requests":12}})";

/// A server with the daemon's documents.
class CliWithServer : public testing::Test {
  protected:
    CliWithServer() : server_({.listen = "127.0.0.1:0"}, routes()) {
        const auto error = server_.start();
        EXPECT_FALSE(error);
        address_ = "http://127.0.0.1:" + std::to_string(server_.port());
    }

    Outcome run_cli(std::vector<std::string> arguments) const {
        return Cli(std::move(arguments)).with("RSTWATCH_SERVER", address_).in_pipes();
    }

    control::http::Router routes() {
        control::http::Router router;
        router.get("/api/v1/top", {"by", "outcome", "window", "n"}, [this](const Request& request) {
            control::http::Parameters parameters(request);
            parameters.duration("window", std::chrono::seconds(60), std::chrono::seconds(1), std::chrono::seconds(300));
            if (parameters.problem()) return to_response(*parameters.problem());
            return Response{.body = top_};
        });
        router.get("/api/v1/status", {}, [this](const Request&) { return Response{.body = status_}; });
        return router;
    }

    // Set by a test before it asks, so before the server reads them.
    std::string top_ = top_document;
    std::string status_ = status_document;
    control::http::Server server_;
    std::string address_;
};

TEST_F(CliWithServer, ACommandThatThereIsNotIsNamed) {
    const auto wrong = run_cli({"frobnicate"}), none = run_cli({});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_NE(wrong.err.find("frobnicate"), std::string::npos) << wrong.err;
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_NE(none.err.find("no command is given; give one of analyze, top, explain"), std::string::npos) << none.err;
}

TEST_F(CliWithServer, TopIsATable) {
    const auto outcome = run_cli({"top", "--once"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(
        outcome.out,
        "DESTINATION        SERVICE      REFUSED  PER SECOND  CLIENTS  SINCE                LAST\n"
        "10.0.0.1:7211      evil\\x1b[2J   12,345        2.01     3 ±1  2026-11-20 10:54:50  2026-11-20 10:55:50\n"
        "[2001:db8::1]:443  a\\xff           7 ±2        0.12        1  2026-11-20 10:54:50  2026-11-20 10:55:50\n");
}

TEST_F(CliWithServer, APipeGetsOneTableWithoutColour) {
    const auto outcome = run_cli({"top"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.out.find('\x1B'), std::string::npos);
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 3);
}

TEST_F(CliWithServer, JsonIsTheServersOwnDocument) {
    EXPECT_EQ(run_cli({"top", "-o", "json"}).out, std::string(top_document) + "\n");
    EXPECT_EQ(run_cli({"-o", "json", "status"}).out, std::string(status_document) + "\n");
}

TEST_F(CliWithServer, JsonlAndCsvHaveOneLineForEachRow) {
    const auto lines = run_cli({"top", "-o", "jsonl"}).out;
    EXPECT_TRUE(lines.starts_with("{\"address\":\"10.0.0.1\",\"port\":7211,\"count\":12345,\"per_second\":2.0061,"));
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
    EXPECT_EQ(run_cli({"top", "-o", "csv"}).out,
              "address,port,service,count,error,per_second,clients,clients_error,first,last,host\n"
              "10.0.0.1,7211,evil\\x1b[2J,12345,0,2.0061,3,1,1795172090.5,1795172150.25,\n"
              "2001:db8::1,443,a\\xff,7,2,0.1167,1,0,1795172090.5,1795172150.25,\n");
}

TEST_F(CliWithServer, ListsOfClientsAndServicesHaveTheirOwnColumns) {
    top_ = R"({"by":"client","outcome":"failed","rows":[{"address":"10.0.0.2","count":4,"per_second":0.07,
               "first":1795172090.5,"last":1795172150.25}]})";
    EXPECT_EQ(run_cli({"top", "--by", "client"}).out,
              "CLIENT    FAILED  PER SECOND  SINCE                LAST\n"
              "10.0.0.2       4        0.07  2026-11-20 10:54:50  2026-11-20 10:55:50\n");
    top_ =
        R"({"by":"service","outcome":"failed","rows":[{"service":"https","count":4,"per_second":0.07,"clients":2}]})";
    EXPECT_EQ(run_cli({"top", "--by", "service"}).out,
              "SERVICE  FAILED  PER SECOND  CLIENTS  SINCE    LAST\n"
              "https         4        0.07        2  unknown  unknown\n");
}

TEST_F(CliWithServer, AnEmptyListGivesItsReason) {
    top_ = R"({"outcome":"refused","by":"destination","rows":[],"packets":{"received":0},"attempts":0})";
    auto outcome = run_cli({"top"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "0 refused; 0 packets seen: is the SPAN port up?\n");

    top_ = R"({"outcome":"refused","by":"destination","rows":[],"packets":{"received":5678},"attempts":1234})";
    outcome = run_cli({"top", "-o", "json"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.out, top_ + "\n");
    EXPECT_EQ(outcome.err, "0 refused among 1,234 attempts in 5,678 packets\n");
}

TEST_F(CliWithServer, WhatTheDaemonCannotBeReliedOnForStandsFirst) {
    status_ = R"({"readiness":{"ready":false,"failures":["port eth1 has no link\u001b[2J","it is late"]}})";
    const auto table = run_cli({"top"});
    EXPECT_TRUE(table.out.starts_with("not ready: port eth1 has no link\\x1b[2J\nnot ready: it is late\nDESTINATION"))
        << table.out;
    const auto json = run_cli({"top", "-o", "json"});
    EXPECT_EQ(json.out, top_ + "\n") << "data stays alone";
    EXPECT_EQ(json.err, "not ready: port eth1 has no link\\x1b[2J\nnot ready: it is late\n");
    EXPECT_NE(run_cli({"status"}).out.find("not ready: it is late\n"), std::string::npos);
    status_ = R"({"readiness":{"ready":true,"failures":[]}})";
    EXPECT_TRUE(run_cli({"top"}).out.starts_with("DESTINATION"));
}

TEST_F(CliWithServer, NamesAreShownOnlyWhenAskedFor) {
    top_ = R"({"by":"client","outcome":"failed","rows":[{"address":"127.0.0.1","count":4}]})";
    EXPECT_NE(run_cli({"top"}).out.find("\n127.0.0.1 "), std::string::npos);
    EXPECT_NE(run_cli({"top", "-r"}).out.find("\nlocalhost "), std::string::npos);
    EXPECT_EQ(run_cli({"top", "-r", "-o", "csv"}).out.find("localhost"), std::string::npos);
}

TEST_F(CliWithServer, StatusNeverShowsTheUnknownAsZero) {
    const auto outcome = run_cli({"status"});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.out, R"(sensor     probe, rstwatchd 0.1.0, live, running
started    2026-11-20 10:54:50
clock      unknown
packets    5,678 received: 5,678 tcp
attempts   1,234: 5 pending, 17 open
records    9 dropped

PORT  LINK      DRIVER    STATE  LAST PACKET  RECEIVED   MISSED  ERRORS  NO MBUF  INTERFACE
lo    Ethernet  net_pcap  DOWN    42.0 s ago     5,678  unknown       0        3          0
lo: net_pcap, because it is the loopback
lo: removed and waited for 2 times
lo: warning: it is slow

CORE  RECEIVED  BURSTS  FORWARDED  MISDIRECTED  FORWARD DROPPED  LATE MERGES  RECORDS DROPPED  WAITS    BUSY  DEPTH
   0     5,678     400          0            6                0            1                0      2  98.5 %  control

POLLS OF CORE  BRINGING 0  BRINGING 1  BRINGING 2-3
            0           7           0         1,234

TABLE        CAPACITY  USED    FILL  OVERFLOWED  EVICTED
connections     1,000   250  25.0 %           0        0

HTTP         COUNT
connections      3
requests        12
)");
    const auto values = run_cli({"status", "-o", "csv"}).out;
    EXPECT_NE(values.find("\nports.0.dropped.missed,\n"), std::string::npos) << values;
    EXPECT_NE(values.find("\nports.0.dropped.no_mbuf,3\n"), std::string::npos) << values;
    const auto line = run_cli({"status", "-o", "jsonl"}).out;
    EXPECT_EQ(nlohmann::json::parse(line), nlohmann::json::parse(status_document));
}

TEST_F(CliWithServer, StatusWithoutPacketsAsksForTheSpanPort) {
    status_ = R"({"packets":{"received":0}})";
    EXPECT_EQ(run_cli({"status"}).err, "0 packets seen: is the SPAN port up?\n");
}

TEST_F(CliWithServer, AProblemIsShownAsItsDetail) {
    const auto outcome = run_cli({"top", "--window", "9h"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err,
              "rstwatch: query parameter \"window\" is \"9h\"; it must be a duration such as 60s, 5m or 1h from 1s to "
              "300s\n");
}

TEST_F(CliWithServer, AnotherServerIsRecognised) {
    status_ = "<html>hello</html>";
    const auto outcome = run_cli({"status"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.err.find("is it another server?"), std::string::npos) << outcome.err;
}

TEST_F(CliWithServer, TheOptionBeatsTheEnvironment) {
    EXPECT_EQ(Cli({"--server", address_, "status"}).with("RSTWATCH_SERVER", "nonsense").in_pipes().exit_code, 0);
    const auto outcome = Cli({"status"}).with("RSTWATCH_SERVER", "nonsense").in_pipes();
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("must be http://HOST:PORT or unix:PATH"), std::string::npos);
}

TEST_F(CliWithServer, ATerminalGetsColoursUnlessTheyAreUnwanted) {
    const auto coloured = Cli({"--server", address_, "top", "--once"}).on_terminal();
    EXPECT_EQ(coloured.exit_code, 0);
    EXPECT_NE(coloured.out.find("\x1B[1mDESTINATION"), std::string::npos) << coloured.out;
    const auto plain = Cli({"--server", address_, "top", "--once"}).with("NO_COLOR", "1").on_terminal();
    EXPECT_EQ(plain.out.find('\x1B'), std::string::npos) << plain.out;
    const auto dumb = Cli({"--server", address_, "top", "--once"}).with("TERM", "dumb").on_terminal();
    EXPECT_EQ(dumb.out.find('\x1B'), std::string::npos) << dumb.out;
}

TEST_F(CliWithServer, AUnixSocketServesToo) {
    std::string directory = std::filesystem::temp_directory_path() / "rstwatch-cli-XXXXXX";
    ASSERT_NE(mkdtemp(directory.data()), nullptr);
    control::http::Server local({.socket = directory + "/s"}, routes());
    ASSERT_FALSE(local.start());
    EXPECT_EQ(Cli({"--server", "unix:" + directory + "/s", "top", "-o", "json"}).in_pipes().out,
              std::string(top_document) + "\n");
    local.stop();
    std::filesystem::remove_all(directory);
}

TEST_F(CliWithServer, AFullDiskIsAFailure) {
    const auto outcome = Cli({"--server", address_, "top"}).writing_to("/dev/full").in_pipes();
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.err.find("could not write all of the output"), std::string::npos) << outcome.err;
}

TEST(CliUsage, CompletionKnowsCommandsAndOptions) {
    const auto outcome = Cli({"completion", "bash"}).in_pipes();
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_NE(outcome.out.find("complete -o default -F _rstwatch rstwatch\n"), std::string::npos);
    EXPECT_NE(outcome.out.find("analyze) words=\" --help --rows --connections --set\""), std::string::npos)
        << outcome.out;
}

TEST(CliUsage, CompletionServesThreeShells) {
    const auto zsh = Cli({"completion", "zsh"}).in_pipes();
    EXPECT_EQ(zsh.exit_code, 0);
    EXPECT_TRUE(zsh.out.starts_with("#compdef rstwatch\n"));
    EXPECT_NE(zsh.out.find("'--by[What to list]:value:(destination client service)'"), std::string::npos) << zsh.out;
    EXPECT_NE(zsh.out.find("'*:FILE:_files'"), std::string::npos) << zsh.out;
    const auto fish = Cli({"completion", "fish"}).in_pipes();
    EXPECT_EQ(fish.exit_code, 0);
    EXPECT_NE(fish.out.find("complete -c rstwatch -n '__fish_seen_subcommand_from top' -l by -x -a 'destination client "
                            "service' -d 'What to list'\n"),
              std::string::npos)
        << fish.out;
    EXPECT_EQ(Cli({"completion", "tcsh"}).in_pipes().exit_code, 2);
}

TEST(CliUsage, NoDaemonIsToldApart) {
    auto nobody = control::http::listen_tcp("127.0.0.1:0");
    const auto port = std::get<control::http::TcpListener>(nobody).port;
    nobody = control::http::Error{};
    const auto address = "http://127.0.0.1:" + std::to_string(port);
    auto outcome = Cli({"--server", address, "top"}).in_pipes();
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("no daemon at " + address), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("rstwatchd --interface"), std::string::npos) << outcome.err;

    outcome = Cli({"--server", "unix:/nonexistent/socket", "status"}).in_pipes();
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(Cli({"--server", "unix:/" + std::string(300, 'x'), "status"}).in_pipes().exit_code, 3);
}

TEST(CliUsage, MistakesExitWithTwoAndHelpWithZero) {
    const std::vector<std::vector<std::string>> mistakes{
        {},          {"nonsense"},   {"top", "--by", "moon"}, {"top", "-n", "0"}, {"top", "-o", "xml"},
        {"analyze"}, {"status", "x"}};
    for (const auto& arguments : mistakes) {
        const auto outcome = Cli(arguments).in_pipes();
        EXPECT_EQ(outcome.exit_code, 2) << (arguments.empty() ? "" : arguments.front());
        EXPECT_EQ(outcome.out, "");
        EXPECT_NE(outcome.err, "");
    }
    EXPECT_EQ(Cli({"--version"}).in_pipes().out, "rstwatch " RSTWATCH_VERSION "\n");
    EXPECT_EQ(Cli({"--help"}).in_pipes().exit_code, 0);
    EXPECT_EQ(Cli({"top", "--help"}).in_pipes().exit_code, 0);
}

/// A shell script in place of rstwatchd, which notes its arguments, one in each line.
class CliAnalyze : public testing::Test {
  protected:
    CliAnalyze() {
        std::string name = std::filesystem::temp_directory_path() / "rstwatch-analyze-XXXXXX";
        directory_ = mkdtemp(name.data());
    }
    ~CliAnalyze() override { std::filesystem::remove_all(directory_); }

    /// `script` runs after the arguments have been noted.
    void daemon_does(const std::string& script) const {
        std::ofstream(daemon()) << "#!/bin/sh\nprintf '%s\\n' \"$@\" > '" << (directory_ / "arguments").string()
                                << "'\n"
                                << script << '\n';
        ASSERT_EQ(chmod(daemon().c_str(), 0700), 0);
    }

    std::string daemon() const { return directory_ / "rstwatchd"; }

    Outcome analyze(std::vector<std::string> arguments, std::string input = {}) const {
        arguments.insert(arguments.begin(), "analyze");
        return Cli(std::move(arguments)).with("RSTWATCHD", daemon()).reading(std::move(input)).in_pipes();
    }

    std::string arguments() const {
        std::ifstream file(directory_ / "arguments");
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::filesystem::path directory_;
};

constexpr const char* print_report = R"(echo '{"schema":"rstwatch.report/1","input":{"files":["a.pcap"]},
    "packets":{"received":9,"tcp":9},"attempts":3,"outcomes":{"refused":3},
    "top":{"refused":[{"address":"10.0.0.1","port":7211,"count":3,"first":1795172090.0,"last":1795172090.0}]}}')";

TEST_F(CliAnalyze, JsonIsTheDaemonsOwn) {
    daemon_does("echo '{\"schema\":  \"any\"}'; echo remark >&2; exit 0");
    const auto outcome = analyze({"-o", "json", "-n", "7", "--set", "rx.queues=2", "--set", "alert.text=a b",
                                  "--connections", "--", "-odd.pcap", "a b,c.pcap", "-"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "{\"schema\":  \"any\"}\n");
    EXPECT_EQ(outcome.err, "remark\n");
    EXPECT_EQ(arguments(),
              "--report\n--connections\n--rows\n7\n--set\nrx.queues=2\n--set\nalert.text=a b\n"
              "--capture\n./-odd.pcap\n--capture\na b,c.pcap\n--capture\n-\n");
}

TEST_F(CliAnalyze, TheReportIsRendered) {
    daemon_does(print_report);
    const auto outcome = analyze({"a.pcap"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("10.0.0.1:7211"), std::string::npos) << outcome.out;
    EXPECT_EQ(arguments(), "--report\n--capture\na.pcap\n");
    analyze({"a.pcap", "--set", "rx.burst=7", "b.pcap", "-n", "3"});
    EXPECT_EQ(arguments(), "--report\n--rows\n3\n--set\nrx.burst=7\n--capture\na.pcap\n--capture\nb.pcap\n");
    EXPECT_TRUE(analyze({"a.pcap", "-o", "csv"}).out.starts_with("list,address,"));
    EXPECT_TRUE(analyze({"a.pcap", "-o", "jsonl"}).out.starts_with("{\"address\":\"10.0.0.1\","));
}

TEST_F(CliAnalyze, LinesForEachConnectionAreTheDaemonsOwn) {
    daemon_does("echo '{\"client\":\"x\"}'; exit 1");
    const auto outcome = analyze({"a.pcap", "--connections", "-o", "jsonl"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "{\"client\":\"x\"}\n");
    EXPECT_EQ(arguments(), "--report-lines\n--capture\na.pcap\n");
}

TEST_F(CliAnalyze, StandardInputReachesTheDaemon) {
    daemon_does("cat");
    EXPECT_EQ(analyze({"-", "-o", "json"}, "packets").out, "packets");
    daemon_does("test \"$(cat)\" = packets && " + std::string(print_report));
    EXPECT_EQ(analyze({"-"}, "packets").exit_code, 0);
}

TEST_F(CliAnalyze, AReportOfACutCaptureIsShownAndStillAFailure) {
    daemon_does(std::string(print_report) + "; echo 'a.pcap ends inside a packet' >&2; exit 1");
    const auto outcome = analyze({"a.pcap"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_NE(outcome.out.find("10.0.0.1:7211"), std::string::npos);
    EXPECT_EQ(outcome.err, "a.pcap ends inside a packet\n");
}

TEST_F(CliAnalyze, TheDaemonsExitCodeIsPassedOn) {
    for (const auto* format : {"table", "json", "jsonl", "csv"}) {
        for (const int code : {1, 2, 4}) {
            daemon_does("echo 'bad configuration' >&2; exit " + std::to_string(code));
            const auto outcome = analyze({"a.pcap", "-o", format});
            EXPECT_EQ(outcome.exit_code, code);
            EXPECT_EQ(outcome.out, "");
            EXPECT_EQ(outcome.err, "bad configuration\n");
        }
    }
}

TEST_F(CliAnalyze, WhatIsNoReportIsSaidToBeNone) {
    daemon_does("echo nonsense");
    EXPECT_EQ(analyze({"a.pcap"}).exit_code, 1);
    daemon_does("exit 0");
    EXPECT_NE(analyze({"a.pcap"}).err.find("wrote no report"), std::string::npos);
    daemon_does("echo '{\"schema\":\"rstwatch.report/9\"}'");
    const auto newer = analyze({"a.pcap"});
    EXPECT_EQ(newer.exit_code, 1);
    EXPECT_NE(newer.err.find("install both in the same version"), std::string::npos) << newer.err;
    daemon_does("kill -SEGV $$");
    const auto crashed = analyze({"a.pcap"});
    EXPECT_EQ(crashed.exit_code, 1);
    EXPECT_NE(crashed.err.find("ended by a signal: Segmentation fault"), std::string::npos) << crashed.err;
}

TEST_F(CliAnalyze, AMissingDaemonIsNamed) {
    for (const auto* format : {"table", "json"}) {
        const auto outcome = analyze({"a.pcap", "-o", format});
        EXPECT_EQ(outcome.exit_code, 1);
        EXPECT_NE(outcome.err.find("cannot run " + daemon()), std::string::npos) << outcome.err;
    }
}

}  // namespace
}  // namespace rstwatch::cli
