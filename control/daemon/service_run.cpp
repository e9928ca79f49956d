// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/service_run.h"

#include <spdlog/spdlog.h>

#include "control/api.h"
#include "control/daemon/control_run.h"
#include "control/daemon/damage.h"
#include "control/daemon/service_manager.h"
#include "control/daemon/service_settings.h"
#include "control/daemon/surroundings.h"
#include "control/events/event_routes.h"
#include "control/export/service_metrics.h"
#include "control/export/sink_json.h"
#include "control/http/server.h"
#include "control/http/socket_path.h"
#include "control/knowledge_routes.h"
#include "control/memory.h"
#include "control/metrics_api.h"

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

void add_metrics(http::Router& api, const ServiceParts& parts, const Health& health,
                 const std::function<http::Counters()>& http_counters) {
    add_metrics_route(api, parts.snapshots, health,
                      [http_counters, &settings = parts.live_settings, &events = parts.events, &sinks = parts.sinks,
                       &history = parts.history](auto& out) {
                          add_store_metrics(out, history.status());
                          add_http_metrics(out, http_counters());
                          add_event_metrics(out, events.counters());
                          add_sink_metrics(out, sinks.status());
                          add_memory_metrics(out, settings.memory());
                      });
}

http::Router routes(const ServiceParts& parts, const Health& health,
                    const std::function<http::Counters()>& http_counters) {
    const Inspect inspect = [&controller = parts.controller](const auto& look) { controller.inspect(look); };
    http::Router api =
        make_api(parts.snapshots, inspect, parts.history, health,
                 [http_counters, &events = parts.events, &sinks = parts.sinks, &settings = parts.live_settings] {
                     return Json{{"http", counters_json(http_counters())},
                                 {"events", events_json(events.counters())},
                                 {"sinks", sinks_json(sinks.status())},
                                 {"settings", settings.json()},
                                 {"memory", memory_json(settings.memory())}};
                 });
    add_knowledge_routes(api, parts.snapshots, inspect, [&controller = parts.controller](const std::string& id) {
        return controller.acknowledge(id);
    });
    add_event_routes(api, parts.events);
    add_metrics(api, parts, health, http_counters);
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

/// What of the settings and names is where: the controller has its thread here, the others are told.
void take_over(const ServiceParts& parts, http::Server& server, const config::Settings& settings,
               const config::ServiceLabels& labels) {
    const std::string sensor = sensor_name(settings);
    parts.controller.reload(settings, labels.all, sensor);
    std::vector<AlertNotice> lasting;
    for (Alert& alert : parts.controller.lasting_alerts())
        lasting.push_back({AlertEvent::resumed, std::move(alert), parts.controller.now(), parts.clock.wall_offset()});
    parts.sinks.replace(settings.sinks, sensor, std::move(lasting));
    server.set_limits(http_options(settings.http).limits);
    spdlog::set_level(spdlog::level::from_str(settings.log.level));
}

/// False if control has failed.
bool watch(const ServiceParts& parts, const Signals& signals) {
    spdlog::info("ready");
    notify_service_manager("READY=1");
    parts.history.start();
    if (const auto failed = run_control(parts.dataplane, parts.controller, parts.vitals)) {
        spdlog::critical("{}; see whether the machine has memory left, else it is a defect", *failed);
        return false;
    }
    if (!parts.dataplane.is_replay() || signals.stop_requested()) return true;
    spdlog::info("replay finished: {} packets; serving the result until stopped",
                 parts.snapshots.latest()->totals.packets.received);
    while (!signals.stop_requested()) {
        parts.watchdog.feed(Watchdog::Clock::now());
        signals.wait_for(std::chrono::milliseconds(250));
        if (signals.take_reload_request()) parts.live_settings.reload();
    }
    return true;
}

}  // namespace

int run_service(const ServiceParts& parts, const config::Settings& settings, const Signals& signals) {
    http::Options options = http_options(settings.http);
    options.wakeup_descriptor = parts.events.descriptor();
    options.wakeup = [&events = parts.events] { events.deliver(); };
    spdlog::info("memory: {}", describe(memory_at_most(settings)));
    http::Server* serving = nullptr;
    const Health health(parts.snapshots, parts.history, parts.vitals);
    http::Server server(options, routes(parts, health, [&serving] { return serving->counters(); }));
    serving = &server;
    if (!start(server, options)) return exit_failure;
    parts.live_settings.on_change([&](const config::Settings& changed, const config::ServiceLabels& labels) {
        take_over(parts, server, changed, labels);
    });
    if (const port::Failure failed = parts.dataplane.start()) {
        spdlog::error("{}", failed.message());
        return exit_failure;
    }
    const bool healthy = watch(parts, signals);
    notify_service_manager("STOPPING=1");
    server.stop();
    parts.sinks.stop();
    parts.dataplane.join();
    parts.history.stop();
    const SnapshotPtr last = parts.snapshots.latest();
    spdlog::info("stopped; {} packets, {} attempts", last->totals.packets.received, last->totals.attempts());
    const int damage = tell_damage(parts.dataplane);
    return healthy ? damage : exit_failure;
}

}  // namespace rstwatch::control
