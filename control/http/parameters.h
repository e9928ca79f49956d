// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "control/http/message.h"
#include "control/http/problem.h"

namespace rstwatch::control::http {

/// Reads the query parameters of one request. A value that is not valid yields the default and is kept as a problem, so
/// a handler reads all it needs and then looks at `problem()` once. The request must outlive this object.
class Parameters {
  public:
    explicit Parameters(const Request& request) : request_(request) {}

    /// An integer from `least` to `most`, both included.
    std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most);

    /// One of `choices`, exactly as written there.
    std::string choice(std::string_view name, std::string_view fallback, std::span<const std::string_view> choices);

    /// An integer with a unit: 60s, 5m, 1h or 7d; from `least` to `most`, both included.
    std::chrono::seconds duration(std::string_view name, std::chrono::seconds fallback, std::chrono::seconds least,
                                  std::chrono::seconds most);

    /// Seconds since the epoch, with or without decimals, in microseconds; nothing where it was not given.
    std::optional<std::uint64_t> time(std::string_view name);

    /// The value as it was given; nothing where it was not.
    std::optional<std::string> text(std::string_view name) const;

    /// Keeps it as a problem that the value of `name`, which was given, is not `limit`.
    void refuse(std::string_view name, const std::string& limit);

    /// The first value that was not valid, as a 400.
    const std::optional<Problem>& problem() const { return problem_; }

  private:
    const std::string* find(std::string_view name) const;
    void refuse(std::string_view name, std::string_view value, const std::string& limit);

    const Request& request_;
    std::optional<Problem> problem_;
};

}  // namespace rstwatch::control::http
