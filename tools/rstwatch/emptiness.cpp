// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/emptiness.h"

#include "tools/rstwatch/number_format.h"

namespace rstwatch::cli {

std::string emptiness_text(std::string_view what, std::optional<std::int64_t> attempts,
                           std::optional<std::int64_t> packets, std::string_view when_no_packets) {
    auto nothing = "0 " + std::string(what);
    if (packets == 0) return nothing + "; 0 packets seen: " + std::string(when_no_packets);
    if (packets && attempts == 0)
        return nothing + "; no connection attempt in " + with_separators(*packets) +
               " packets: are the SYNs of TCP among them?";
    if (!packets || !attempts) return nothing;
    return nothing + " among " + with_separators(*attempts) + " attempts in " + with_separators(*packets) + " packets";
}

}  // namespace rstwatch::cli
