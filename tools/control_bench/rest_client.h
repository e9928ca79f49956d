// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "control/http/file_descriptor.h"

namespace rstwatch::bench {

/// One connection to the REST server, kept open; how long each answer took, by what was asked.
class RestClient {
  public:
    /// Throws std::runtime_error.
    explicit RestClient(std::uint16_t port);

    /// Asks, waits for the whole answer, notes how long that took under `name`, and gives the body back. Throws
    /// std::runtime_error for any status but 200.
    std::string get(const std::string& name, const std::string& target);

    struct Latencies {
        std::size_t requests = 0;
        double median = 0, p99 = 0, most = 0;  ///< milliseconds
    };
    std::map<std::string, Latencies> latencies() const;
    void forget() { took_.clear(); }

  private:
    std::string receive();

    control::http::FileDescriptor socket_;
    std::map<std::string, std::vector<double>> took_;  // milliseconds
};

}  // namespace rstwatch::bench
