// SPDX-License-Identifier: Apache-2.0
// The live view on a real pseudo terminal: keys go in, and what the screen shows is read.
#include "tools/rstwatch/live_top.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "tests/support/fake_daemon.h"
#include "tests/support/pseudo_terminal.h"
#include "tests/unit/cli_process.h"

namespace rstwatch::cli {
namespace {

using test::PseudoTerminal;
using test::TerminalScreen;

std::string row(const std::string& address, int port, int count, int clients, const std::string& service = "") {
    return R"({"address":")" + address + R"(","port":)" + std::to_string(port) + R"(,"count":)" +
           std::to_string(count) + R"(,"per_second":)" + std::to_string(count / 60.0) + R"(,"error":0,"clients":)" +
           std::to_string(clients) + R"(,"clients_error":0,"first":1795172090.5,"last":1795172150.25,"service":")" +
           service + R"(","outcomes":{}})";
}

std::string top(const std::string& by, const std::string& outcome, const std::string& rows, int seconds = 60) {
    return R"({"window_seconds":)" + std::to_string(seconds) + R"(,"outcome":")" + outcome + R"(","by":")" + by +
           R"(","rows":[)" + rows + R"(],"packets":{"received":1200},"attempts":240})";
}

class CliLiveTop : public testing::Test {
  protected:
    CliLiveTop() {
        const auto path = [](const std::string& query) { return "/api/v1/top?" + query + "&n=1000"; };
        daemon_.answer("/api/v1/top", top("destination", "other", ""));
        daemon_.answer(path("by=destination&outcome=refused"), top("destination", "refused", three_rows));
        daemon_.answer(path("by=destination&outcome=refused&window=10s"),
                       top("destination", "refused", three_rows, 10));
        daemon_.answer(path("by=destination&outcome=failed"),
                       top("destination", "failed", row("10.0.0.8", 22, 55, 1, "ssh")));
        daemon_.answer(path("by=client&outcome=refused"),
                       top("client", "refused", R"({"address":"10.9.9.9","count":77,"per_second":1.3})"));
        daemon_.answer(path("by=service&outcome=refused"),
                       top("service", "refused", R"({"port":7211,"count":120,"per_second":2,"clients":3})"));
        daemon_.answer("/api/v1/top?outcome=failed&by=service&n=1000&window=10s",
                       top("service", "failed", R"({"port":7211,"count":20},{"port":80,"count":5})", 10));
        daemon_.answer("/api/v1/status", R"({"sensor":"probe\u001b[2J","mode":"live","forward_dropped":1,
            "ports":[{"dropped":{"missed":2,"errors":0,"no_mbuf":0,"interface":4}}]})");
        daemon_.answer("/api/v1/alerts",
                       R"({"alerts":[{"id":"x","scope":"service","subject":"10.0.0.2:80","level":"warn",
            "since":1795172090.5,"until":null,"text":"10.0.0.2:80 refuses connections."}]})");
        daemon_.answer("/api/v1/destinations/10.0.0.2%3A80", explanation);
        daemon_.answer("/api/v1/clients/10.9.9.9", R"({"address":"10.9.9.9","diagnosis":{"sentence":"It scans."}})");
    }

    /// The live view, which shows its list.
    PseudoTerminal& start(std::size_t rows = 24, std::size_t columns = 100, std::vector<std::string> arguments = {}) {
        arguments.insert(arguments.begin(), {"--server", daemon_.address(), "top"});
        terminal_ = std::make_unique<PseudoTerminal>(
            [program = Cli(arguments).program()]() -> int { program.become(); }, rows, columns);
        return *terminal_;
    }

    void TearDown() override {
        if (terminal_) {
            EXPECT_EQ(terminal_->screen().unknown(), "");
            if (HasFailure()) ADD_FAILURE() << "the screen shows:\n" << terminal_->screen().text();
        }
    }

    const std::string three_rows = row("10.0.0.1", 7211, 120, 3, "collector") + "," + row("10.0.0.2", 80, 60, 9) + "," +
                                   row("2001:db8::1", 443, 6, 1);
    static constexpr const char* explanation = R"({"address":"10.0.0.2","port":80,"failing":{"since":1795172090.5},
        "diagnosis":{"sentence":"10.0.0.2:80 refuses connections, nothing listens there.",
                     "next_step":"Start it.",
                     "commands":["ssh 10.0.0.2 ss --listening --tcp --numeric --processes sport = :80 # THE-END"]}})";

    test::FakeDaemon daemon_;
    std::unique_ptr<PseudoTerminal> terminal_;
};

