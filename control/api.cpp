// SPDX-License-Identifier: Apache-2.0
#include "control/api.h"

#include <array>
#include <map>
#include <memory>

#include "control/document.h"
#include "control/export/destination.h"
#include "control/export/report.h"
#include "control/export/status.h"
#include "control/export/top.h"
#include "control/history_api.h"
#include "control/http/parameters.h"
#include "control/openapi.h"

namespace rstwatch::control {
namespace {

http::Response not_ready() {
    http::Problem problem;
    problem.status = 503;
    problem.detail = "the daemon is starting and has counted nothing yet; ask again in a second";
    return http::to_response(problem);
}

/// Answers of the latest snapshot, so that a roomful of screens costs one computation. HTTP thread only.
class AnswerCache {
  public:
    http::Response answer(const SnapshotPtr& snapshot, const http::Request& request,
                          const std::function<http::Response(const Snapshot&, const http::Request&)>& compute) {
        if (snapshot != snapshot_.lock()) {
            answers_.clear();
            snapshot_ = snapshot;
        }
        const auto known = answers_.find(request.query);
        if (known != answers_.end()) return known->second;
        http::Response response = compute(*snapshot, request);
        if (response.status == 200 && answers_.size() < most_answers) answers_.emplace(request.query, response);
        return response;
    }

  private:
    static constexpr std::size_t most_answers = 64;

    std::weak_ptr<const Snapshot> snapshot_;  // which may go when nobody asks any more: it holds a whole window
    std::map<decltype(http::Request::query), http::Response> answers_;
};

/// Handlers that need a snapshot get one, and never a null one.
http::Handler with_snapshot(const SnapshotStore& store,
                            std::function<http::Response(const Snapshot&, const http::Request&)> handler) {
    return
        [&store, handler = std::move(handler), cache = std::make_shared<AnswerCache>()](const http::Request& request) {
            const SnapshotPtr snapshot = store.latest();
            return snapshot ? cache->answer(snapshot, request, handler) : not_ready();
        };
}

/// The same without remembering the answer: what the store says changes between two snapshots, too.
http::Handler with_fresh_snapshot(const SnapshotStore& store,
                                  std::function<http::Response(const Snapshot&, const http::Request&)> handler) {
    return [&store, handler = std::move(handler)](const http::Request& request) {
        const SnapshotPtr snapshot = store.latest();
        return snapshot ? handler(*snapshot, request) : not_ready();
    };
}

bool is_of_the_past(const http::Request& request) {
    return request.query.contains("from") || request.query.contains("to");
}

http::Response get_summary(const Snapshot& snapshot, const Inspect& inspect, const http::Request& request) {
    http::Parameters parameters(request);
    const auto rows = static_cast<std::size_t>(parameters.integer("n", 10, 0, most_rows));
    if (parameters.problem()) return http::to_response(*parameters.problem());
    Json services;
    inspect([&](const Knowledge& knowledge) { services = services_json(knowledge, rows); });
    return document(report(snapshot, rows, std::move(services)));
}

/// The answer to a probe: the word `good`, or what fails.
http::Response probe(const char* good, const char* object, const std::vector<std::string>& failures) {
    if (failures.empty()) {
        http::Response response;
        response.content_type = "text/plain; charset=utf-8";
        response.body = std::string(good) + "\n";
        return response;
    }
    http::Problem problem;
    problem.status = 503;
    problem.object = object;
    for (const std::string& failure : failures) problem.detail += (problem.detail.empty() ? "" : "; ") + failure;
    return http::to_response(problem);
}

Json readiness_json(const std::vector<std::string>& failures) {
    return {{"ready", failures.empty()}, {"failures", failures}};
}

TopQuery::By by_from(const std::string& word) {
    if (word == "client") return TopQuery::By::client;
    return word == "service" ? TopQuery::By::service : TopQuery::By::destination;
}

http::Response get_top(const Snapshot& snapshot, const http::Request& request, HistoryApi& history) {
    static const std::vector<std::string_view> outcomes = [] {
        std::vector<std::string_view> words{"refused", "failed"};
        for (const tally::Outcome outcome : tally::all_outcomes())
            if (outcome != tally::Outcome::refused) words.push_back(tally::name(outcome));
        return words;
    }();
    static constexpr std::array<std::string_view, 3> ways{"destination", "client", "service"};
    using std::chrono::seconds;
    http::Parameters parameters(request);
    TopQuery query;
    query.by = by_from(parameters.choice("by", "destination", ways));
    query.outcome = parameters.choice("outcome", "refused", outcomes);
    query.rows = static_cast<std::size_t>(parameters.integer("n", 10, 1, most_rows));
    const seconds window = parameters.duration("window", seconds(60), seconds(1), seconds(3600));
    // A replay is over in no time: unless asked otherwise, all that is still at hand is its window.
    if (!snapshot.replay || request.query.contains("window"))
        query.window_seconds = static_cast<std::uint64_t>(window.count());
    if (parameters.problem()) return http::to_response(*parameters.problem());
    if (is_of_the_past(request)) return history.top(snapshot, request, query);
    return document(top(snapshot, query));
}

}  // namespace

http::Router make_api(const SnapshotStore& store, const Inspect& inspect, Store& history_store, const Health& health,
                      std::function<Json()> of_this_moment) {
    http::Router router;
    const auto history = std::make_shared<HistoryApi>(history_store);
    router.get("/api/v1/summary", {"n"},
               with_snapshot(store, [inspect](const Snapshot& snapshot, const http::Request& request) {
                   return get_summary(snapshot, inspect, request);
               }));
    const auto top = [history](const Snapshot& snapshot, const http::Request& request) {
        return get_top(snapshot, request, *history);
    };
    router.get("/api/v1/top", {"by", "outcome", "window", "n", "from", "to"},
               [recent = with_snapshot(store, top), past = with_fresh_snapshot(store, top)](
                   const http::Request& request) { return is_of_the_past(request) ? past(request) : recent(request); });
    router.get("/api/v1/history", {"last", "from", "to", "step", "scope", "subject", "direction"},
               with_fresh_snapshot(store, [history](const Snapshot& snapshot, const http::Request& request) {
                   return history->history(snapshot, request);
               }));
    router.get("/api/v1/status", {},
               [&store, &health, history, of_this_moment = std::move(of_this_moment)](const http::Request&) {
                   const SnapshotPtr snapshot = store.latest();
                   if (!snapshot) return not_ready();
                   Json json = status(*snapshot, std::chrono::steady_clock::now());
                   json["readiness"] = readiness_json(health.what_fails());
                   json["store"] = history->status();
                   json.update(of_this_moment());  // hence no cached answer
                   return document(json);
               });
    router.get("/api/v1/openapi.json", {}, [](const http::Request&) {
        http::Response response;
        response.body = std::string(openapi_document);
        return response;
    });
    router.get("/readyz", {},
               [&health](const http::Request&) { return probe("ready", "readiness", health.what_fails()); });
    router.get("/livez", {},
               [&health](const http::Request&) { return probe("alive", "liveness", health.what_stands_still()); });
    return router;
}

}  // namespace rstwatch::control
