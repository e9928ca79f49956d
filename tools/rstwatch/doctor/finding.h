// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::cli::checkup {

/// What one check has found.
struct Finding {
    enum class State : std::uint8_t {
        ok,
        advice,  ///< it works, and could do better
        wrong    ///< it does not work, or not reliably
    };

    std::string check;   ///< such as "hugepages"
    std::string object;  ///< what was looked at, such as "node 0"
    State state = State::ok;
    std::string found;  ///< in words
    std::string cure;   ///< commands or settings, as they are to be typed; empty where all is well
};

using Findings = std::vector<Finding>;

constexpr std::string_view name(Finding::State state) {
    switch (state) {
        case Finding::State::ok:
            return "ok";
        case Finding::State::advice:
            return "advice";
        case Finding::State::wrong:
            return "wrong";
    }
    return "";
}

}  // namespace rstwatch::cli::checkup
