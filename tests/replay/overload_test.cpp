// SPDX-License-Identifier: Apache-2.0
// A live port that delivers faster than every segment can be looked up: net_pcap reads a file as fast as it is asked.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

constexpr std::size_t packets = 200'000;

class Overload : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory = new TempDir;
        write_capture(*directory / "capture.pcap", mixed_frames(packets));
    }
    static void TearDownTestSuite() { delete directory; }

    void start(const std::string& overload) {
        daemon_ = std::make_unique<BackgroundProcess>(std::vector<std::string>{
            daemon_path(), "--vdev", "net_pcap0,rx_pcap=" + (*directory / "capture.pcap"), "--listen", "127.0.0.1:0",
            "--socket", socket(), "--set", "store.path=off", "--set", "tracking.overload=" + overload});
        ASSERT_TRUE(daemon_->wait_for_err("ready", std::chrono::seconds(30))) << daemon_->err();
        ASSERT_TRUE(until([](const Json& status) { return status.at("packets").at("received") == packets; }));
    }

    static std::string socket() { return *directory / "rest.sock"; }

    static Json ask(const std::vector<std::string>& what) {
        std::vector<std::string> command{cli_path()};
        command.insert(command.end(), what.begin(), what.end());
        command.insert(command.end(), {"-o", "json", "--server", "unix:" + socket()});
        return Json::parse(run_process(command).out, nullptr, false);
    }

    /// Wherever numbers are shown, these are said to lack something.
    void expect_marked() const {
        const Json top = ask({"top", "--once", "--outcome", "failed"});
        const Json& row = top.at("rows").at(0);
        const std::string host = row.at("address");
        const std::string service = (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
                                    std::to_string(row.at("port").get<int>());
        EXPECT_GE(ask({"explain", service}).at("control_depth_seconds"), 1);
        EXPECT_GE(ask({"explain", host}).at("control_depth_seconds"), 1);
        EXPECT_GE(ask({"alerts"}).at("control_depth_seconds"), 1);
        std::int64_t seconds = 0;
        const Json history = ask({"history"});
        for (const Json& point : history.at("points")) seconds += point.at("control_depth_seconds").get<std::int64_t>();
        EXPECT_GE(seconds, 1);
        for (const std::vector<std::string>& command :
             {std::vector<std::string>{"explain", service}, {"history"}, {"check", "--warn", "1", "--crit", "2"}}) {
            std::vector<std::string> line{cli_path()};
            line.insert(line.end(), command.begin(), command.end());
            line.insert(line.end(), {"--server", "unix:" + socket()});
            const ProcessResult text = run_process(line);
            EXPECT_NE(text.out.find("not every segment was looked up"), std::string::npos)
                << command.front() << ": " << text.out << text.err;
        }
    }

    /// The last status is kept. False if it is not so within a while.
    bool until(const std::function<bool(const Json&)>& holds) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        do {
            status_ = ask({"status"});
            if (status_.is_object() && holds(status_)) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        } while (std::chrono::steady_clock::now() < deadline);
        return false;
    }

    static inline TempDir* directory = nullptr;
    std::unique_ptr<BackgroundProcess> daemon_;
    Json status_;
};

TEST_F(Overload, FallsToControlDepthSaysSoAndComesBack) {
    start("control");
    EXPECT_EQ(status_.at("tracking").at("falls"), 1) << status_.at("tracking");
    EXPECT_GE(status_.at("tracking").at("control_depth_seconds"), 1);
    EXPECT_FALSE(status_.at("tracking").at("not_told").empty());
    EXPECT_EQ(status_.at("cores").at(0).at("falls"), 1);
    const Json top = ask({"top", "--once"});
    EXPECT_GE(top.at("control_depth_seconds"), 1);
    EXPECT_LE(top.at("control_depth_seconds"), top.at("window_seconds"));
    const ProcessResult text = run_process({cli_path(), "top", "--once", "--server", "unix:" + socket()});
    EXPECT_NE(text.out.find("not every segment was looked up"), std::string::npos) << text.out;

    expect_marked();

    EXPECT_TRUE(until([](const Json& status) { return status.at("tracking").at("depth") == "full"; }));
    EXPECT_EQ(status_.at("packets").at("received"), packets);
    EXPECT_FALSE(status_.at("tracking").at("not_told").empty()) << "it is still in the window";
    EXPECT_EQ(daemon_->terminate().exit_code, 0);
}

TEST_F(Overload, KeepsItsDepthIfTold) {
    start("lose");
    EXPECT_EQ(status_.at("tracking").at("falls"), 0);
    EXPECT_EQ(status_.at("tracking").at("control_depth_seconds"), 0);
    EXPECT_EQ(status_.at("tracking").at("depth"), "full");
    EXPECT_EQ(ask({"top", "--once"}).at("control_depth_seconds"), 0);
    EXPECT_EQ(daemon_->terminate().exit_code, 0);
}

}  // namespace
}  // namespace rstwatch::test
