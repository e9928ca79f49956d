// SPDX-License-Identifier: Apache-2.0
#include "control/history_api.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "control/document.h"
#include "control/export/history.h"

namespace rstwatch::control {
namespace {

using http::Parameters;
using std::chrono::seconds;

constexpr seconds longest_range{3653 * 86400};  // ten years: what the store can be told to keep

/// The second behind the last one that was counted; 0 before there was any.
tally::Interval counted_until(const Snapshot& snapshot) {
    const HistoryView& view = snapshot.history[0];
    return view.empty() ? 0 : view.until();
}

/// What lies ahead, in packet time. Live, control is a second or two behind the clock of whoever asks; where the wall
/// clock has been set since, packet time is as far from it as the snapshot says.
tally::Interval future_from(const Snapshot& snapshot) {
    if (snapshot.replay) return counted_until(snapshot);
    const auto wall = std::chrono::system_clock::now().time_since_epoch();
    const std::chrono::microseconds ahead(snapshot.clock ? snapshot.clock->wall_offset : 0);
    return std::max(counted_until(snapshot),
                    static_cast<tally::Interval>(std::chrono::duration_cast<seconds>(wall - ahead).count()) + 1);
}

struct Range {
    tally::Interval from = 0, until = 0;
};

/// `from` and `to`, widened to whole seconds. What lies ahead is left out of `to`; a range that lies ahead as a whole
/// is a mistake.
Range range_of(Parameters& parameters, const Snapshot& snapshot) {
    const seconds last = parameters.duration("last", seconds(3600), seconds(1), longest_range);
    const auto from = parameters.time("from"), to = parameters.time("to");
    if (parameters.problem()) return {};
    if (parameters.text("last") && from) {
        parameters.refuse("last", "left out where \"from\" is given");
        return {};
    }
    const tally::Interval future = future_from(snapshot);
    if (from && *from / tally::second >= future && future > 0)
        parameters.refuse("from", "before " + std::to_string(future) + ", the end of what has been counted");
    if (from && to && *from >= *to) parameters.refuse("to", "later than \"from\", " + *parameters.text("from"));
    Range range;
    const tally::Interval counted = counted_until(snapshot) > 0 ? counted_until(snapshot) : future;
    range.until = to ? std::min<tally::Interval>((*to + tally::second - 1) / tally::second, counted) : counted;
    const auto length = static_cast<tally::Interval>(last.count());
    range.from = from ? *from / tally::second : range.until - std::min(length, range.until);
    return range;
}

std::optional<tally::IpAddress> parse_address(std::string text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    std::array<std::uint8_t, 16> bytes{};
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return tally::IpAddress::v4(bytes.data());
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return tally::IpAddress::v6(bytes.data());
    return std::nullopt;
}

std::optional<tally::Endpoint> parse_endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const std::string host = text.substr(0, colon);
    // An IPv6 address without brackets would lose its last group.
    if (host.find(':') != std::string::npos && host.front() != '[') return std::nullopt;
    const auto address = parse_address(host);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (!address || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return tally::Endpoint{*address, port};
}

Subject subject_of(Parameters& parameters) {
    static constexpr std::array<std::string_view, 3> scopes{"network", "host", "service"};
    static constexpr std::array<std::string_view, 2> directions{"incoming", "outgoing"};
    const std::string scope = parameters.choice("scope", "network", scopes);
    const std::string direction = parameters.choice("direction", "incoming", directions);
    const std::string text = parameters.text("subject").value_or("");
    Subject subject;
    if (scope == "network") {
        if (!text.empty()) parameters.refuse("subject", "left out, or come with scope=host or scope=service");
        return subject;
    }
    if (scope == "service") {
        const auto endpoint = parse_endpoint(text);
        if (!endpoint) parameters.refuse("subject", "ADDRESS:PORT, such as 10.0.0.1:443 or [2001:db8::1]:443");
        return {Scope::service, endpoint.value_or(tally::Endpoint{})};
    }
    const auto address = parse_address(text);
    if (!address) parameters.refuse("subject", "an IP address, such as 10.0.0.1 or 2001:db8::1");
    return {direction == "outgoing" ? Scope::outgoing : Scope::incoming, {address.value_or(tally::IpAddress{}), 0}};
}

std::optional<std::uint64_t> step_of(Parameters& parameters) {
    static constexpr std::array<std::string_view, 7> choices{"auto", "1", "10", "60", "600", "3600", "86400"};
    const std::string step = parameters.choice("step", "auto", choices);
    if (step == "auto") return std::nullopt;
    return std::stoull(step);
}

http::Response too_many_points(const TooManyPoints& refusal, const http::Request& request) {
    http::Problem problem;
    problem.status = 400;
    problem.type = http::parameter_problem;
    problem.title = "Too many points";
    problem.object = "query parameter \"step\"";
    problem.value = std::to_string(refusal.step);
    problem.limit = std::to_string(most_history_points) + " points";
    problem.remedy = refusal.better_step == 0
                         ? "ask for a shorter range"
                         : "give step=" + std::to_string(refusal.better_step) + ", or ask for a shorter range";
    problem.detail = "the range has " + std::to_string(refusal.points) + " points at step " + problem.value +
                     " s; at most " + problem.limit + " are served: " + problem.remedy;
    problem.instance = request.path;
    return http::to_response(problem);
}

http::Response to_response(const StoreTrouble& trouble, const http::Request& request) {
    http::Problem problem;
    problem.status = 503;
    problem.title = trouble.too_long ? "Query took too long" : "Store cannot be read";
    problem.detail = trouble.sentence;
    problem.remedy = trouble.too_long ? "ask for a shorter range" : "see the member store of /api/v1/status";
    problem.instance = request.path;
    return http::to_response(problem);
}

}  // namespace

http::Response HistoryApi::history(const Snapshot& snapshot, const http::Request& request) {
    Parameters parameters(request);
    HistoryQuery query;
    query.step = step_of(parameters);
    query.subject = subject_of(parameters);
    const Range range = range_of(parameters, snapshot);
    if (parameters.problem()) return http::to_response(*parameters.problem());
    query.from = range.from;
    query.until = std::max(range.until, range.from + 1);
    const auto answer = query_history(snapshot, reader_, query);
    if (const auto* refusal = std::get_if<TooManyPoints>(&answer)) return too_many_points(*refusal, request);
    if (const auto* trouble = std::get_if<StoreTrouble>(&answer)) return to_response(*trouble, request);
    return document(history_json(std::get<HistoryAnswer>(answer), query.subject));
}

http::Response HistoryApi::top(const Snapshot& snapshot, const http::Request& request, TopQuery query) {
    constexpr tally::Interval minute = 60;
    Parameters parameters(request);
    if (parameters.text("window")) parameters.refuse("window", "left out where \"from\" or \"to\" is given");
    const Range range = range_of(parameters, snapshot);
    if (parameters.problem()) return http::to_response(*parameters.problem());
    query.window_seconds.reset();
    query.range = {range.from, std::max(range.until, range.from + 1)};
    const bool in_memory = !snapshot.window.empty() && snapshot.window.front()->interval <= range.from;
    if (in_memory || !reader_.is_on()) return document(control::top(snapshot, query));
    StoreReader::TopRange stored;
    stored.scope = query.by == TopQuery::By::client ? Scope::outgoing : Scope::service;
    stored.by_port = query.by == TopQuery::By::service;
    stored.rows = query.rows;
    stored.from = query.range->first / minute;
    stored.until = (query.range->second + minute - 1) / minute;
    for (const tally::Outcome outcome : tally::all_outcomes())
        stored.wanted[tally::index(outcome)] = is_wanted(query.outcome, outcome);
    query.range = {stored.from * minute, stored.until * minute};
    auto answer = reader_.top(stored);
    if (const auto* trouble = std::get_if<StoreTrouble>(&answer)) return to_response(*trouble, request);
    return document(control::top(snapshot, query, std::get<StoredTop>(answer)));
}

Json HistoryApi::status() const {
    const StoreStatus status = store_.status();
    const char* state = status.state == StoreStatus::State::off  ? "off"
                        : status.state == StoreStatus::State::ok ? "ok"
                                                                 : "degraded";
    const auto known = [](const auto& count) { return count ? Json(*count) : Json(nullptr); };
    return {{"path", status.path.empty() ? Json(nullptr) : Json(status.path)},
            {"state", state},
            {"reason", status.reason.empty() ? Json(nullptr) : Json(status.reason)},
            {"rows", known(status.rows)},
            {"bytes", known(status.bytes)},
            {"queue", status.queue},
            {"dropped", status.dropped}};
}

}  // namespace rstwatch::control
