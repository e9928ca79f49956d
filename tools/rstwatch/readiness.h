// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "tools/rstwatch/document.h"

namespace rstwatch::cli {

/// Why what the daemon says is not to be relied on now, of its status document; empty: it is, or does not say.
std::vector<std::string> failures_of_readiness(const Document& status);

}  // namespace rstwatch::cli
