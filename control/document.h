// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "control/export/json_values.h"
#include "control/http/message.h"
#include "control/http/response_head.h"

namespace rstwatch::control {

constexpr std::int64_t most_rows = 1000;  ///< in one answer

/// The answer 200 with this document. ASCII, with what is not UTF-8 replaced: a document is passed on to terminals as
/// it is. Who has it already is told so (RFC 9110 section 13.1.2).
inline http::Response document(const Json& json) {
    http::Response response;
    response.body = json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
    response.etag = http::etag_of(response.body.view());
    return response;
}

}  // namespace rstwatch::control
