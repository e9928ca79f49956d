// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/rstwatch/document.h"

namespace rstwatch::cli {

/// What an outcome means to the person who reads a report.
struct OutcomeText {
    std::string_view name;
    bool failed;               ///< counts as a failure by itself
    std::string_view meaning;  ///< one line
    std::string_view advice;   ///< what to do about it; empty where nothing is to be done
};

/// The text of an outcome. One that this version does not know has its name, and nothing else.
OutcomeText outcome_text(std::string_view name);

/// True for the outcomes that the table of refusals counts: refused and refused_by_device.
bool is_refusal(std::string_view outcome);

/// True for what belongs to no attempt: midstream and unsolicited.
bool is_without_attempt(std::string_view outcome);

/// Sum of the failed outcomes in an `outcomes` object.
std::int64_t failed_total(const Document& outcomes);

/// The outcomes that count as failures by themselves.
std::vector<std::string> failed_outcomes();

/// The failed outcome that there is most of in an `outcomes` object; empty when there is none.
std::string worst_outcome(const Document& outcomes);

}  // namespace rstwatch::cli
