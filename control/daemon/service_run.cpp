// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/service_run.h"

#include <spdlog/spdlog.h>

#include "control/api.h"
#include "control/daemon/damage.h"
#include "control/daemon/service_manager.h"
#include "control/daemon/service_settings.h"
#include "control/events/event_routes.h"
#include "control/export/sink_json.h"
#include "control/http/server.h"
#include "control/http/socket_path.h"
#include "control/knowledge_routes.h"
#include "control/memory.h"

namespace rstwatch::control {
namespace {

Json counters_json(const http::Counters& counters) {
    return {{"connections", counters.connections}, {"active", counters.active},
            {"requests", counters.requests},       {"refused_by_cap", counters.refused_by_cap},
            {"timeouts", counters.timeouts},       {"accept_errors", counters.accept_errors}};
}

Json events_json(const EventHub::Counters& counters) {
    return {{"streams", counters.streams},
            {"events", counters.events},
            {"dropped", counters.dropped},
            {"refused", counters.refused}};
}

http::Router routes(const ServiceParts& parts, std::vector<MemoryPart> memory,
                    const std::function<http::Counters()>& http_counters) {
    const Inspect inspect = [&controller = parts.controller](const auto& look) { controller.inspect(look); };
    http::Router api =
        make_api(parts.snapshots, inspect, parts.history,
                 [http_counters, memory = std::move(memory), &events = parts.events, &sinks = parts.sinks] {
                     return Json{{"http", counters_json(http_counters())},
                                 {"events", events_json(events.counters())},
                                 {"sinks", sinks_json(sinks.status())},
                                 {"memory", memory_json(memory)}};
                 });
    add_knowledge_routes(api, parts.snapshots, inspect, [&controller = parts.controller](const std::string& id) {
        return controller.acknowledge(id);
    });
    add_event_routes(api, parts.events);
    return api;
}

/// False, and said in the log, if it cannot be served.
bool start(http::Server& server, const http::Options& options) {
    if (!options.socket.empty()) {
        if (const auto failed = http::prepare_socket_directory(options.socket)) {
            spdlog::error("{}", failed->message);
            return false;
        }
    }
    if (const auto failed = server.start()) {
        spdlog::error("{}", failed->message);
        return false;
    }
    if (!options.listen.empty())
        spdlog::info("REST at http://{}:{}", options.listen.substr(0, options.listen.rfind(':')), server.port());
    if (!options.socket.empty()) spdlog::info("REST at unix:{}", options.socket);
    return true;
}

void watch(const ServiceParts& parts, const StopSignals& signals) {
    spdlog::info("ready");
    notify_service_manager("READY=1");
    parts.history.start();
    parts.controller.run();
    if (!parts.dataplane.is_replay() || signals.requested()) return;
    spdlog::info("replay finished: {} packets; serving the result until stopped",
                 parts.snapshots.latest()->totals.packets.received);
    signals.wait();
}

}  // namespace

int run_service(const ServiceParts& parts, const config::Settings& settings, const StopSignals& signals) {
    http::Options options = http_options(settings.http);
    options.wakeup_descriptor = parts.events.descriptor();
    options.wakeup = [&events = parts.events] { events.deliver(); };
    const std::vector<MemoryPart> memory = memory_at_most(settings);
    spdlog::info("memory: {}", describe(memory));
    http::Server* serving = nullptr;
    http::Server server(options, routes(parts, memory, [&serving] { return serving->counters(); }));
    serving = &server;
    if (!start(server, options)) return exit_failure;
    if (const port::Failure failed = parts.dataplane.start()) {
        spdlog::error("{}", failed.message());
        return exit_failure;
    }
    watch(parts, signals);
    notify_service_manager("STOPPING=1");
    server.stop();
    parts.sinks.stop();
    parts.dataplane.join();
    parts.history.stop();
    const SnapshotPtr last = parts.snapshots.latest();
    spdlog::info("stopped; {} packets, {} attempts", last->totals.packets.received, last->totals.attempts());
    return tell_damage(parts.dataplane);
}

}  // namespace rstwatch::control
