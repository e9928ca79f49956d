// SPDX-License-Identifier: Apache-2.0
// The composition root: the only file that sees the dataplane and control both.
#include <malloc.h>
#include <semaphore.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>

#include "config/cpu_baseline.h"
#include "config/services.h"
#include "config/signatures.h"
#include "control/alert/sinks/alert_sinks.h"
#include "control/api.h"
#include "control/command_line.h"
#include "control/controller.h"
#include "control/events/event_hub.h"
#include "control/events/event_routes.h"
#include "control/export/destination.h"
#include "control/export/report.h"
#include "control/export/sink_json.h"
#include "control/http/server.h"
#include "control/http/socket_path.h"
#include "control/knowledge_routes.h"
#include "control/progress.h"
#include "control/registry/system_services.h"
#include "control/service_manager.h"
#include "control/store/store.h"
#include "control/store/store_path.h"
#include "dataplane/dataplane.h"
#include "dataplane/identify/signature_set.h"

namespace {

using namespace rstwatch;
using control::CommandLine;

constexpr int exit_ok = 0;
constexpr int exit_failure = 1;
constexpr int exit_bad_config = 4;

Dataplane* running_dataplane = nullptr;
std::atomic<bool> stop_requested{false};
sem_t stop_semaphore;  // of the calls that a signal handler may make (signal-safety(7))

void on_stop_signal(int) {
    stop_requested.store(true, std::memory_order_relaxed);
    if (running_dataplane != nullptr) running_dataplane->request_stop();
    sem_post(&stop_semaphore);
}

void catch_stop_signals(Dataplane& dataplane) {
    running_dataplane = &dataplane;
    sem_init(&stop_semaphore, 0, 0);
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    signal(SIGPIPE, SIG_IGN);
}

void wait_for_stop() {
    while (!stop_requested.load(std::memory_order_relaxed)) sem_wait(&stop_semaphore);
}

void set_up_log(const config::Settings& settings) {
    auto logger = std::make_shared<spdlog::logger>("rstwatchd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // The journal stamps lines itself.
    const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
    logger->set_pattern(journal ? "%l: %v" : "%Y-%m-%d %H:%M:%S.%e %l: %v");
    logger->set_level(spdlog::level::from_str(settings.log.level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(std::move(logger));
}

/// Every interval takes and returns some megabytes. Kept in the process they are reused; glibc's defaults give them
/// back to the kernel each time, and clearing the pages anew cost a third of a replay's CPU time.
void keep_freed_memory() {
    mallopt(M_MMAP_THRESHOLD, 256 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
}

std::string host_name() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return name;
}

/// What services are told and called by.
struct Services {
    identify::LoadedSignatures signatures;  ///< without a set where nothing is to be identified
    config::ServiceLabels labels;
};

/// Prints what is wrong with the files, all at once; false then.
bool load_services(const config::Settings& settings, bool check, Services& services) {
    services.labels = config::load_service_file(settings.services.labels);
    std::vector<config::Diagnostic> errors = services.labels.errors;
    if (settings.identify.enabled || check) {
        const config::Signatures signatures = config::load_signatures(settings.identify);
        errors.insert(errors.end(), signatures.errors.begin(), signatures.errors.end());
        if (signatures.errors.empty())
            services.signatures = identify::LoadedSignatures::compile(signatures.all, settings.identify.cache);
        errors.insert(errors.end(), services.signatures.errors.begin(), services.signatures.errors.end());
    }
    for (const config::Diagnostic& error : errors)
        std::fprintf(stderr, "rstwatchd: %s\n", config::to_string(error).c_str());
    return errors.empty();
}

/// Of a directory that somebody has chosen it matters, of the usual one it may be as it is.
void tell_cache_trouble(const Services& services, const config::Settings& settings) {
    if (services.signatures.cache_trouble.empty()) return;
    spdlog::log(settings.identify.cache.empty() ? spdlog::level::debug : spdlog::level::warn,
                "{}; signatures are compiled at each start", services.signatures.cache_trouble);
}

control::Surroundings surroundings_of(Dataplane& dataplane, const config::Settings& settings, const Services& services,
                                      bool report) {
    control::Surroundings surroundings;
    if (services.signatures.set != nullptr) surroundings.applications = services.signatures.set->names();
    surroundings.labels = services.labels.all;
    // A report must not depend on where it was made.
    if (!dataplane.is_replay()) surroundings.system_ports = control::system_services("/etc/services");
    // A report must not depend on where it was made.
    surroundings.sensor = !settings.sensor.name.empty() ? settings.sensor.name : report ? "" : host_name();
    surroundings.replay = dataplane.is_replay();
    for (const config::Port& port : settings.ports)
        if (!port.capture.empty()) surroundings.files.push_back(port.capture);
    // A capture is received by one core, whoever follows its connections.
    const std::int64_t receiving = dataplane.is_replay() ? 1 : settings.rx.queues;
    surroundings.datagram_capacity = static_cast<std::size_t>(settings.rx.datagrams * receiving);
    surroundings.connection_capacity = static_cast<std::size_t>(settings.tracking.connections);
    surroundings.port_status = [&dataplane] { return dataplane.port_status(); };
    surroundings.core_status = [&dataplane] {
        std::vector<control::CoreState> states;
        for (const auto& status : dataplane.core_status())
            states.push_back({.received = status->received.load(std::memory_order_relaxed),
                              .bursts = status->bursts.load(std::memory_order_relaxed),
                              .forwarded = status->forwarded.load(std::memory_order_relaxed),
                              .waits = status->waits.load(std::memory_order_relaxed)});
        return states;
    };
    return surroundings;
}

/// What could not be read of the captures. Exit code 1 if anything.
int tell_damage(const Dataplane& dataplane) {
    for (const std::string& sentence : dataplane.damage()) std::fprintf(stderr, "rstwatchd: %s\n", sentence.c_str());
    return dataplane.damage().empty() ? exit_ok : exit_failure;
}

bool print_report(const control::Snapshot& snapshot, control::Controller& controller, const CommandLine& line) {
    if (line.report == CommandLine::Report::lines) {
        controller.connections().write_lines(stdout);
    } else {
        control::Json services;
        controller.inspect([&](const auto& known) { services = control::services_json(known, line.rows); });
        std::string text = control::report(snapshot, line.rows, std::move(services))
                               .dump(1, ' ', true, control::Json::error_handler_t::replace);
        if (!line.connections) {
            std::puts(text.c_str());
        } else {
            text.resize(text.size() - 2);  // the closing "\n}": one more member follows
            std::fputs(text.c_str(), stdout);
            std::fputs(",\n \"connections\": ", stdout);
            controller.connections().write_array(stdout);
            std::puts("\n}");
        }
    }
    if (std::fflush(stdout) == 0) return true;
    // A reader that has seen enough, such as head(1), needs no telling.
    if (errno != EPIPE) std::perror("rstwatchd: standard output");
    return false;
}

int run_report(Dataplane& dataplane, control::Controller& controller, control::SnapshotStore& store,
               const CommandLine& line) {
    controller.run();
    dataplane.join();
    const bool printed = print_report(*store.latest(), controller, line);
    const int damaged = tell_damage(dataplane);
    if (stop_requested.load(std::memory_order_relaxed)) {
        std::fputs("rstwatchd: interrupted; the report covers what had been read\n", stderr);
        return exit_failure;
    }
    return printed ? damaged : exit_failure;
}

control::http::Options http_options(const config::Settings::Http& http) {
    const auto milliseconds = [](double seconds) {
        return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    };
    control::http::Options options;
    options.listen = http.listen;
    options.socket = http.socket.empty() ? control::http::default_socket_path() : http.socket;
    if (http.socket == "off") options.socket.clear();
    options.limits.max_connections = static_cast<std::size_t>(http.connections);
    options.limits.max_per_address = static_cast<std::size_t>(http.connections_per_address);
    options.limits.request_deadline = milliseconds(http.request_deadline);
    options.limits.write_deadline = milliseconds(http.write_deadline);
    options.limits.idle_deadline = milliseconds(http.idle_deadline);
    return options;
}

control::Json counters_json(const control::http::Counters& counters) {
    return {{"connections", counters.connections}, {"active", counters.active},
            {"requests", counters.requests},       {"refused_by_cap", counters.refused_by_cap},
            {"timeouts", counters.timeouts},       {"accept_errors", counters.accept_errors}};
}

control::Store::Options store_options(const config::Settings::Store& store, bool replay) {
    control::Store::Options options;
    options.path = control::store_path(store.path, replay);
    options.bytes = static_cast<std::uint64_t>(store.megabytes) << 20;
    options.days = static_cast<std::uint64_t>(store.days);
    options.queue = static_cast<std::size_t>(store.queue);
    options.wait_when_full = replay;
    return options;
}

void tell_of_store(bool warning, const std::string& sentence) {
    spdlog::log(warning ? spdlog::level::warn : spdlog::level::info, "{}", sentence);
}

control::EventHub::Capacity event_capacity(const config::Settings::Http& http) {
    return {.streams = static_cast<std::size_t>(http.streams), .events = static_cast<std::size_t>(http.stream_events)};
}

control::Json events_json(const control::EventHub::Counters& counters) {
    return {{"streams", counters.streams},
            {"events", counters.events},
            {"dropped", counters.dropped},
            {"refused", counters.refused}};
}

int run_service(Dataplane& dataplane, control::Controller& controller, control::SnapshotStore& store,
                control::Store& history, const config::Settings& settings, control::EventHub& events,
                control::AlertSinks& sinks) {
    control::http::Server* serving = nullptr;
    control::http::Options options = http_options(settings.http);
    options.wakeup_descriptor = events.descriptor();
    options.wakeup = [&events] { events.deliver(); };
    if (!options.socket.empty()) {
        if (const auto failed = control::http::prepare_socket_directory(options.socket)) {
            spdlog::error("{}", failed->message);
            return exit_failure;
        }
    }
    const control::Inspect inspect = [&controller](const auto& look) { controller.inspect(look); };
    control::http::Router api = control::make_api(store, inspect, history, [&] {
        return control::Json{{"http", counters_json(serving->counters())},
                             {"events", events_json(events.counters())},
                             {"sinks", control::sinks_json(sinks.status())}};
    });
    control::add_knowledge_routes(api, store, inspect,
                                  [&controller](const std::string& id) { return controller.acknowledge(id); });
    control::add_event_routes(api, events);
    control::http::Server server(options, api);
    serving = &server;
    if (const auto failed = server.start()) {
        spdlog::error("{}", failed->message);
        return exit_failure;
    }
    if (!options.listen.empty())
        spdlog::info("REST at http://{}:{}", options.listen.substr(0, options.listen.rfind(':')), server.port());
    if (!options.socket.empty()) spdlog::info("REST at unix:{}", options.socket);
    if (const port::Failure failed = dataplane.start()) {
        spdlog::error("{}", failed.message());
        return exit_failure;
    }
    spdlog::info("ready");
    control::notify_service_manager("READY=1");
    history.start();
    controller.run();
    if (dataplane.is_replay() && !stop_requested.load(std::memory_order_relaxed)) {
        spdlog::info("replay finished: {} packets; serving the result until stopped",
                     store.latest()->totals.packets.received);
        wait_for_stop();
    }
    control::notify_service_manager("STOPPING=1");
    server.stop();
    sinks.stop();
    dataplane.join();
    history.stop();
    spdlog::info("stopped; {} packets, {} attempts", store.latest()->totals.packets.received,
                 store.latest()->totals.attempts());
    return tell_damage(dataplane);
}

int run(int argc, char** argv) {
    CommandLine line;
    if (const auto code = control::parse_command_line(argc, argv, line)) return *code;
    config::Settings settings;
    if (!control::load_settings(line, settings)) return exit_bad_config;
    Services services;
    if (!load_services(settings, line.check_config, services)) return exit_bad_config;
    if (line.check_config) {
        std::printf("%s: ok\n", line.config_file.empty() ? "settings" : line.config_file.c_str());
        return exit_ok;
    }
    if (settings.ports.empty()) {
        std::fputs(
            "rstwatchd: nothing to watch; name a port with --interface, --pci, --vdev or --capture, or in the "
            "settings file as [[port]]\n",
            stderr);
        return exit_bad_config;
    }
    set_up_log(settings);
    const bool report = line.report != CommandLine::Report::none;

    tell_cache_trouble(services, settings);

    Dataplane dataplane(settings, settings.identify.enabled ? services.signatures.set.get() : nullptr, !report);
    if (const port::Failure failed = dataplane.open()) {
        std::fprintf(stderr, "rstwatchd: %s\n", failed.message().c_str());
        return exit_failure;
    }
    catch_stop_signals(dataplane);
    control::SnapshotStore store;
    control::Surroundings surroundings = surroundings_of(dataplane, settings, services, report);
    control::Progress progress(settings);
    if (report) surroundings.progress = [&progress](std::uint64_t packets) { progress.show(packets); };
    control::EventHub events(event_capacity(settings.http), [&store](const tally::Endpoint& server) {
        const control::SnapshotPtr snapshot = store.latest();
        return snapshot ? std::string(snapshot->services.name_of(server).name) : "";
    });
    surroundings.judged = [&events](const control::MergedInterval& interval) { events.publish(interval); };
    control::AlertSinks::Options sink_options;
    sink_options.sensor = surroundings.sensor;
    if (!report) sink_options.sinks = settings.sinks;  // a report tells nobody but who asked for it
    control::AlertSinks sinks(sink_options);
    surroundings.alerted = [&](control::AlertEvent event, const control::Alert& alert, tally::Time now) {
        sinks.notify(event, alert, now);
        events.publish({event, alert, now});
    };
    control::Controller::Wishes wishes;
    wishes.serve = !report;
    wishes.keep_connections = line.connections || line.report == CommandLine::Report::lines;
    wishes.ranking_rows = report ? line.rows : std::size_t{1000};
    control::Store::Options kept = store_options(settings.store, dataplane.is_replay());
    if (report) kept.path.clear();  // a report leaves nothing behind
    control::Store history(std::move(kept), tell_of_store);
    surroundings.store = &history;
    control::Controller controller(settings, surroundings, wishes, dataplane.exchanges(), store);
    if (!report) return run_service(dataplane, controller, store, history, settings, events, sinks);
    if (const port::Failure failed = dataplane.start()) {
        std::fprintf(stderr, "rstwatchd: %s\n", failed.message().c_str());
        return exit_failure;
    }
    return run_report(dataplane, controller, store, line);
}

}  // namespace

int main(int argc, char** argv) {
    config::check_cpu_or_exit("rstwatchd");
    keep_freed_memory();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "rstwatchd: %s; this is more than the machine has, or a defect\n", error.what());
        return exit_failure;
    }
}
