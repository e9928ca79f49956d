// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/http/message.h"

namespace rstwatch::control::http {

/// Finds the handler of a path. Fill it before the server starts; it is only read after that.
class Router {
  public:
    /// Answers GET and HEAD of exactly `path` by `handler`, which is called only when every query parameter of the
    /// request is among `parameters`. A path that is given again replaces the earlier route.
    void get(std::string path, std::vector<std::string> parameters, Handler handler);

    /// The response of the route, or a problem: 404 naming the paths, 405 with Allow, 400 naming the parameters.
    Response operator()(const Request& request) const;

  private:
    struct Route {
        std::vector<std::string> parameters;
        Handler handler;
    };

    Response not_found(const Request& request) const;

    std::map<std::string, Route, std::less<>> routes_;
};

}  // namespace rstwatch::control::http