TEST_F(CliLiveTop, ShowsTheListAndWhatStandsAboveIt) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    const auto text = terminal.screen().text();
    EXPECT_NE(text.find("rstwatch top  probe\\x1b[2J  live  "), std::string::npos);
    EXPECT_NE(text.find("packets 120.00/s  attempts 24.00/s  failed 2.50/s  dropped 7  alerts 1 warn\n"),
              std::string::npos);
    EXPECT_NE(text.find("refused by destination, last 1 min, sorted by count\n"), std::string::npos);
    EXPECT_NE(text.find("DESTINATION        SERVICE    REFUSED  PER SECOND  CLIENTS  SINCE"), std::string::npos);
    EXPECT_NE(text.find("10.0.0.1:7211      collector      120        2.00        3  2026-11-20 10:54:50"),
              std::string::npos);
    EXPECT_NE(text.find("h help"), std::string::npos);
    EXPECT_TRUE(terminal.screen().alternate());
    EXPECT_FALSE(terminal.screen().cursor_visible());
    EXPECT_FALSE(terminal.is_canonical());
    EXPECT_EQ(terminal.screen().style_at("10.0.0.1:7211"), "7");
    EXPECT_EQ(terminal.screen().style_at("10.0.0.2:80"), "33") << "an alert has the colour of its level";
}

TEST_F(CliLiveTop, SaysInItsFirstLineThatTheDaemonIsNotReady) {
    daemon_.answer("/api/v1/status", R"({"sensor":"probe","mode":"live",
            "readiness":{"ready":false,"failures":["port eth1 has fallen silent: no packet for 42 s"]}})");
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    const auto text = terminal.screen().text();
    EXPECT_NE(text.substr(0, text.find('\n')).find("NOT READY"), std::string::npos);
    EXPECT_NE(text.find("\nport eth1 has fallen silent: no packet for 42 s\n"), std::string::npos);
}

TEST_F(CliLiveTop, GivesTheTerminalBackAtTheEnd) {
    for (const std::string& way : {std::string("q"), std::string("\x03"), std::string("\x04")}) {
        auto& terminal = start();
        ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
        terminal.type(way);
        ASSERT_TRUE(terminal.wait_for("[exit 0]"));
        EXPECT_FALSE(terminal.screen().alternate());
        EXPECT_TRUE(terminal.screen().cursor_visible());
        EXPECT_TRUE(terminal.screen().wraps());
        EXPECT_TRUE(terminal.is_canonical());
        EXPECT_EQ(terminal.screen().text(), "[exit 0]\n") << "what was there before is there again";
        EXPECT_LE(terminal.screen().clears(), 1u) << "a screen that is cleared for each frame flickers";
    }
}

TEST_F(CliLiveTop, GivesTheTerminalBackAfterASignal) {
    for (const int number : {SIGTERM, SIGHUP, SIGQUIT}) {
        auto& terminal = start();
        ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
        terminal.signal(number);
        ASSERT_TRUE(terminal.wait_for("[exit 0]")) << number;
        EXPECT_FALSE(terminal.screen().alternate());
        EXPECT_TRUE(terminal.is_canonical());
    }
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.signal(SIGABRT);
    ASSERT_TRUE(terminal.wait_for("[signal 6]"));
    EXPECT_FALSE(terminal.screen().alternate());
    EXPECT_TRUE(terminal.is_canonical());
}

TEST_F(CliLiveTop, CanBeStoppedAndContinued) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.type("\x1A");
    ASSERT_TRUE(terminal.wait_for("[stopped]"));
    EXPECT_FALSE(terminal.screen().alternate());
    EXPECT_TRUE(terminal.is_canonical());
    terminal.type("fg\n");
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    EXPECT_TRUE(terminal.screen().alternate());
    terminal.type("b");
    ASSERT_TRUE(terminal.wait_for("10.9.9.9"));
    terminal.signal(SIGSTOP);  // which no program sees coming
    ASSERT_TRUE(terminal.wait_for("[stopped]"));
    terminal.type("fg\n");
    ASSERT_TRUE(terminal.wait_for_end_of("[stopped]"));
    ASSERT_TRUE(terminal.wait_for("10.9.9.9"));
    terminal.type("q");
    ASSERT_TRUE(terminal.wait_for("[exit 0]"));
    EXPECT_TRUE(terminal.is_canonical());
}

TEST_F(CliLiveTop, FitsTheTerminalAlsoWhenThatChanges) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("LAST"));
    terminal.resize(12, 45);
    ASSERT_TRUE(terminal.wait_for_end_of("LAST"));
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    EXPECT_NE(terminal.screen().text().find("REFUSED"), std::string::npos);
    terminal.resize(24, 120);
    ASSERT_TRUE(terminal.wait_for("LAST"));
    terminal.resize(3, 5);
    ASSERT_TRUE(terminal.wait_for("rstwa"));
    terminal.resize(24, 100);
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
}

