// SPDX-License-Identifier: Apache-2.0
#include "control/events/event_routes.h"

#include <array>
#include <string>
#include <utility>

#include "control/http/parameters.h"

namespace rstwatch::control {
namespace {

std::span<const std::string_view> failed_outcomes() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> words{"failed"};
        for (const tally::Outcome outcome : tally::all_outcomes())
            if (is_failed(outcome)) words.push_back(tally::name(outcome));
        return words;
    }();
    return names;
}

std::optional<Peer> peer_from(http::Parameters& parameters, std::string_view name) {
    const auto text = parameters.text(name);
    if (!text) return std::nullopt;
    auto peer = parse_peer(*text);
    if (!peer) parameters.refuse(name, "an address with or without a port, such as 10.0.0.1:80 or [2001:db8::1]:80");
    return peer;
}

EventFilter filter_from(http::Parameters& parameters) {
    static constexpr std::array<std::string_view, 3> kinds{"all", "failure", "alert"};
    const std::string kind = parameters.choice("event", "all", kinds);
    return {.failures = kind != "alert",
            .alerts = kind != "failure",
            .outcome = tally::outcome_from_name(parameters.choice("outcome", "failed", failed_outcomes())),
            .server = peer_from(parameters, "server"),
            .client = peer_from(parameters, "client")};
}

http::Response all_taken(const EventHub& hub) {
    const auto most = std::to_string(hub.capacity().streams);
    auto response = http::to_response({.status = 503,
                                       .detail = "all " + most + " streams are taken; end one, or raise http.streams",
                                       .object = "streams",
                                       .limit = most,
                                       .remedy = "end one, or raise http.streams in the configuration"});
    response.headers.emplace_back("Retry-After", "10");
    return response;
}

}  // namespace

void add_event_routes(http::Router& router, EventHub& hub) {
    router.get("/api/v1/events", {"event", "outcome", "server", "client"}, [&hub](const http::Request& request) {
        http::Parameters parameters(request);
        const EventFilter filter = filter_from(parameters);
        if (parameters.problem()) return http::to_response(*parameters.problem());
        auto stream = hub.subscribe(filter);
        if (!stream) return all_taken(hub);
        return http::Response{.content_type = "text/event-stream", .stream = std::move(stream)};
    });
}

}  // namespace rstwatch::control
