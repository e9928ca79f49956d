// SPDX-License-Identifier: Apache-2.0
#include "control/http/router.h"

#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

#include "control/http/problem.h"

namespace rstwatch::control::http {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const auto end = std::min(path.find('/'), path.size());
        segments.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return segments;
}

bool is_open(std::string_view segment) {
    return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

std::string name_of(std::string_view segment) {
    return std::string(segment.substr(1, segment.size() - 2));
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
    return std::equal(
        pattern.begin(), pattern.end(), segments.begin(), segments.end(),
        [](const auto& wanted, const auto& given) { return is_open(wanted) ? !given.empty() : wanted == given; });
}

std::string list_of(const std::vector<std::string>& names) {
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    return list;
}

Response method_not_allowed(const Request& request, const std::string& methods) {
    auto response = to_response({.status = 405,
                                 .detail = request.path + " answers " + methods + ", not " + request.method,
                                 .object = "method",
                                 .value = request.method,
                                 .limit = methods,
                                 .remedy = "use " + methods.substr(0, methods.find(',')),
                                 .instance = request.path});
    response.headers.emplace_back("Allow", methods);
    return response;
}

Response unknown_parameter(const Request& request, const std::string& name, const std::vector<std::string>& known) {
    const auto limit = known.empty() ? "none" : list_of(known);
    return to_response(
        {.status = 400,
         .detail = "query parameter \"" + name + "\" is unknown to " + request.path + "; its parameters are: " + limit,
         .type = std::string(parameter_problem),
         .title = "Unknown query parameter",
         .object = "query parameter",
         .value = name,
         .limit = limit,
         .remedy = "leave it out, or correct its name",
         .instance = request.path});
}

/// The three types that a form on any web page can post (and none at all with content) are among those refused.
bool is_json(std::string_view content_type) {
    constexpr std::string_view json = "application/json";
    const auto end = content_type.find_first_of("; \t");
    auto type = std::string(content_type.substr(0, end));
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
    return type == json;
}

Response unsupported_media_type(const Request& request) {
    auto response = to_response({.status = 415,
                                 .detail = "the content is " +
                                           (request.content_type.empty() ? "of no type" : request.content_type) +
                                           "; it must be application/json, or there must be none",
                                 .object = "Content-Type header",
                                 .value = request.content_type,
                                 .limit = "application/json",
                                 .remedy = "send Content-Type: application/json",
                                 .instance = request.path});
    response.headers.emplace_back("Accept-Post", "application/json");
    return response;
}

}  // namespace

std::size_t Router::Route::open_segments() const {
    return static_cast<std::size_t>(std::count_if(segments.begin(), segments.end(), is_open));
}

std::string Router::Route::methods() const {
    return std::string(get ? "GET, HEAD, " : "") + (post ? "POST, " : "") + "OPTIONS";
}

const Router::Action* Router::Route::action(std::string_view method) const {
    if (get && (method == "GET" || method == "HEAD")) return &*get;
    return post && method == "POST" ? &*post : nullptr;
}

Router::Route& Router::route_of(std::string path) {
    const auto known =
        std::find_if(routes_.begin(), routes_.end(), [&](const auto& each) { return each.path == path; });
    if (known != routes_.end()) return *known;
    Route route{.path = path, .segments = segments_of(path)};
    const auto order = [](const Route& each) { return std::tuple(each.open_segments(), std::string_view(each.path)); };
    const auto place =
        std::find_if(routes_.begin(), routes_.end(), [&](const auto& each) { return order(route) < order(each); });
    return *routes_.insert(place, std::move(route));
}

void Router::get(std::string path, std::vector<std::string> parameters, Handler handler) {
    route_of(std::move(path)).get = Action{std::move(parameters), std::move(handler)};
}

void Router::post(std::string path, Handler handler) {
    route_of(std::move(path)).post = Action{{}, std::move(handler)};
}

const Router::Route* Router::find(const Request& request) const {
    const auto segments = segments_of(request.path);
    const auto found = std::find_if(routes_.begin(), routes_.end(),
                                    [&](const auto& route) { return matches(route.segments, segments); });
    return found == routes_.end() ? nullptr : &*found;
}

Response Router::not_found(const Request& request) const {
    std::vector<std::string> names;
    for (const auto& route : routes_) names.push_back(route.path);
    std::sort(names.begin(), names.end());
    const std::string paths = list_of(names);
    return to_response({.status = 404,
                        .detail = "there is no " + request.path + "; the paths are: " + paths,
                        .object = "path",
                        .value = request.path,
                        .limit = paths,
                        .remedy = "ask for one of these paths",
                        .instance = request.path});
}

Response Router::operator()(const Request& request) const {
    const Route* route = find(request);
    if (route == nullptr) return not_found(request);
    if (request.method == "OPTIONS") return {.status = 204, .headers = {{"Allow", route->methods()}}};
    const Action* action = route->action(request.method);
    if (action == nullptr) return method_not_allowed(request, route->methods());
    for (const auto& [name, value] : request.query)
        if (std::find(action->parameters.begin(), action->parameters.end(), name) == action->parameters.end())
            return unknown_parameter(request, name, action->parameters);
    const bool has_content = !request.body.empty() || !request.content_type.empty();
    if (request.method == "POST" && has_content && !is_json(request.content_type))
        return unsupported_media_type(request);
    if (route->open_segments() == 0) return action->handler(request);
    Request with_values = request;
    const auto segments = segments_of(request.path);
    for (std::size_t i = 0; i < segments.size(); ++i)
        if (is_open(route->segments[i])) with_values.path_values.emplace(name_of(route->segments[i]), segments[i]);
    return action->handler(with_values);
}

}  // namespace rstwatch::control::http
