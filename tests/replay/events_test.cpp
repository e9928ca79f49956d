// SPDX-License-Identifier: Apache-2.0
// What the daemon tells others as it happens: events over REST and by the CLI, alerts to sinks.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

using std::chrono::seconds;

int port_in(const std::string& log) {
    constexpr std::string_view before = "REST at http://127.0.0.1:";
    const auto place = log.find(before);
    return place == std::string::npos ? 0 : std::stoi(log.substr(place + before.size()));
}

/// A connection to the daemon on which one GET has been sent.
class Asking {
  public:
    Asking(int port, const std::string& target) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        EXPECT_EQ(write(descriptor_, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { close(descriptor_); }

    /// Everything up to where `enough` says so, or the end.
    template <typename Enough>
    const std::string& read_until(Enough enough) {
        char bytes[65536];
        const auto limit = std::chrono::steady_clock::now() + seconds(30);
        while (!enough(text_)) {
            pollfd entry{descriptor_, POLLIN, 0};
            // Heartbeats come, whatever else does not.
            if (std::chrono::steady_clock::now() > limit || poll(&entry, 1, 30'000) != 1) break;
            const auto count = read(descriptor_, bytes, sizeof bytes);
            if (count <= 0) break;
            text_.append(bytes, static_cast<std::size_t>(count));
        }
        return text_;
    }

  private:
    int descriptor_;
    std::string text_;
};

Json get(int port, const std::string& target) {
    Asking asking(port, target);
    const std::string& text = asking.read_until([](const std::string&) { return false; });
    const auto body = text.find("\r\n\r\n");
    return body == std::string::npos ? Json() : Json::parse(text.substr(body + 4), nullptr, false);
}

bool eventually(const std::function<bool()>& holds) {
    const auto limit = std::chrono::steady_clock::now() + seconds(30);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

/// Client and server of each failed attempt, with how often it was told.
std::map<std::pair<std::string, std::string>, int> told_in(const std::string& lines, const std::string& prefix) {
    std::map<std::pair<std::string, std::string>, int> told;
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);) {
        if (!line.starts_with(prefix)) continue;
        const Json event = Json::parse(line.substr(prefix.size()), nullptr, false);
        if (event.is_object() && event.contains("outcome"))
            ++told[{event.value("client", ""), event.value("server", "")}];
    }
    return told;
}

/// A daemon that reads a pipe, so that a test can listen before the packets come.
class Events : public testing::Test {
  protected:
    void SetUp() override {
        std::vector<TimedFrame> frames = mixed_frames(3'000);
        // What a capture is shows in its first 64 KiB, so they have to hold nothing that would be told.
        const TimedFrame filler{frames.front().time_us, Bytes(filler_length)};
        frames.insert(frames.begin(), fillers, filler);
        const Bytes bytes = encode_capture(frames);
        write_file(directory_ / "capture.pcap", bytes);
        text_.assign(bytes.begin(), bytes.end());
        const std::string pipe = directory_ / "pipe";
        ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
        daemon_ = std::make_unique<BackgroundProcess>(std::vector<std::string>{
            daemon_path(), "--capture", pipe, "--listen", "127.0.0.1:0", "--socket", "off", "--set", "http.streams=2",
            // So that failures are all that is told.
            "--set", "alerts.warn=10000", "--set", "alerts.error=10000", "--set", "alerts.critical=10000"});
        writer_ = open(pipe.c_str(), O_WRONLY | O_CLOEXEC);
        ASSERT_GE(writer_, 0);
        send(text_.substr(0, beginning));
        ASSERT_TRUE(daemon_->wait_for_err("ready", seconds(30))) << daemon_->err();
        port_ = port_in(daemon_->err());
        ASSERT_GT(port_, 0);
    }

    void TearDown() override {
        if (writer_ >= 0) close(writer_);
    }

    void send(const std::string& bytes) const {
        ASSERT_EQ(write(writer_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }

    void send_packets() {
        send(text_.substr(beginning));
        close(std::exchange(writer_, -1));
        ASSERT_TRUE(daemon_->wait_for_err("replay finished", seconds(30))) << daemon_->err();
    }

    /// 0 as long as the daemon has nothing to say about itself.
    std::uint64_t streams() const {
        const Json status = get(port_, "/api/v1/status");
        return status.contains("events") ? status.at("events").at("streams").get<std::uint64_t>() : 0;
    }

    static constexpr std::size_t filler_length = 1000, fillers = 70;
    static constexpr std::size_t beginning = 24 + fillers * (16 + filler_length);  // headers of file and packets

    TempDir directory_;
    std::string text_;
    std::unique_ptr<BackgroundProcess> daemon_;
    int writer_ = -1;
    int port_ = 0;
};

TEST_F(Events, EachFailedAttemptIsToldOnceOverRestAndByTheCli) {
    const std::string server = "http://127.0.0.1:" + std::to_string(port_);
    Asking rest(port_, "/api/v1/events?event=failure");
    rest.read_until([](const std::string& text) { return text.find("retry:") != std::string::npos; });
    BackgroundProcess cli({cli_path(), "events", "-o", "jsonl", "--server", server});
    ASSERT_TRUE(eventually([&] { return streams() == 2; })) << cli.err();
    const auto third = run_process({cli_path(), "events", "--server", server});
    EXPECT_EQ(third.exit_code, 1) << "the two places are taken";
    EXPECT_NE(third.err.find("http.streams"), std::string::npos) << third.err;

    send_packets();
    const Json status = get(port_, "/api/v1/status");
    const std::uint64_t expected = status.at("events").at("events");
    EXPECT_EQ(status.at("events").at("dropped"), 0);
    const std::string heard =
        rest.read_until([&](const std::string& text) { return count(text, "event: failure") >= expected; });
    ASSERT_TRUE(eventually([&] { return count(cli.out(), "\n") >= expected; })) << cli.err();
    const auto over_rest = told_in(heard, "data: "), by_cli = told_in(cli.out(), "");
    EXPECT_EQ(over_rest, by_cli);
    EXPECT_EQ(count(heard, "id: "), expected);

    const Replay reference = replay({directory_ / "capture.pcap"});
    std::size_t failures = 0;
    for (const Json& connection : reference.report.at("connections")) {
        if (connection.at("outcome") != "refused" && connection.at("outcome") != "icmp_rejected") continue;
        ++failures;
        EXPECT_TRUE(over_rest.contains({connection.at("client"), connection.at("server")})) << connection;
    }
    EXPECT_GT(failures, 30u);

    // The daemon ends, and the CLI says so and goes on waiting for it.
    daemon_->terminate();
    EXPECT_TRUE(cli.wait_for_err("trying again", seconds(30))) << cli.err();
    EXPECT_TRUE(cli.running());
}

TEST_F(Events, FiltersPickWhatIsTold) {
    Asking refused(port_, "/api/v1/events?event=failure&outcome=refused");
    Asking alerts(port_, "/api/v1/events?event=alert");
    ASSERT_TRUE(eventually([&] { return streams() == 2; }));
    send_packets();
    const std::string heard =
        refused.read_until([](const std::string& text) { return count(text, "event: failure") >= 5; });
    EXPECT_GE(count(heard, "event: failure"), 5u);
    EXPECT_EQ(count(heard, "\"outcome\":\"refused\""), count(heard, "event: failure"));
    EXPECT_EQ(count(heard, "event: alert"), 0u);
}

TEST_F(Events, MistakesAreProblems) {
    for (const char* query : {"outcome=closed", "outcome=x", "server=host", "client=10.0.0.1:x", "event=x", "n=1"}) {
        const Json problem = get(port_, std::string("/api/v1/events?") + query);
        EXPECT_EQ(problem.value("status", 0), 400) << query << problem;
    }
    const auto result = run_process(
        {cli_path(), "events", "--outcome", "nonsense", "--server", "http://127.0.0.1:" + std::to_string(port_)});
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(result.out, "");
}

TEST(EventsOfNobody, NoDaemonIsItsOwnExitCode) {
    const auto result = run_process({cli_path(), "events", "--server", "unix:/nonexistent/rstwatch.sock"});
    EXPECT_EQ(result.exit_code, 3) << result.err;
}

/// The bundled capture's alerts, as the service 127.0.0.1:7211 has one, reach a socket like /dev/log.
TEST(Sinks, AlertsReachSyslogThroughTheRealDaemon) {
    const TempDir directory;
    const std::string log = directory / "log", settings = directory / "rstwatch.toml";
    const int receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    log.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(receiver, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string toml = "[sensor]\nname = \"tap\"\n[[sink]]\nsyslog = \"unix:" + log + "\"\n";
    write_file(settings, Bytes(toml.begin(), toml.end()));
    BackgroundProcess daemon({daemon_path(), "--config", settings, "--capture",
                              source_path("tests/captures/branch-office.pcap"), "--listen", "127.0.0.1:0", "--socket",
                              "off"});
    bool fired = false;
    for (pollfd entry{receiver, POLLIN, 0}; !fired && poll(&entry, 1, 30'000) == 1;) {
        char bytes[4096];
        const auto size = recv(receiver, bytes, sizeof bytes, 0);
        const std::string message(bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        EXPECT_NE(message.find(" tap rstwatchd "), std::string::npos) << message;
        fired = message.find("127.0.0.1:7211") != std::string::npos;
    }
    EXPECT_TRUE(fired) << daemon.err();
    ASSERT_TRUE(daemon.wait_for_err("replay finished", seconds(30))) << daemon.err();
    const Json status = get(port_in(daemon.err()), "/api/v1/status");
    ASSERT_EQ(status.at("sinks").size(), 1u);
    EXPECT_EQ(status.at("sinks").at(0).at("name"), "syslog unix:" + log);
    EXPECT_GT(status.at("sinks").at(0).at("delivered"), 0);
    const ProcessResult result = daemon.terminate();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    close(receiver);
}

}  // namespace
}  // namespace rstwatch::test
