// SPDX-License-Identifier: Apache-2.0
// What one packet costs, stage by stage, for traffic of different kinds.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "config/cpu_baseline.h"
#include "config/signatures.h"
#include "tools/bench/measure.h"

namespace {

using namespace rstwatch;
using bench::Mix;
using bench::Stage;
using Json = nlohmann::ordered_json;

struct Wishes {
    std::vector<std::string> mixes;
    std::vector<std::string> stages;
    bench::Conditions conditions;
    bench::Effort effort;
    bool identify = false;
    bool json = false;
};

std::vector<std::string> mix_names() {
    std::vector<std::string> names;
    for (const Mix& mix : bench::all_mixes()) names.emplace_back(mix.name);
    return names;
}

std::vector<std::string> stage_names() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < bench::stages; ++i) names.emplace_back(bench::name(static_cast<Stage>(i)));
    return names;
}

bool is_wanted(const std::vector<std::string>& wanted, std::string_view name) {
    return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
}

/// The cheapest of several repetitions is what the code costs; the median says how far the machine was from that.
void print_heading(const Wishes& wishes) {
    std::printf(
        "Cycles per packet (time stamp counter): least of %u runs / median. Each stage includes the ones before.\n"
        "Bursts of %zu, %lld entries, depth %s.\n\n%-12s",
        wishes.effort.runs, wishes.conditions.burst,
        static_cast<long long>(wishes.conditions.settings.tracking.connections),
        wishes.conditions.settings.tracking.depth.c_str(), "");
    for (const std::string& stage : stage_names())
        if (is_wanted(wishes.stages, stage)) std::printf(" %15s", stage.c_str());
    std::printf("\n");
}

Json measure_mix(const Mix& mix, const Wishes& wishes) {
    Json row{{"mix", mix.name}};
    if (!wishes.json) std::printf("%-12s", std::string(mix.name).c_str());
    for (std::size_t i = 0; i < bench::stages; ++i) {
        const auto stage = static_cast<Stage>(i);
        if (!is_wanted(wishes.stages, bench::name(stage))) continue;
        const bench::Cycles cycles = bench::measure(stage, mix, wishes.conditions, wishes.effort);
        row[std::string(bench::name(stage))] = {
            {"least", cycles.least()}, {"median", cycles.median()}, {"runs", cycles.runs}, {"digest", cycles.digest}};
        if (wishes.json) continue;
        std::printf(" %7.1f/%7.1f", cycles.least(), cycles.median());
        std::fflush(stdout);
    }
    if (!wishes.json) std::printf("\n");
    return row;
}

int run(const Wishes& wishes) {
    Json rows = Json::array();
    if (!wishes.json) print_heading(wishes);
    for (const Mix& mix : bench::all_mixes())
        if (is_wanted(wishes.mixes, mix.name)) rows.push_back(measure_mix(mix, wishes));
    if (wishes.json) {
        const config::Settings::Tracking& tracking = wishes.conditions.settings.tracking;
        const Json document{{"unit", "cycles per packet"},         {"burst", wishes.conditions.burst},
                            {"connections", tracking.connections}, {"depth", tracking.depth},
                            {"packets", wishes.effort.packets},    {"mixes", rows}};
        std::puts(document.dump(1).c_str());
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    config::check_cpu_or_exit("bench_dataplane");
    Wishes wishes;
    config::Settings::Tracking& tracking = wishes.conditions.settings.tracking;
    tracking.connections = 1 << 20;
    CLI::App app(
        "Measures what one packet costs an RX core, stage by stage. No port and no DPDK: the packets lie in the "
        "cache, as a NIC with direct cache access leaves them.");
    app.add_option("--mix", wishes.mixes, "which traffic (all)")->check(CLI::IsMember(mix_names()))->delimiter(',');
    app.add_option("--stage", wishes.stages, "up to which stage (all)")
        ->check(CLI::IsMember(stage_names()))
        ->delimiter(',');
    app.add_option("--burst", wishes.conditions.burst, "packets per burst")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option("--connections", tracking.connections, "entries of the connection table")
        ->check(CLI::Range(1 << 10, 1 << 24))
        ->capture_default_str();
    app.add_option("--depth", tracking.depth, "as tracking.depth")
        ->check(CLI::IsMember({"full", "control"}))
        ->capture_default_str();
    app.add_option("--packets", wishes.effort.packets, "packets of a run")
        ->check(CLI::Range(std::uint64_t{1000}, std::uint64_t{1'000'000'000}))
        ->capture_default_str();
    app.add_option("--runs", wishes.effort.runs, "runs of each stage")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    app.add_option("--rate", wishes.effort.packets_per_second, "packets per second of packet time")
        ->check(CLI::Range(1e3, 1e9))
        ->capture_default_str();
    app.add_flag("--identify", wishes.identify, "with the signatures that are built in (stage tally)");
    app.add_flag("--json", wishes.json, "every run, for comparison");
    CLI11_PARSE(app, argc, argv);
    identify::LoadedSignatures signatures;
    if (wishes.identify) {
        const config::Signatures builtin = config::load_signatures(config::builtin_signatures(), "signatures.toml");
        signatures = identify::LoadedSignatures::compile(builtin.all, "off");
        wishes.conditions.signatures = signatures.set.get();
    }
    return run(wishes);
}
