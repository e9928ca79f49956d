// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/rstwatch/document.h"

namespace rstwatch::cli {

/// The outcomes that the daemon cannot tell because it follows control segments only, in words; empty when it follows
/// every segment.
std::string untold_outcomes(const Document& document);

/// What a window of /top lacks because cores could not keep up, in words; empty when nothing.
std::string depth_trouble(const Document& top);

/// The same of what is counted since the start: of a service or host, or of alerts.
std::string depth_trouble_since_start(const Document& document);

/// The same of the points of /history.
std::string depth_trouble_of_history(const Document& history);

}  // namespace rstwatch::cli
