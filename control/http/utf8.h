// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace rstwatch::control::http {

/// Length in bytes (1 to 4) of the UTF-8 sequence that starts at `position`, which must be inside `text`; 0 when it is
/// not one (overlong forms, surrogates and what lies beyond U+10FFFF are none: RFC 3629, section 4).
std::size_t utf8_sequence_length(std::string_view text, std::size_t position);

/// True when all of `text` is UTF-8 without control characters (C0, DEL and C1).
bool is_plain_text(std::string_view text);

}  // namespace rstwatch::control::http
