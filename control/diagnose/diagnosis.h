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

/// That of the diagnosis alone.
std::string sentence(const Facts& facts);

/// What an alert was about that is over at `until`: who, how much, for whom, from when to when, and the highest rate of
/// failures per second, which is left out where it is 0.
std::string tell_past(const Facts& facts, tally::Time until, double peak_per_second);

/// How often it fails usually, as a sentence; and by how much that is exceeded, where it is.
std::string usual_in_words(const AlertBaseline& baseline);

}  // namespace rstwatch::control
