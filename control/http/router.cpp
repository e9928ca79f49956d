// SPDX-License-Identifier: Apache-2.0
#include "control/http/router.h"

#include <algorithm>
#include <utility>

#include "control/http/problem.h"

namespace rstwatch::control::http {
namespace {

constexpr const char* allowed_methods = "GET, HEAD";

Response method_not_allowed(const Request& request) {
    auto response = to_response({.status = 405,
                                 .detail = request.path + " answers " + allowed_methods + ", not " + request.method,
                                 .object = "method",
                                 .value = request.method,
                                 .limit = allowed_methods,
                                 .remedy = "use GET",
                                 .instance = request.path});
    response.headers.emplace_back("Allow", allowed_methods);
    return response;
}

std::string list_of(const std::vector<std::string>& names) {
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
    return list;
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

}  // namespace

void Router::get(std::string path, std::vector<std::string> parameters, Handler handler) {
    routes_.insert_or_assign(std::move(path), Route{std::move(parameters), std::move(handler)});
}

Response Router::not_found(const Request& request) const {
    std::string paths;
    for (const auto& [path, route] : routes_) paths += (paths.empty() ? "" : ", ") + path;
    return to_response({.status = 404,
                        .detail = "there is no " + request.path + "; the paths are: " + paths,
                        .object = "path",
                        .value = request.path,
                        .limit = paths,
                        .remedy = "ask for one of these paths",
                        .instance = request.path});
}

Response Router::operator()(const Request& request) const {
    const auto found = routes_.find(request.path);
    if (found == routes_.end()) return not_found(request);
    if (request.method != "GET" && request.method != "HEAD") return method_not_allowed(request);
    const auto& route = found->second;
    for (const auto& [name, value] : request.query)
        if (std::find(route.parameters.begin(), route.parameters.end(), name) == route.parameters.end())
            return unknown_parameter(request, name, route.parameters);
    return route.handler(request);
}

}  // namespace rstwatch::control::http
