// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

/// Seconds since the epoch, or what is wrong with the text. Understood are seconds since the epoch with or without
/// decimals, local times such as 2026-11-21T10:50, 2026-11-21 10:50:30 and 2026-11-21, and times of day such as 10:50:
/// the last one not after `reference`, or the first one after `since`.
std::optional<double> parse_time(std::string_view text, double reference, std::optional<double> since = std::nullopt);

/// True for a time of day, which needs something to refer to.
bool is_time_of_day(std::string_view text);

/// `&from=…&to=…` for a query, of what was given of the two; empty where nothing was. Times of day refer to now, or to
/// the end of the capture that the daemon replays.
[[nodiscard]] std::variant<std::string, ExitCode> range_parameters(const std::string& from, const std::string& to,
                                                                   const std::vector<ServerAddress>& servers,
                                                                   std::ostream& diagnostics);

}  // namespace rstwatch::cli
