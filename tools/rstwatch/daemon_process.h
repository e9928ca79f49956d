// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rstwatch::cli {

/// What a rstwatchd that has ended leaves behind.
struct DaemonResult {
    std::string output;    ///< all it wrote to standard output
    int exit_code = 0;     ///< 1 when a signal ended it
    std::string ended_by;  ///< the signal's description; empty when it exited by itself
};

/// Path of rstwatchd: $RSTWATCHD, else beside this executable as built, or in the ../sbin of an installed one.
std::string daemon_path();

/// Becomes rstwatchd with `arguments`, so that its output needs no copy. Returns only when that fails, with the reason.
[[nodiscard]] std::string exec_daemon(const std::vector<std::string>& arguments);

/// Runs rstwatchd with `arguments` and reads its standard output to the end; standard input and error are its own.
/// Otherwise the reason why it could not be started.
[[nodiscard]] std::variant<DaemonResult, std::string> run_daemon(const std::vector<std::string>& arguments);

}  // namespace rstwatch::cli
