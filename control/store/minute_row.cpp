// SPDX-License-Identifier: Apache-2.0
#include "control/store/minute_row.h"

namespace rstwatch::control {

std::string_view stored_name(tally::RowKind kind) {
    switch (kind) {
        case tally::accepted_kind:
            return "accepted";
        case stored_kind::attempts:
            return "attempts";
        case stored_kind::packets:
            return "packets";
        case stored_kind::seconds:
            return "seconds";
        case stored_kind::control_depth:
            return "control_depth";
        case stored_kind::missed:
            return "missed";
        default:
            return tally::name(static_cast<tally::Outcome>(kind));
    }
}

}  // namespace rstwatch::control
