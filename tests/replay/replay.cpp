// SPDX-License-Identifier: Apache-2.0
#include "tests/replay/replay.h"

#include <gtest/gtest.h>

namespace rstwatch::test {

std::map<std::string, std::uint64_t> Replay::outcomes() const {
    std::map<std::string, std::uint64_t> occurred;
    if (!report.is_object()) return occurred;
    for (const auto& [name, count] : report.at("outcomes").items())
        if (count != 0) occurred[name] = count;
    return occurred;
}

std::multimap<int, std::string> Replay::by_port() const {
    std::multimap<int, std::string> found;
    if (!report.is_object()) return found;
    for (const Json& connection : report.at("connections")) {
        const std::string server = connection.at("server");
        found.emplace(std::stoi(server.substr(server.rfind(':') + 1)), connection.at("outcome"));
    }
    return found;
}

Replay replay(const std::vector<std::string>& files, const ReplayOptions& options) {
    std::vector<std::string> command{daemon_path(), "--report"};
    if (options.connections) command.emplace_back("--connections");
    for (const std::string& file : files) {
        command.emplace_back("--capture");
        command.push_back(file);
    }
    command.insert(command.end(), options.more.begin(), options.more.end());
    ProcessOptions process;
    process.input = options.input;
    const ProcessResult result = run_process(command, process);
    Replay replay{result.out, result.err, result.exit_code, result.signal, result.cpu_seconds, nullptr};
    if (!result.out.empty()) replay.report = Json::parse(result.out, nullptr, false);
    if (replay.report.is_discarded()) replay.report = nullptr;
    return replay;
}

Replay replay_frames(const std::vector<TimedFrame>& frames, const CaptureOptions& format,
                     const ReplayOptions& options) {
    const TempDir directory;
    const std::string file = directory / "capture";
    write_capture(file, frames, format);
    return replay({file}, options);
}

std::string daemon_path() {
    return RSTWATCHD_PATH;
}
std::string cli_path() {
    return RSTWATCH_PATH;
}
std::string source_path(const std::string& path) {
    return std::string(RSTWATCH_SOURCE_DIR) + "/" + path;
}

void expect_conserved(const Json& report) {
    ASSERT_TRUE(report.is_object()) << "no report";
    const Json& packets = report.at("packets");
    std::uint64_t classes = 0;
    for (const char* name : {"tcp", "icmp_errors", "other_ip", "non_ip", "fragments", "malformed"})
        classes += packets.at(name).get<std::uint64_t>();
    EXPECT_EQ(classes, packets.at("received").get<std::uint64_t>()) << "every packet is in one class";
    EXPECT_EQ(report.at("tcp_flags").at("tcp_total"), packets.at("tcp"));

    std::uint64_t attempts = 0, all = 0;
    for (const auto& [name, count] : report.at("outcomes").items()) {
        all += count.get<std::uint64_t>();
        if (name != "midstream" && name != "unsolicited") attempts += count.get<std::uint64_t>();
    }
    EXPECT_EQ(attempts, report.at("attempts").get<std::uint64_t>()) << "every attempt has one outcome";
    if (!report.contains("connections")) return;
    EXPECT_EQ(report.at("connections").size(), all);
    std::map<std::string, std::uint64_t> listed;
    for (const Json& connection : report.at("connections")) ++listed[connection.at("outcome")];
    for (const auto& [name, count] : report.at("outcomes").items())
        EXPECT_EQ(listed[name], count.get<std::uint64_t>()) << name;
}

void expect_sound(const Replay& replay) {
    EXPECT_EQ(replay.exit_code, 0) << replay.err;
    EXPECT_EQ(replay.signal, 0);
    EXPECT_EQ(replay.err, "");
    expect_conserved(replay.report);
}

Json without_input(Json report) {
    if (report.is_object()) report.at("input").erase("files");
    return report;
}

}  // namespace rstwatch::test
