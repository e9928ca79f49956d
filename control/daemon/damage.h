// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>

#include "control/daemon/exit_code.h"
#include "dataplane/dataplane.h"

namespace rstwatch::control {

/// Prints what could not be read of the captures; returns the exit code that says so.
inline int tell_damage(const Dataplane& dataplane) {
    for (const std::string& sentence : dataplane.damage()) std::fprintf(stderr, "rstwatchd: %s\n", sentence.c_str());
    return dataplane.damage().empty() ? exit_ok : exit_failure;
}

}  // namespace rstwatch::control
