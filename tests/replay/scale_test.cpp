// SPDX-License-Identifier: Apache-2.0
// More services and clients than there is room for: what has no room is counted, and memory stays what the settings
// say it is at most.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

constexpr std::uint32_t attempts = 220'000;

/// The frames of one refused attempt, to be written over: building each anew would take longer than replaying it.
class Refusals {
  public:
    Refusals() : pattern_(Conversation("10.1.1.1:40000", "10.2.2.2:80").refused().frames()) {}

    /// Of a client that asks once, at a service that nobody else asks.
    std::vector<TimedFrame> one(std::uint32_t number) const {
        std::vector<TimedFrame> frames = pattern_;
        for (std::size_t i = 0; i < frames.size(); ++i) {
            frames[i].time_us += number * std::int64_t{100};
            const bool of_client = i == 0;
            write_address(frames[i].bytes, of_client ? source : destination, 172, number);
            write_address(frames[i].bytes, of_client ? destination : source, 10, number);
        }
        return frames;
    }

  private:
    static constexpr std::size_t source = 14 + 12, destination = 14 + 16;  // behind Ethernet, in the IPv4 header

    static void write_address(Bytes& frame, std::size_t place, std::uint8_t net, std::uint32_t number) {
        frame[place] = net;
        for (std::size_t i = 1; i < 4; ++i) frame[place + i] = static_cast<std::uint8_t>(number >> 8 * (3 - i));
    }

    std::vector<TimedFrame> pattern_;
};

/// The status of a daemon that has replayed a capture and serves it, with tables smaller than what is in it.
class Scale : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        directory = new TempDir;
        std::vector<TimedFrame> frames;
        const Refusals refusals;
        for (std::uint32_t number = 0; number < attempts; ++number)
            std::ranges::move(refusals.one(number), std::back_inserter(frames));
        write_capture(*directory / "capture.pcap", frames);
        BackgroundProcess daemon({daemon_path(), "--capture", *directory / "capture.pcap", "--set",
                                  "http.listen=", "--socket", *directory / "rest.sock", "--set",
                                  "store.path=" + (*directory / "store.db"), "--set", "registry.destinations=65536",
                                  "--set", "registry.clients=65536", "--set", "registry.failures=4096", "--set",
                                  "window.rows=100000", "--set", "store.rows=500"});
        if (!daemon.wait_for_err("replay finished", std::chrono::seconds(120))) return;
        log = daemon.err();
        status = ask("status");
        top = ask("top", {"--once", "--outcome", "refused"});
    }
    static void TearDownTestSuite() { delete directory; }
    void SetUp() override { ASSERT_TRUE(status.is_object() && top.is_object()) << log; }

    static Json ask(const std::string& what, std::vector<std::string> more = {}) {
        std::vector<std::string> command{cli_path(), what,       "-o",
                                         "json",     "--server", "unix:" + (*directory / "rest.sock")};
        command.insert(command.end(), more.begin(), more.end());
        return Json::parse(run_process(command).out, nullptr, false);
    }

    static inline TempDir* directory = nullptr;
    static inline std::string log;
    static inline Json status, top;
};

TEST_F(Scale, WhatHasNoRoomIsCounted) {
    EXPECT_EQ(status.at("packets").at("received"), 2 * attempts);
    EXPECT_EQ(status.at("attempts"), attempts);
    for (const char* name : {"destinations", "clients"}) {
        const Json& table = status.at("tables").at(name);
        EXPECT_EQ(table.at("capacity"), 65536) << name;
        EXPECT_EQ(table.at("used"), 65536) << name;
        EXPECT_GE(table.at("evicted"), attempts - 65536) << name;
        EXPECT_EQ(table.at("other"), attempts - 65536) << name << ": rows and others are all there is";
    }
    EXPECT_GE(status.at("tables").at("failures").at("evicted"), attempts - 4096);
    EXPECT_GT(status.at("window_shortened_seconds"), 0);
    EXPECT_EQ(status.at("store").at("dropped"), 0) << "a replay waits";
    EXPECT_FALSE(top.at("rows").empty());
}

TEST_F(Scale, MemoryStaysWithinWhatTheSettingsSay) {
    const Json& memory = status.at("memory");
    const auto most = memory.at("at_most_bytes").get<std::uint64_t>();
    EXPECT_LE(memory.at("resident_bytes"), memory.at("peak_bytes"));
    EXPECT_LE(memory.at("peak_bytes").get<std::uint64_t>(), most);
    std::uint64_t sum = 0;
    for (const auto& [name, bytes] : memory.at("parts_bytes").items()) sum += bytes.get<std::uint64_t>();
    EXPECT_EQ(sum, most);
    EXPECT_NE(log.find("memory: at most " + std::to_string(most >> 20) + " MiB by the settings"), std::string::npos)
        << log;
}

}  // namespace
}  // namespace rstwatch::test
