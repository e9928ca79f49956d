// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rstwatch::cli {

/// Why a list is empty, so that no packets never look like no failures. `what` is what there is none of, such as
/// "refused"; `when_no_packets` asks what may be wrong then, such as "is the SPAN port up?".
std::string emptiness_text(std::string_view what, std::optional<std::int64_t> attempts,
                           std::optional<std::int64_t> packets, std::string_view when_no_packets);

}  // namespace rstwatch::cli
