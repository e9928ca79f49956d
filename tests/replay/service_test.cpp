// SPDX-License-Identifier: Apache-2.0
// The daemon serving a replay, asked over REST and by the CLI.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <sstream>
#include <thread>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

struct Answer {
    int status = 0;
    std::string head, body;
    Json json() const { return Json::parse(body, nullptr, false); }
};

/// One request on a connected socket, which is closed afterwards.
Answer ask(int descriptor, const std::string& target, const std::string& method) {
    const std::string request = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(write(descriptor, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    std::string text;
    char buffer[65536];
    for (ssize_t size = 0; (size = read(descriptor, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(size));
    close(descriptor);
    Answer answer;
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) return answer;
    answer.head = text.substr(0, end);
    answer.body = text.substr(end + 4);
    answer.status = std::stoi(text.substr(9, 3));
    return answer;
}

class Service : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory = new TempDir;
        capture = *directory / "capture.pcap";
        socket_path = *directory / "rest.sock";
        write_capture(capture, mixed_frames(5'000));
        daemon = new BackgroundProcess({daemon_path(), "--capture", capture, "--listen", "127.0.0.1:0", "--socket",
                                        socket_path,
                                        // All of the capture.
                                        "--set", "window.seconds=3600"});
        finished = daemon->wait_for_err("replay finished", std::chrono::seconds(30));
        const std::string log = daemon->err();
        constexpr std::string_view before = "REST at http://127.0.0.1:";
        const std::size_t place = log.find(before);
        if (place != std::string::npos) port = std::stoi(log.substr(place + before.size()));
        reference = replay({capture}, {.connections = false}).report;
    }
    static void TearDownTestSuite() {
        delete daemon;
        delete directory;
    }
    void SetUp() override { ASSERT_TRUE(finished && port > 0) << daemon->err(); }

    static Answer get(const std::string& target, const std::string& method = "GET") {
        const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return ask(descriptor, target, method);
    }

    static Answer get_over_socket(const std::string& target) {
        const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return ask(descriptor, target, "GET");
    }

    static ProcessResult cli(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), cli_path());
        arguments.insert(arguments.end(), {"--server", "http://127.0.0.1:" + std::to_string(port)});
        return run_process(arguments);
    }

    static inline TempDir* directory = nullptr;
    static inline BackgroundProcess* daemon = nullptr;
    static inline bool finished = false;
    static inline int port = 0;
    static inline std::string capture, socket_path;
    static inline Json reference;
};

TEST_F(Service, TheSummaryIsTheReport) {
    const Answer answer = get("/api/v1/summary");
    EXPECT_EQ(answer.status, 200) << answer.body;
    Json summary = answer.json(), expected = reference;
    ASSERT_TRUE(summary.is_object());
    expect_conserved(summary);
    // A report must not depend on where it was made; the daemon says where it is.
    EXPECT_NE(summary.at("sensor"), "");
    for (Json* each : {&summary, &expected}) each->erase("sensor");
    EXPECT_EQ(Json::diff(expected, summary), Json::array());
}

TEST_F(Service, TheUnixSocketSaysTheSame) {
    EXPECT_EQ(get_over_socket("/api/v1/summary").json(), get("/api/v1/summary").json());
}

TEST_F(Service, TopAgreesWithTheReport) {
    // The window of this capture holds all of it.
    for (const char* outcome : {"refused", "failed"}) {
        const Json top = get("/api/v1/top?n=5&outcome=" + std::string(outcome)).json();
        ASSERT_TRUE(top.is_object());
        EXPECT_EQ(top.at("outcome"), outcome);
        ASSERT_EQ(top.at("rows").size(), 5u);
        for (std::size_t i = 0; i < 5; ++i) {
            const Json &row = top.at("rows").at(i), &expected = reference.at("top").at(outcome).at(i);
            for (const char* member : {"address", "port", "count"}) EXPECT_EQ(row.at(member), expected.at(member));
        }
    }
}

TEST_F(Service, TopHasTheClientsAndTimesOfTheReport) {
    const Json top = get("/api/v1/top?n=5&outcome=failed").json();
    ASSERT_TRUE(top.is_object());
    for (std::size_t i = 0; i < 5; ++i) {
        const Json &row = top.at("rows").at(i), &expected = reference.at("top").at("failed").at(i);
        for (const char* member : {"clients", "first", "last"})
            EXPECT_EQ(row.at(member), expected.at(member)) << member << " of " << row.at("address");
    }
}

TEST_F(Service, TopByClientAndService) {
    for (const char* by : {"client", "service", "destination"}) {
        const Json top = get("/api/v1/top?outcome=failed&by=" + std::string(by)).json();
        ASSERT_TRUE(top.is_object());
        EXPECT_EQ(top.at("by"), by);
        EXPECT_GT(top.at("rows").size(), 0u);
    }
    std::uint64_t refused = 0;
    const Json services = get("/api/v1/top?n=1000&by=service").json();
    for (const Json& row : services.at("rows")) refused += row.at("count").get<std::uint64_t>();
    EXPECT_EQ(refused, reference.at("outcomes").at("refused").get<std::uint64_t>());
}

TEST_F(Service, StatusSaysThatTheReplayIsOver) {
    const Json status = get("/api/v1/status").json();
    ASSERT_TRUE(status.is_object());
    EXPECT_EQ(status.at("state"), "finished");
    EXPECT_EQ(status.at("mode"), "replay");
    EXPECT_EQ(status.at("packets").at("received"), 5'000);
    EXPECT_EQ(status.at("attempts"), reference.at("attempts"));
    ASSERT_EQ(status.at("ports").size(), 1u);
    EXPECT_EQ(status.at("ports").at(0).at("source"), capture);
    EXPECT_EQ(status.at("cores").at(0).at("received"), 5'000);
    EXPECT_GT(status.at("http").at("requests"), 0);
}

TEST_F(Service, OpenApiAndLiveness) {
    const Json document = get("/api/v1/openapi.json").json();
    ASSERT_TRUE(document.is_object());
    EXPECT_EQ(document.at("openapi").get<std::string>().substr(0, 3), "3.1");
    for (const char* path : {"/api/v1/summary", "/api/v1/top", "/api/v1/status"})
        EXPECT_TRUE(document.at("paths").contains(path) || document.at("paths").contains(std::string(path).substr(7)))
            << path;
    EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(Service, MistakesAreProblems) {
    const struct {
        const char *target, *method;
        int status;
    } mistakes[] = {{"/api/v1/nothing", "GET", 404},
                    {"/", "GET", 404},
                    {"/api/v1/top?outcome=nonsense", "GET", 400},
                    {"/api/v1/top?n=0", "GET", 400},
                    {"/api/v1/top?n=abc", "GET", 400},
                    {"/api/v1/top?window=-1s", "GET", 400},
                    {"/api/v1/top?by=x", "GET", 400},
                    {"/api/v1/top?surprise=1", "GET", 400},
                    {"/api/v1/summary?n=1001", "GET", 400},
                    {"/api/v1/summary", "POST", 405}};
    for (const auto& mistake : mistakes) {
        const Answer answer = get(mistake.target, mistake.method);
        EXPECT_EQ(answer.status, mistake.status) << mistake.target << answer.body;
        EXPECT_NE(answer.head.find("application/problem+json"), std::string::npos) << mistake.target << answer.head;
        const Json problem = answer.json();
        ASSERT_TRUE(problem.is_object()) << mistake.target;
        EXPECT_EQ(problem.at("status"), mistake.status);
        EXPECT_TRUE(problem.contains("title"));
    }
}

TEST_F(Service, TheCliShowsTopInEveryFormat) {
    const Json rest = get("/api/v1/top?outcome=failed").json();
    const ProcessResult json = cli({"top", "--once", "--outcome", "failed", "-o", "json"});
    EXPECT_EQ(json.exit_code, 0) << json.err;
    EXPECT_EQ(Json::parse(json.out, nullptr, false).value("rows", Json()), rest.at("rows"));

    const ProcessResult lines = cli({"top", "--once", "--outcome", "failed", "-o", "jsonl"});
    EXPECT_EQ(lines.exit_code, 0) << lines.err;
    std::istringstream stream(lines.out);
    std::string line;
    std::size_t count = 0;
    while (std::getline(stream, line)) {
        EXPECT_EQ(Json::parse(line, nullptr, false).value("address", ""), rest.at("rows").at(count).at("address"));
        ++count;
    }
    EXPECT_EQ(count, rest.at("rows").size());

    const std::string heaviest = rest.at("rows").at(0).at("address");
    for (const char* format : {"table", "csv"}) {
        const ProcessResult result = cli({"top", "--once", "--outcome", "failed", "-o", format});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_NE(result.out.find(heaviest), std::string::npos) << result.out;
        EXPECT_EQ(result.out.find('\x1b'), std::string::npos) << "plain when it is not a terminal";
    }
}

TEST_F(Service, TheCliShowsStatusInEveryFormat) {
    for (const char* format : {"table", "json", "jsonl", "csv"}) {
        const ProcessResult result = cli({"status", "-o", format});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_TRUE(result.out.find("5000") != std::string::npos || result.out.find("5,000") != std::string::npos ||
                    result.out.find("5 000") != std::string::npos)
            << format << "\n"
            << result.out;
    }
    const Json status = Json::parse(cli({"status", "-o", "json"}).out, nullptr, false);
    ASSERT_TRUE(status.is_object());
    EXPECT_EQ(status.at("packets").at("received"), 5'000);
}

TEST_F(Service, TheCliTalksOverTheSocketToo) {
    const ProcessResult result = run_process({cli_path(), "status", "-o", "json", "--server", "unix:" + socket_path});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(Json::parse(result.out, nullptr, false).is_object());
}

TEST_F(Service, AnEmptyAnswerHasItsReason) {
    const ProcessResult result = cli({"top", "--once", "--outcome", "refused_by_device", "-o", "csv"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_NE(result.err, "");
}

TEST(ServiceEnd, NoDaemonIsItsOwnExitCode) {
    const ProcessResult result = run_process({cli_path(), "status", "--server", "unix:/nonexistent/rstwatch.sock"});
    EXPECT_EQ(result.exit_code, 3) << result.err;
    EXPECT_EQ(result.out, "");
}

TEST(ServiceEnd, SigtermEndsItWithin5Seconds) {
    const TempDir directory;
    const std::string capture = directory / "capture.pcap";
    write_capture(capture, mixed_frames(100));
    for (const int signal : {SIGTERM, SIGINT}) {
        BackgroundProcess daemon({daemon_path(), "--capture", capture, "--listen", "127.0.0.1:0", "--socket", "off"});
        ASSERT_TRUE(daemon.wait_for_err("ready", std::chrono::seconds(20))) << daemon.err();
        ASSERT_TRUE(daemon.wait_for_err("replay finished", std::chrono::seconds(20))) << daemon.err();
        daemon.send_signal(signal);
        const ProcessResult result = daemon.wait(std::chrono::seconds(5));
        EXPECT_FALSE(result.timed_out);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_EQ(result.out, "") << "a service writes nothing to standard output";
    }
}

TEST(ServiceEnd, ADamagedCaptureIsServedAndItsDamageTold) {
    const TempDir directory;
    const std::string capture = directory / "cut.pcap";
    const auto frames = mixed_frames(100);
    const Bytes whole = encode_capture(frames);
    write_file(capture, Bytes(whole.begin(), whole.end() - 5));
    BackgroundProcess daemon({daemon_path(), "--capture", capture, "--listen", "127.0.0.1:0", "--socket", "off"});
    ASSERT_TRUE(daemon.wait_for_err("replay finished", std::chrono::seconds(20))) << daemon.err();
    const ProcessResult result = daemon.terminate();
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result.err.find("at byte"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace rstwatch::test
