// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/names.h"
#include "tools/rstwatch/table.h"

namespace rstwatch::cli {

/// How a top list is shown.
struct TopLook {
    NameOf name_of{};
    std::optional<double> now{};                           ///< times of this day have no date; none: all have one
    std::size_t width = 0;                                 ///< columns are left out until it fits; 0: none is
    std::function<Style(const Document& row)> style_of{};  ///< none: plain
};

/// The table of `rows`, which are of a /top document by `by` (destination, client or service) of `outcome`.
Table top_table(const std::string& by, const std::string& outcome, const std::vector<const Document*>& rows,
                const TopLook& look);

}  // namespace rstwatch::cli
