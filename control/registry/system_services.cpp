// SPDX-License-Identifier: Apache-2.0
#include "control/registry/system_services.h"

#include <charconv>
#include <sstream>

#include "config/text_file.h"

namespace rstwatch::control {

std::vector<config::ServiceLabel> system_services(const std::string& path) {
    std::vector<config::ServiceLabel> services;
    std::istringstream lines(config::read_text_file(path).text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        config::ServiceLabel service;
        std::string port;
        if (!(words >> service.name >> port)) continue;
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), service.port);
        if (error != std::errc{} || service.port == 0 || std::string_view(end) != "/tcp") continue;
        services.push_back(std::move(service));
    }
    return services;
}

}  // namespace rstwatch::control
