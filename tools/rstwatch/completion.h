// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace rstwatch::cli {

/// A completion script for bash, zsh or fish, made from the commands and options of `app`, so that it cannot lag behind
/// them. Empty for another shell.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace rstwatch::cli
