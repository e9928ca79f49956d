// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "control/diagnose/facts.h"

namespace rstwatch::control {

/// A cause that was thought of and is not it.
struct Alternative {
    std::string_view cause;
    std::string_view why_not;  ///< with placeholders; holds whenever the rule applies
};

/// One way in which connections fail: how it is recognised, and what people are told. Texts have placeholders in braces
/// (words.cpp lists them).
struct Rule {
    std::string_view name;
    bool (*applies)(const Facts&);
    std::string_view now;      ///< the verb, while it goes on: "refuses {rate} connections per second from {clients}"
    std::string_view before;   ///< the same of what has stopped: "refused {failed} connections from {clients}"
    std::string_view finding;  ///< why
    std::string_view cure;     ///< what to do, as a sentence
    std::array<Alternative, 3> considered{};
    std::array<std::string_view, 3> commands{};  ///< to be run as they are
};

/// In the order in which they are tried: the first that applies is the diagnosis. The last applies to everything.
std::span<const Rule> rules();

}  // namespace rstwatch::control
