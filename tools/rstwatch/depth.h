// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/rstwatch/document.h"

namespace rstwatch::cli {

/// The outcomes that the daemon cannot tell because it follows control segments only, in words; empty when it follows
/// every segment.
std::string untold_outcomes(const Document& document);

}  // namespace rstwatch::cli
