// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/depth.h"

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {

std::string untold_outcomes(const Document& document) {
    std::string names;
    for (const auto& name : member_at(member_at(document, "tracking"), "not_told"))
        if (name.is_string()) names += (names.empty() ? "" : ", ") + printable(name.get<std::string>());
    return names.empty() ? names : "control segments only (tracking.depth); not told: " + names;
}

}  // namespace rstwatch::cli
