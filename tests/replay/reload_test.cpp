// SPDX-License-Identifier: Apache-2.0
// A daemon whose settings files change while it serves.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "tests/replay/lives.h"
#include "tests/replay/replay.h"

namespace rstwatch::test {
namespace {

using std::chrono::seconds;

class Reload : public testing::Test {
  protected:
    Reload() {
        write_capture(directory / "capture.pcap", mixed_frames(500));
        write_names("\":22\" = \"gate\"\n");
        write_settings("[alerts]\nwarn = 1\n");
        daemon = std::make_unique<BackgroundProcess>(std::vector<std::string>{
            daemon_path(), "--config", settings, "--capture", directory / "capture.pcap", "--set", "http.listen=",
            "--socket", directory / "rest.sock", "--set", "services.labels=" + names, "--set", "store.path=off"});
    }
    void SetUp() override { ASSERT_TRUE(daemon->wait_for_err("replay finished", seconds(30))) << daemon->err(); }

    void write_settings(const std::string& text) const { std::ofstream(settings) << text; }
    void write_names(const std::string& text) const { std::ofstream(names) << text; }

    /// What the status says of the settings, once `reloads` of them have come to an end.
    Json reload(std::uint64_t reloads) const {
        daemon->send_signal(SIGHUP);
        const auto limit = std::chrono::steady_clock::now() + seconds(20);
        for (;;) {
            Json status = this->status();
            if (!status.is_object()) return status;
            const Json& settings = status.at("settings");
            if (settings.at("reloads").get<std::uint64_t>() + settings.at("refused").get<std::uint64_t>() >= reloads)
                return settings;
            if (std::chrono::steady_clock::now() > limit) return {};
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
    Json status() const {
        return Json::parse(
            run_process({cli_path(), "--server", "unix:" + (directory / "rest.sock"), "status", "-o", "json"}).out,
            nullptr, false);
    }
    std::size_t count_in_log(const std::string& text) const {
        const std::string log = daemon->err();
        std::size_t count = 0;
        for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
        return count;
    }
    std::size_t descriptors() const {
        const std::filesystem::directory_iterator all("/proc/" + std::to_string(daemon->pid()) + "/fd");
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
    /// Resident KiB, as proc_pid_status(5) has it.
    std::size_t resident() const {
        std::ifstream status("/proc/" + std::to_string(daemon->pid()) + "/status");
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
        return 0;
    }

    TempDir directory;
    std::string settings = directory / "rstwatch.toml", names = directory / "names.toml";
    std::unique_ptr<BackgroundProcess> daemon;
};

TEST_F(Reload, TakesOverWhatItCanAndNamesWhatNeedsARestart) {
    write_settings("[alerts]\nwarn = 2\n[rx]\nqueues = 2\n[sensor]\nname = \"tap 7\"\n");
    const Json after = reload(1);
    ASSERT_TRUE(after.is_object()) << daemon->err();
    EXPECT_EQ(after.at("file"), settings);
    EXPECT_EQ(after.at("errors"), Json::array());
    EXPECT_EQ(after.at("awaiting_restart"),
              Json::parse(R"([{"setting": "rx.queues", "running": "1", "wanted": "2"}])"));
    EXPECT_EQ(status().at("sensor"), "tap 7");
    EXPECT_EQ(count_in_log("settings: alerts.warn is 2 now, and was 1"), 1U) << daemon->err();
    EXPECT_EQ(count_in_log("settings: rx.queues = 2 needs a restart; until then 1 holds"), 1U) << daemon->err();

    write_settings("");
    EXPECT_EQ(reload(2).at("awaiting_restart"), Json::array()) << "what it runs with is what is wanted again";
}

TEST_F(Reload, NamesOfServicesAreThoseOfTheFile) {
    const auto worst = [&] {
        const ProcessResult top = run_process({cli_path(), "--server", "unix:" + (directory / "rest.sock"), "top",
                                               "--once", "--outcome", "failed", "-o", "json"});
        return Json::parse(top.out, nullptr, false).at("rows").at(0);
    };
    const Json before = worst();
    const std::string port = std::to_string(before.at("port").get<int>());
    ASSERT_NE(before.at("service"), "renamed");
    write_names("\":" + port + "\" = \"renamed\"\n");
    ASSERT_TRUE(reload(1).is_object());
    EXPECT_EQ(worst().at("service"), "renamed");
    write_names("");
    ASSERT_TRUE(reload(2).is_object());
    EXPECT_EQ(worst(), before);
}

TEST_F(Reload, AWrongFileChangesNothingAndEveryErrorIsNamed) {
    write_settings("[alerts]\nwarn = 2\nerorr = 5\n[rx]\nqueues = 0\n[sensor]\nname = \"wrong\"\n");
    const Json after = reload(1);
    EXPECT_EQ(after.at("refused"), 1);
    EXPECT_EQ(after.at("reloads"), 0);
    ASSERT_EQ(after.at("errors").size(), 2U) << after;
    EXPECT_TRUE(after.at("errors")[0].get<std::string>().starts_with(settings + ":3:1: ")) << after;
    EXPECT_TRUE(after.at("errors")[1].get<std::string>().starts_with(settings + ":5:10: ")) << after;
    EXPECT_NE(status().at("sensor"), "wrong");
    for (const Json& error : after.at("errors")) EXPECT_EQ(count_in_log(error.get<std::string>()), 1U);

    write_settings("");
    write_names("\":70000\" = \"no such port\"\n");
    EXPECT_EQ(reload(2).at("refused"), 2) << "the names are part of it";
    write_names("");
    EXPECT_EQ(reload(3).at("errors"), Json::array());
}

TEST_F(Reload, AThousandOfThemLeakNothing) {
    const auto change = [&](int i) {
        write_settings("[alerts]\nwarn = " + std::to_string(i % 2 + 1) +
                       "\n[[sink]]\nsyslog = \"udp://127.0.0.1:" + std::to_string(20000 + i % 2) + "\"\n");
        write_names("\":22\" = \"gate " + std::to_string(i % 2) + "\"\n");
        const std::size_t before = count_in_log("settings: reloaded");
        daemon->send_signal(SIGHUP);
        const auto limit = std::chrono::steady_clock::now() + seconds(20);
        while (count_in_log("settings: reloaded") == before && std::chrono::steady_clock::now() < limit)
            std::this_thread::sleep_for(std::chrono::microseconds(200));
    };
    for (int i = 0; i < 100; ++i) change(i);  // what is made once is made by then
    const std::size_t files = descriptors(), memory = resident();
    for (int i = 0; i < 1000; ++i) change(i);
    EXPECT_EQ(status().at("settings").at("reloads"), 1100);
    EXPECT_LE(descriptors(), files + 1) << "one may be of the question that was asked just now";
    EXPECT_LE(resident(), memory + 1024);
    EXPECT_EQ(daemon->terminate().exit_code, 0);
}

TEST_F(Reload, AFloodOfSignalsIsTakenForAFew) {
    for (int i = 0; i < 1000; ++i) daemon->send_signal(SIGHUP);
    EXPECT_TRUE(reload(1).is_object()) << daemon->err();
    EXPECT_EQ(daemon->terminate().exit_code, 0);
}

}  // namespace
}  // namespace rstwatch::test
