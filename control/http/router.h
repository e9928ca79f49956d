// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/http/message.h"

namespace rstwatch::control::http {

/// Finds the handler of a path. Fill it before the server starts; it is only read after that.
///
/// A path may leave segments open by a name in braces: /alerts/{id} matches /alerts/7 and not /alerts/7/8; the handler
/// finds "7" in Request::path_values. A path that spells the segment out wins over one that leaves it open.
class Router {
  public:
    /// Answers GET and HEAD of `path` by `handler`, which is called only when every query parameter of the request is
    /// among `parameters`. A path that is given again replaces the earlier route.
    void get(std::string path, std::vector<std::string> parameters, Handler handler);

    /// Answers POST of `path` likewise; there are no query parameters. What has content must be application/json.
    void post(std::string path, Handler handler);

    /// The response of the route, or a problem: 404 naming the paths, 405 with Allow, 400 naming the parameters, 415.
    /// OPTIONS of a path is answered by its methods in Allow.
    Response operator()(const Request& request) const;

  private:
    struct Action {
        std::vector<std::string> parameters;
        Handler handler;
    };
    struct Route {
        std::string path;
        std::vector<std::string> segments;
        std::optional<Action> get{};
        std::optional<Action> post{};

        std::size_t open_segments() const;
        std::string methods() const;
        const Action* action(std::string_view method) const;
    };

    Route& route_of(std::string path);
    const Route* find(const Request& request) const;
    Response not_found(const Request& request) const;

    std::vector<Route> routes_;  ///< by path, those with fewer open segments first
};

}  // namespace rstwatch::control::http
