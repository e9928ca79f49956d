// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "control/diagnose/facts.h"

namespace rstwatch::control {

/// What is wrong with a subject, in words.
struct Diagnosis {
    std::string rule;      ///< name of the rule that applied
    std::string sentence;  ///< who, how much, for whom, since when, why, what to do
    std::vector<std::string> evidence;
    std::vector<std::pair<std::string, std::string>> considered;  ///< other causes, and why not
    std::string next_step;
    std::vector<std::string> commands;
};

Diagnosis diagnose(const Facts& facts);

}  // namespace rstwatch::control
