// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/readiness.h"

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {

std::vector<std::string> failures_of_readiness(const Document& status) {
    std::vector<std::string> failures;
    for (const auto& failure : member_at(member_at(status, "readiness"), "failures"))
        if (failure.is_string()) failures.push_back(printable(failure.get<std::string>()));
    return failures;
}

}  // namespace rstwatch::cli
