// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostic.h"
#include "config/override.h"
#include "config/settings.h"

namespace rstwatch::control {

/// What `rstwatchd` was asked to do.
struct CommandLine {
    enum class Report : std::uint8_t { none, document, lines };

    std::string config_file;
    std::vector<config::Port> ports;  ///< of --interface, --pci, --vdev and --capture; they replace those of the file
    std::vector<config::Override> overrides;
    bool check_config = false;
    Report report = Report::none;  ///< print a report at the end of the captures instead of serving
    bool connections = false;      ///< with every connection in it
    std::size_t rows = 10;
};

/// Reads the command line. A number instead of it is the exit code of a process that has said all it had to say
/// (--help, --version, wrong usage).
std::optional<int> parse_command_line(int argc, char** argv, CommandLine& line);

/// Settings of the file, changed by the command line. Returns all that is wrong with them.
std::vector<config::Diagnostic> read_settings(const CommandLine& line, config::Settings& settings);

/// The same; prints what is wrong, and returns false then.
bool load_settings(const CommandLine& line, config::Settings& settings);

}  // namespace rstwatch::control
