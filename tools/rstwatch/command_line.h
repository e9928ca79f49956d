// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rstwatch::cli {

/// The whole program: understands the arguments, runs the command and returns the exit code. Data goes to standard
/// output, everything else to standard error.
int run(int argc, const char* const* argv);

}  // namespace rstwatch::cli
