// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace rstwatch::cli {

/// A completion script for bash, made from the commands and options of `app`, so that it cannot lag behind them.
std::string bash_completion(const CLI::App& app);

}  // namespace rstwatch::cli
