// SPDX-License-Identifier: Apache-2.0
// What one packet costs, stage by stage, for traffic of different kinds.
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "config/cpu_baseline.h"
#include "config/signatures.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/tunnel_ports.h"
#include "dataplane/port/symmetric_rss.h"
#include "tests/support/capture_writer.h"
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
    bool small_pages = false;
    std::string write;
    unsigned queue = 0, queues = 1;  // of what is written: the share of one queue
    std::uint32_t established = 0;   // 0: as the mix has them
    std::uint32_t destinations = 0;
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

/// The mix with what was wished for instead.
Mix adapted(Mix mix, const Wishes& wishes) {
    if (mix.connections != 0 && wishes.established != 0) mix.connections = wishes.established;
    if (wishes.destinations != 0) mix.destinations = wishes.destinations;
    return mix;
}

bool is_wanted(const std::vector<std::string>& wanted, std::string_view name) {
    return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
}

/// The cheapest of several repetitions is what the code costs; the median says how far the machine was from that.
void print_heading(const Wishes& wishes) {
    std::printf(
        "Cycles per packet (time stamp counter): least of %u runs / median. Each stage includes the ones before.\n"
        "Bursts of %zu, %lld entries, depth %s, %s packets, %s.\n\n%-12s",
        wishes.effort.runs, wishes.conditions.burst,
        static_cast<long long>(wishes.conditions.settings.tracking.connections),
        wishes.conditions.settings.tracking.depth.c_str(), wishes.effort.cold ? "cold" : "hot",
        wishes.small_pages ? "small pages" : "huge pages where granted", "");
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
        row[std::string(bench::name(stage))] = {{"least", cycles.least()},
                                                {"median", cycles.median()},
                                                {"runs", cycles.runs},
                                                {"digest", cycles.digest},
                                                {"huge_pages_mib", cycles.huge_mib}};
        if (wishes.json) continue;
        std::printf(" %7.1f/%7.1f", cycles.least(), cycles.median());
        std::fflush(stdout);
    }
    if (!wishes.json) std::printf("\n");
    return row;
}

/// Where a NIC with so many queues would put it.
unsigned queue_of(const packet::Frame& frame, unsigned queues) {
    packet::PacketView view;
    static const packet::TunnelPorts tunnels = packet::TunnelPorts::standard();
    packet::parse(frame, tunnels, view);
    return port::owner_of(port::symmetric_rss_hash(view), queues);
}

/// For programs that read captures, perhaps again and again: without the beginnings of connections that last.
int write_capture(const Wishes& wishes) {
    const auto mix =
        std::ranges::find(bench::all_mixes(), wishes.mixes.empty() ? "mixed" : wishes.mixes.front(), &Mix::name);
    bench::Traffic traffic(adapted(*mix, wishes));
    for (std::uint64_t begun = 0; begun < traffic.opening(); ++begun) (void)traffic.next(1);
    test::PcapFile capture(wishes.write);
    for (std::uint64_t written = 0; written < wishes.effort.packets;) {
        const packet::Frame frame = traffic.next(1).front();
        if (queue_of(frame, wishes.queues) != wishes.queue) continue;
        const double after = static_cast<double>(written) * 1e6 / wishes.effort.packets_per_second;
        capture.add({static_cast<std::int64_t>(after), test::Bytes(frame.data, frame.data + frame.length)});
        ++written;
    }
    capture.close();
    return 0;
}

int run(const Wishes& wishes) {
    if (!wishes.write.empty()) return write_capture(wishes);
    Json rows = Json::array();
    if (!wishes.json) print_heading(wishes);
    for (const Mix& mix : bench::all_mixes())
        if (is_wanted(wishes.mixes, mix.name)) rows.push_back(measure_mix(adapted(mix, wishes), wishes));
    if (wishes.json) {
        const config::Settings::Tracking& tracking = wishes.conditions.settings.tracking;
        const Json document{{"unit", "cycles per packet"},         {"burst", wishes.conditions.burst},
                            {"connections", tracking.connections}, {"depth", tracking.depth},
                            {"packets", wishes.effort.packets},    {"cold", wishes.effort.cold},
                            {"identify", wishes.identify},         {"mixes", rows}};
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
    app.add_option("--established", wishes.established, "connections that data is sent on (as the mix says)");
    app.add_option("--destinations", wishes.destinations, "that connections go to (20000)");
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
    app.add_flag("--cold", wishes.effort.cold, "packets lie in memory when the clock starts, not in the cache");
    app.add_flag("--identify", wishes.identify, "with the signatures that are built in (stage tally)");
    app.add_option("--write", wishes.write, "measure nothing, but write the packets of one mix to this capture");
    app.add_option("--queue", wishes.queue, "with --write: only packets that a NIC puts into this queue, from 0")
        ->check(CLI::Range(0, 63))
        ->capture_default_str();
    app.add_option("--queues", wishes.queues, "of so many")->check(CLI::Range(1, 64))->capture_default_str();
    app.add_flag("--small-pages", wishes.small_pages, "tables not in huge pages, whatever the kernel would grant");
    app.add_flag("--json", wishes.json, "every run, for comparison");
    CLI11_PARSE(app, argc, argv);
    if (wishes.queue >= wishes.queues) {
        std::fprintf(stderr, "bench_dataplane: --queue %u is not among %u queues, which begin with 0\n", wishes.queue,
                     wishes.queues);
        return 2;
    }
    if (wishes.small_pages && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) std::perror("--small-pages");
    identify::LoadedSignatures signatures;
    if (wishes.identify) {
        const config::Signatures builtin = config::load_signatures(config::builtin_signatures(), "signatures.toml");
        signatures = identify::LoadedSignatures::compile(builtin.all, "off");
        wishes.conditions.signatures = signatures.set.get();
    }
    return run(wishes);
}
