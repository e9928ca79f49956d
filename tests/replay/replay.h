// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/capture_writer.h"
#include "tests/support/conversation.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

// What the replay tests have in common: running the real programs over captures, and what must hold of every report.
namespace rstwatch::test {

using Json = nlohmann::json;

/// What a program wrote about captures.
struct Replay {
    std::string text;  ///< standard output
    std::string err;
    int exit_code = -1;
    int signal = 0;
    double cpu_seconds = 0;
    Json report;  ///< null if there was no document, or one that is no JSON

    std::uint64_t outcome(const std::string& name) const { return report.at("outcomes").at(name); }
    /// The outcomes that occurred.
    std::map<std::string, std::uint64_t> outcomes() const;
    /// Outcome of each connection in the list, by the server's port.
    std::multimap<int, std::string> by_port() const;
};

struct ReplayOptions {
    std::vector<std::string> more{};  ///< further arguments
    std::string input{};              ///< standard input
    bool connections = true;          ///< ask for the list of connections
};

/// `rstwatchd --report` over files.
Replay replay(const std::vector<std::string>& files, const ReplayOptions& options = {});

/// The same over frames, in a file that is removed afterwards.
Replay replay_frames(const std::vector<TimedFrame>& frames, const CaptureOptions& format = {},
                     const ReplayOptions& options = {});

std::string daemon_path();
std::string cli_path();
std::string source_path(const std::string& path);

/// received = Σ classes; attempts = Σ outcomes but midstream and unsolicited; the list of connections, if it is there,
/// agrees with the sums.
void expect_conserved(const Json& report);

/// Exit code 0, nothing on standard error, a conserved report.
void expect_sound(const Replay& replay);

/// The report without what names the input.
Json without_input(Json report);

}  // namespace rstwatch::test