TEST_F(CliLiveTop, KeysSwitchOutcomeGroupingWindowAndOrder) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.type("w");
    ASSERT_TRUE(terminal.wait_for("refused by destination, last 10 s"));
    terminal.type("www");
    ASSERT_TRUE(terminal.wait_for("refused by destination, last 1 min"));
    terminal.type("o");
    ASSERT_TRUE(terminal.wait_for("failed by destination"));
    ASSERT_TRUE(terminal.wait_for("10.0.0.8:22"));
    terminal.type("O");
    ASSERT_TRUE(terminal.wait_for("refused by destination"));
    terminal.type("b");
    ASSERT_TRUE(terminal.wait_for("refused by client"));
    ASSERT_TRUE(terminal.wait_for("10.9.9.9"));
    terminal.type("g");
    ASSERT_TRUE(terminal.wait_for("port 7211"));
    terminal.type("b");
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.type("s");
    ASSERT_TRUE(terminal.wait_for("sorted by clients"));
    const auto text = terminal.screen().text();
    EXPECT_LT(text.find("10.0.0.2:80"), text.find("10.0.0.1:7211"));
    EXPECT_EQ(terminal.screen().style_at("10.0.0.1:7211"), "7") << "the cursor stays on its row";
}

TEST_F(CliLiveTop, AFilterShowsWhatContainsAText) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.2:80"));
    terminal.type("/COLLq");
    ASSERT_TRUE(terminal.wait_for("only what contains: COLLq_"));
    ASSERT_TRUE(terminal.wait_for("nothing of what is listed contains \"COLLq\""));
    terminal.type("\x7F\r");
    ASSERT_TRUE(terminal.wait_for("sorted by count, only \"COLL\""));
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    EXPECT_EQ(terminal.screen().text().find("10.0.0.2:80"), std::string::npos);
    terminal.type("\x1B");
    ASSERT_TRUE(terminal.wait_for("10.0.0.2:80"));
}

TEST_F(CliLiveTop, EnterExplainsWhatIsUnderTheCursor) {
    auto& terminal = start(24, 60);
    ASSERT_TRUE(terminal.wait_for("10.0.0.2:80"));
    terminal.type("\x1B[B");
    ASSERT_TRUE(terminal.wait_until([](const auto& screen) { return screen.style_at("10.0.0.2:80") == "7"; }));
    terminal.type("\r");
    ASSERT_TRUE(terminal.wait_for("explain 10.0.0.2:80"));
    ASSERT_TRUE(terminal.wait_for("10.0.0.2:80 refuses connections, nothing listens there."));
    EXPECT_TRUE(terminal.wait_for("THE-END")) << "a command that is longer than the screen is wide";
    terminal.type("\x1B");
    ASSERT_TRUE(terminal.wait_for("refused by destination"));
    terminal.type("b");
    ASSERT_TRUE(terminal.wait_for("10.9.9.9"));
    terminal.type("\r");
    ASSERT_TRUE(terminal.wait_for("It scans."));
    terminal.type(
        "\x1B"
        "b");
    ASSERT_TRUE(terminal.wait_for("port 7211"));
    terminal.type("\r");
    ASSERT_TRUE(terminal.wait_for("\":7211\""));
    EXPECT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.type("j\rq");
    ASSERT_TRUE(terminal.wait_for("[exit 0]"));
}

TEST_F(CliLiveTop, WhatIsNotKnownIsSaid) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.type("\r");
    ASSERT_TRUE(terminal.wait_for("there is nothing at /api/v1/destinations/10.0.0.1%3A7211"));
}

TEST_F(CliLiveTop, LongPagesAndListsScroll) {
    std::string rows;
    for (int i = 1; i <= 50; ++i) rows += (i == 1 ? "" : ",") + row("10.1.0." + std::to_string(i), 80, 1000 - i, 1);
    daemon_.answer("/api/v1/top?by=destination&outcome=refused&n=1000", top("destination", "refused", rows));
    auto& terminal = start(16, 80);
    ASSERT_TRUE(terminal.wait_for("10.1.0.1:80"));
    EXPECT_EQ(terminal.screen().text().find("10.1.0.50:80"), std::string::npos);
    terminal.type("\x1B[F");
    ASSERT_TRUE(terminal.wait_for("10.1.0.50:80"));
    EXPECT_EQ(terminal.screen().text().find("10.1.0.1:80"), std::string::npos);
    terminal.type("kkkkkkkkkk\x1B[5~");
    ASSERT_TRUE(terminal.wait_for_end_of("10.1.0.50:80"));
    terminal.type("\x1B[H");
    ASSERT_TRUE(terminal.wait_for("10.1.0.1:80"));
    terminal.type("?");
    ASSERT_TRUE(terminal.wait_for("move the cursor"));
    terminal.type("jjjjjj");
    ASSERT_TRUE(terminal.wait_for_end_of("move the cursor"));
    terminal.type("?");
    ASSERT_TRUE(terminal.wait_for("10.1.0.1:80"));
}

