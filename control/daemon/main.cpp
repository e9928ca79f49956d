// SPDX-License-Identifier: Apache-2.0
// The composition root: builds the packet half and control, and lets them run.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>

#include "config/cpu_baseline.h"
#include "control/daemon/clock_watch.h"
#include "control/daemon/command_line.h"
#include "control/daemon/exit_code.h"
#include "control/daemon/live_settings.h"
#include "control/daemon/progress.h"
#include "control/daemon/report_run.h"
#include "control/daemon/service_knowledge.h"
#include "control/daemon/service_manager.h"
#include "control/daemon/service_run.h"
#include "control/daemon/service_settings.h"
#include "control/daemon/signals.h"
#include "control/daemon/surroundings.h"
#include "control/heap.h"
#include "dataplane/dataplane.h"

namespace {

using namespace rstwatch;
using control::CommandLine;

/// As far as the tables of a replay grow with the default settings, and some more.
constexpr std::size_t replay_heap = 192 << 20;

void set_up_log(const config::Settings& settings) {
    auto logger = std::make_shared<spdlog::logger>("rstwatchd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // The journal stamps lines itself.
    const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
    logger->set_pattern(journal ? "%l: %v" : "%Y-%m-%d %H:%M:%S.%e %l: %v");
    logger->set_level(spdlog::level::from_str(settings.log.level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

void tell_of_store(bool warning, const std::string& sentence) {
    spdlog::log(warning ? spdlog::level::warn : spdlog::level::info, "{}", sentence);
}

control::Controller::Wishes wishes_of(const CommandLine& line, bool report) {
    control::Controller::Wishes wishes;
    wishes.serve = !report;
    wishes.keep_connections = line.connections || line.report == CommandLine::Report::lines;
    wishes.ranking_rows = report ? line.rows : std::size_t{1000};
    return wishes;
}

/// Whoever has opened the ports: builds control beside them and lets both run.
int watch(Dataplane& dataplane, const config::Settings& settings, const control::ServiceKnowledge& services,
          const CommandLine& line) {
    const bool report = line.report != CommandLine::Report::none;
    const control::Signals signals([&dataplane] { dataplane.request_stop(); }, !report);
    control::ClockWatch clock(dataplane);
    control::LiveSettings live_settings(line, settings, services);
    control::SnapshotStore snapshots;
    control::Surroundings surroundings = control::surroundings_of(dataplane, settings, services, report);
    control::Progress progress(settings);
    if (report) surroundings.progress = [&progress](std::uint64_t packets) { progress.show(packets); };
    control::EventHub events(control::event_capacity(settings.http), [&snapshots](const tally::Endpoint& server) {
        const control::SnapshotPtr snapshot = snapshots.latest();
        return snapshot ? std::string(snapshot->services.name_of(server).name) : "";
    });
    surroundings.clock_status = [&clock] { return clock.status(); };
    if (!report)
        surroundings.between_intervals = [&] {
            clock.follow();
            if (signals.take_reload_request() && !signals.stop_requested()) live_settings.reload();
        };
    surroundings.judged = [&events](const control::MergedInterval& interval) { events.publish(interval); };
    control::AlertSinks::Options sink_options;
    sink_options.sensor = surroundings.sensor;
    if (!report) sink_options.sinks = settings.sinks;  // a report tells nobody but who asked for it
    control::AlertSinks sinks(sink_options);
    surroundings.alerted = [&](control::AlertEvent event, const control::Alert& alert, tally::Time now) {
        sinks.notify({event, alert, now, clock.wall_offset()});
        events.publish({event, alert, now});
    };
    control::Store::Options kept = control::store_options(settings.store, dataplane.is_replay());
    if (report) kept.path.clear();  // a report leaves nothing behind
    control::Store history(std::move(kept), tell_of_store);
    surroundings.store = &history;
    control::Vitals vitals;
    control::Watchdog watchdog(control::service_watchdog_timeout(), vitals, control::notify_service_manager);
    if (!report) surroundings.beat = control::beat_of(dataplane, vitals, watchdog);
    control::Controller controller(settings, surroundings, wishes_of(line, report), dataplane.exchanges(), snapshots);
    if (report) return control::run_report(dataplane, controller, snapshots, line, signals);
    // Now that the tables have what they begin with: what is taken here is for what they grow by.
    control::reserve_heap(static_cast<std::size_t>(settings.memory.reserve_mib) << 20);
    return control::run_service(
        {dataplane, controller, snapshots, history, events, sinks, live_settings, clock, vitals, watchdog}, settings,
        signals);
}

int run(int argc, char** argv) {
    CommandLine line;
    if (const auto code = control::parse_command_line(argc, argv, line)) return *code;
    config::Settings settings;
    if (!control::load_settings(line, settings)) return control::exit_bad_config;
    control::ServiceKnowledge services;
    if (!control::load_service_knowledge(settings, line.check_config, services)) return control::exit_bad_config;
    if (line.check_config) {
        std::printf("%s: ok\n", line.config_file.empty() ? "settings" : line.config_file.c_str());
        return control::exit_ok;
    }
    if (settings.ports.empty()) {
        std::fputs(
            "rstwatchd: nothing to watch; name a port with --interface, --pci, --vdev or --capture, or in the "
            "settings file as [[port]]\n",
            stderr);
        return control::exit_bad_config;
    }
    set_up_log(settings);
    control::tell_cache_trouble(services, settings);
    const bool serves = line.report == CommandLine::Report::none;
    if (!serves) control::prefer_huge_pages(replay_heap);
    Dataplane dataplane(settings, settings.identify.enabled ? services.signatures.set.get() : nullptr, serves);
    const port::Failure failed = dataplane.open();
    control::log_remarks(dataplane);
    if (failed) {
        std::fprintf(stderr, "rstwatchd: %s\n", failed.message().c_str());
        return control::exit_failure;
    }
    return watch(dataplane, settings, services, line);
}

}  // namespace

int main(int argc, char** argv) {
    config::check_cpu_or_exit("rstwatchd");
    control::keep_freed_memory();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "rstwatchd: %s; this is more than the machine has, or a defect\n", error.what());
        return control::exit_failure;
    }
}
