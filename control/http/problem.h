// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "control/http/message.h"

namespace rstwatch::control::http {

/// An error as RFC 9457 has it. `detail` is a whole sentence for people; the other members say the same to programs.
/// Empty members are left out of the document.
struct Problem {
    unsigned status = 500;
    std::string detail{};
    std::string type = "about:blank";
    std::string title{};   ///< empty: the reason phrase of the status
    std::string object{};  ///< what is wrong, such as `query parameter "n"`
    std::string value{};   ///< what it was
    std::string limit{};   ///< what it may be
    std::string remedy{};
    std::string instance{};  ///< path of the request
};

/// Type of every problem with a query parameter.
inline constexpr std::string_view parameter_problem = "urn:rstwatch:problem:query-parameter";

/// The reason phrase of `status`; "Error" for one that is never sent.
std::string_view reason_phrase(unsigned status);

/// The application/problem+json response. Bytes that are not UTF-8 are replaced by U+FFFD.
Response to_response(const Problem& problem);

}  // namespace rstwatch::control::http
