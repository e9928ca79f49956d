// SPDX-License-Identifier: Apache-2.0
// A virtual device of several queues as a live port: what comes to any of them is counted.
#include <gtest/gtest.h>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

class VirtualDevice : public testing::Test {
  protected:
    void SetUp() override {
        for (const std::string& capture : captures_) write_capture(capture, mixed_frames(frames));
    }

    std::vector<std::string> command(const std::string& queues) const {
        return {daemon_path(),
                "--vdev",
                "net_pcap0,rx_pcap=" + captures_[0] + ",rx_pcap=" + captures_[1],
                "--listen",
                "127.0.0.1:0",
                "--socket",
                socket_,
                "--set",
                "store.path=off",
                "--set",
                "rx.queues=" + queues};
    }

    static constexpr std::size_t frames = 2'000;
    TempDir directory_;
    const std::string socket_ = directory_ / "rest.sock";
    const std::string captures_[2] = {directory_ / "one.pcap", directory_ / "two.pcap"};
};

TEST_F(VirtualDevice, EveryQueueIsPolled) {
    BackgroundProcess daemon(command("2"));
    ASSERT_TRUE(daemon.wait_for_err("ready", std::chrono::seconds(30))) << daemon.err();
    const std::string in_all = std::to_string(2 * frames) + " packets";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    Json status;
    do {
        status = Json::parse(run_process({cli_path(), "status", "-o", "json", "--server", "unix:" + socket_}).out,
                             nullptr, false);
    } while (status.is_object() && status.at("packets").at("received") < 2 * frames &&
             std::chrono::steady_clock::now() < deadline);
    EXPECT_EQ(status.at("ports").at(0).at("queues"), 2);
    for (const Json& core : status.at("cores")) EXPECT_EQ(core.at("received"), frames);
    EXPECT_EQ(daemon.terminate().exit_code, 0);
    EXPECT_NE(daemon.err().find(in_all), std::string::npos) << daemon.err();
}

TEST_F(VirtualDevice, OneWithMoreQueuesThanCoresIsRefused) {
    const ProcessResult refused = run_process(command("1"));
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find("2 queues, and rx.queues polls 1 of them; set rx.queues to 2"), std::string::npos)
        << refused.err;
}

}  // namespace
}  // namespace rstwatch::test
