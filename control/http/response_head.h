// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "control/http/message.h"

namespace rstwatch::control::http {

/// The status line and header fields of `response`, with the empty line that ends them.
std::string response_head(const Response& response, bool keep_alive, std::chrono::system_clock::time_point now);

/// True for a status that never has content (204, 304), so that none may be announced or sent.
bool has_no_content(unsigned status);

/// A tag that differs where the content does: FNV-1a of 64 bits (draft-eastlake-fnv), and the length.
std::string etag_of(std::string_view content);

/// True when the If-None-Match field `candidates` names `etag` (weak comparison, RFC 9110, section 13.1.2).
bool etag_matches(std::string_view candidates, std::string_view etag);

/// A date as HTTP writes it: "Fri, 20 Nov 2026 10:54:50 GMT".
std::string http_date(std::chrono::system_clock::time_point when);

}  // namespace rstwatch::control::http
