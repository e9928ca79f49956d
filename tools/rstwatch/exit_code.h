// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rstwatch::cli {

/// What a script can tell apart. What rstwatchd exits with is passed through, so the numbers are the same there.
enum class ExitCode : int {
    ok = 0,
    failure = 1,
    usage = 2,
    no_daemon = 3,
    bad_config = 4,
};

constexpr int number(ExitCode code) {
    return static_cast<int>(code);
}

}  // namespace rstwatch::cli