TEST_F(CliLiveTop, APauseKeepsWhatIsShown) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.type(" ");
    ASSERT_TRUE(terminal.wait_for("PAUSED"));
    const auto asked = daemon_.requests().size();
    daemon_.answer("/api/v1/top?by=destination&outcome=refused&n=1000",
                   top("destination", "refused", row("10.7.7.7", 7, 7, 7)));
    // Two rounds of questions have come and gone.
    ASSERT_TRUE(terminal.wait_until([&](const auto&) { return daemon_.requests().size() > asked + 8; }));
    EXPECT_NE(terminal.screen().text().find("10.0.0.1:7211"), std::string::npos);
    terminal.type("p");
    ASSERT_TRUE(terminal.wait_for("10.7.7.7:7"));
    EXPECT_EQ(terminal.screen().text().find("PAUSED"), std::string::npos);
}

TEST_F(CliLiveTop, ADaemonThatGoesAwayIsWaitedFor) {
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    daemon_.stop();
    ASSERT_TRUE(terminal.wait_for("no daemon at " + daemon_.address()));
    EXPECT_NE(terminal.screen().text().find("10.0.0.1:7211"), std::string::npos) << "what was known stays";
    terminal.type("h");
    ASSERT_TRUE(terminal.wait_for("previous outcome")) << "keys work meanwhile";
    terminal.type("h");
    daemon_.start();
    ASSERT_TRUE(terminal.wait_for_end_of("no daemon at"));
    EXPECT_TRUE(terminal.wait_for("10.0.0.1:7211"));
}

TEST_F(CliLiveTop, NoPacketsNeverLookLikeNoFailures) {
    const auto* empty = R"({"window_seconds":10,"outcome":"refused","by":"destination","rows":[],
                            "packets":{"received":0},"attempts":0})";
    daemon_.answer("/api/v1/top?by=destination&outcome=refused&n=1000", empty);
    daemon_.answer("/api/v1/top?outcome=failed&by=service&n=1000&window=10s", empty);
    auto& terminal = start();
    ASSERT_TRUE(terminal.wait_for("no packets within the last 10 s: is the SPAN port up?"));
    ASSERT_TRUE(terminal.wait_for("0 refused; 0 packets seen: is the SPAN port up?"));
}

TEST_F(CliLiveTop, NamesComeWhenTheyAreKnown) {
    daemon_.answer("/api/v1/top?by=destination&outcome=refused&n=1000",
                   top("destination", "refused", row("127.0.0.1", 7211, 7, 7) + "," + row("240.0.0.1", 1, 1, 1)));
    auto& terminal = start(24, 100, {"-r"});
    ASSERT_TRUE(terminal.wait_for("localhost:7211"));
    EXPECT_NE(terminal.screen().text().find("240.0.0.1:1"), std::string::npos);
    terminal.type("/localh\r");
    ASSERT_TRUE(terminal.wait_for_end_of("240.0.0.1:1"));
    terminal.type("q");
    ASSERT_TRUE(terminal.wait_for("[exit 0]"));
}

TEST_F(CliLiveTop, AlertsAreListed) {
    auto& terminal = start(24, 120);
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
    terminal.type("a");
    ASSERT_TRUE(terminal.wait_for("10.0.0.2:80 refuses connections."));
    terminal.type("a");
    ASSERT_TRUE(terminal.wait_for("10.0.0.1:7211"));
}

TEST_F(CliLiveTop, WithoutColoursNothingButTheScreenIsControlled) {
    terminal_ = std::make_unique<PseudoTerminal>(
        [program = Cli({"--server", daemon_.address(), "top"}).with("NO_COLOR", "1").program()]() -> int {
            program.become();
        });
    ASSERT_TRUE(terminal_->wait_for("10.0.0.2:80"));
    EXPECT_EQ(terminal_->screen().style_at("10.0.0.2:80"), "");
    EXPECT_NE(terminal_->screen().text().find("> 10.0.0.1:7211"), std::string::npos)
        << "the cursor is seen all the same";
}

TEST_F(CliLiveTop, WhatIsWrongFromTheBeginningIsSaidAtOnce) {
    daemon_.answer("/api/v1/top", R"({"detail":"there is no such outcome"})", 400);
    auto& terminal = start(24, 100, {"--outcome", "nonsense"});
    ASSERT_TRUE(terminal.wait_for("[exit 2]"));
    EXPECT_EQ(terminal.screen().text(), "rstwatch: there is no such outcome\n[exit 2]\n");
    daemon_.stop();
    ASSERT_TRUE(start().wait_for("[exit 3]"));
}

}  // namespace
}  // namespace rstwatch::cli
