// SPDX-License-Identifier: Apache-2.0
#include "control/knowledge_routes.h"

#include <array>
#include <utility>

#include "control/document.h"
#include "control/export/alert_json.h"
#include "control/export/destination.h"
#include "control/http/parameters.h"
#include "control/http/problem.h"

namespace rstwatch::control {
namespace {

http::Response problem(unsigned status, std::string object, const std::string& value, std::string detail,
                       std::string remedy) {
    http::Problem problem;
    problem.status = status;
    problem.object = std::move(object);
    problem.value = value;
    problem.detail = std::move(detail);
    problem.remedy = std::move(remedy);
    return http::to_response(problem);
}

http::Response never_seen(const std::string& what) {
    return problem(404, what, what, what + " has not been seen, or has given way to busier ones",
                   "see /api/v1/destinations for what is known, /api/v1/status for how much is remembered");
}

const std::string& segment(const http::Request& request, std::string_view name) {
    return request.path_values.find(name)->second;
}

/// What is told counts since the start, hence lacks some outcomes of each second in which cores could not keep up.
http::Response document_with_depth(Json json, const SnapshotStore& store) {
    const SnapshotPtr snapshot = store.latest();
    json["control_depth_seconds"] = snapshot ? snapshot->totals.control_depth_seconds : 0;
    return document(json);
}

http::Response get_destination(const SnapshotStore& store, const Inspect& inspect, const http::Request& request) {
    const std::string& text = segment(request, "endpoint");
    const auto service = tally::parse_endpoint(text);
    if (!service)
        return problem(400, "service", text, "\"" + text + "\" is not an address and a port",
                       "give 10.0.0.1:80 or [2001:db8::1]:80");
    std::optional<Json> json;
    inspect([&](const Knowledge& knowledge) { json = destination_json(knowledge, *service); });
    return json ? document_with_depth(std::move(*json), store) : never_seen(to_string(*service));
}

http::Response get_host(const SnapshotStore& store, const Inspect& inspect, const http::Request& request) {
    const std::string& text = segment(request, "address");
    const auto host = tally::parse_address(text);
    if (!host)
        return problem(400, "address", text, "\"" + text + "\" is not an address", "give 10.0.0.1 or 2001:db8::1");
    std::optional<Json> json;
    inspect([&](const Knowledge& knowledge) { json = host_json(knowledge, *host); });
    return json ? document_with_depth(std::move(*json), store) : never_seen(to_string(*host));
}

http::Response get_destinations(const SnapshotStore& store, const Inspect& inspect, const http::Request& request) {
    static constexpr std::array<std::string_view, 2> yes_or_no{"false", "true"};
    http::Parameters parameters(request);
    DestinationsQuery query;
    query.failing = parameters.choice("failing", "false", yes_or_no) == "true";
    query.rows = static_cast<std::size_t>(parameters.integer("n", 100, 1, most_rows));
    if (parameters.problem()) return http::to_response(*parameters.problem());
    if (const auto cursor = request.query.find("cursor"); cursor != request.query.end()) {
        const auto from = tally::parse_endpoint(cursor->second);
        if (!from)
            return problem(400, "query parameter \"cursor\"", cursor->second,
                           "cursor is \"" + cursor->second + "\", which no answer has given",
                           "give next_cursor of the answer before");
        query.from = *from;
    }
    Json json;
    inspect([&](const Knowledge& knowledge) { json = destinations_json(knowledge, query); });
    return document_with_depth(std::move(json), store);
}

http::Response get_alerts(const SnapshotStore& store) {
    const SnapshotPtr snapshot = store.latest();
    if (!snapshot) return document_with_depth(alerts_json({}, 0), store);
    return document_with_depth(alerts_json(snapshot->alerts, tally::interval_start(snapshot->totals.last_interval + 1)),
                               store);
}

}  // namespace

void add_knowledge_routes(http::Router& router, const SnapshotStore& store, const Inspect& inspect,
                          std::function<std::optional<Alert>(const std::string&)> acknowledge) {
    router.get("/api/v1/destinations", {"failing", "n", "cursor"},
               [&store, inspect](const http::Request& request) { return get_destinations(store, inspect, request); });
    router.get("/api/v1/destinations/{endpoint}", {},
               [&store, inspect](const http::Request& request) { return get_destination(store, inspect, request); });
    router.get("/api/v1/clients/{address}", {},
               [&store, inspect](const http::Request& request) { return get_host(store, inspect, request); });
    router.get("/api/v1/alerts", {}, [&store](const http::Request&) { return get_alerts(store); });
    router.post("/api/v1/alerts/{id}/acknowledge",
                [&store, acknowledge = std::move(acknowledge)](const http::Request& request) {
                    const std::string& id = segment(request, "id");
                    const auto alert = acknowledge(id);
                    if (!alert)
                        return problem(404, "alert", id, "there is no alert " + id + ", or it was cleared an hour ago",
                                       "see /api/v1/alerts for those that there are");
                    const SnapshotPtr snapshot = store.latest();
                    return document(alert_json(*alert, tally::interval_start(snapshot->totals.last_interval + 1)));
                });
}

}  // namespace rstwatch::control
