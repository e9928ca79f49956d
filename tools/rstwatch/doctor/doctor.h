// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "tools/rstwatch/doctor/checks.h"
#include "tools/rstwatch/exit_code.h"
#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

struct DoctorOptions {
    std::vector<std::string> pci;  ///< NICs to look at instead of those of the settings
    std::string config_file;       ///< empty: /etc/rstwatch/rstwatch.toml, if there is one
    std::string root = "/";        ///< of the machine that is looked at
};

/// Looks whether this machine can run what the settings ask for, and says how to cure what is wrong. Asks no daemon.
ExitCode doctor(const DoctorOptions& options, Format format, Output& out, std::ostream& err);

namespace checkup {

/// All that the checks find, those of the machine first.
Findings examine(const Machine& machine, const Needs& needs);

}  // namespace checkup
}  // namespace rstwatch::cli
