// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/output.h"
#include "tools/rstwatch/server_address.h"
#include "tools/rstwatch/top.h"

namespace rstwatch::cli {

/// The top list over all of the terminal, until the operator leaves. A daemon that goes away is waited for.
ExitCode show_live_top(const TopOptions& options, const std::vector<ServerAddress>& servers, const Output& out);

}  // namespace rstwatch::cli
