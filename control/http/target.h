// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "control/http/error.h"

namespace rstwatch::control::http {

/// A request target taken apart (RFC 9112, section 3.2), decoded and validated.
struct Target {
    std::string authority;  ///< of the absolute form only, where it stands for the Host header
    std::string path;
    std::map<std::string, std::string, std::less<>> query;
};

/// Understands the origin form (/path?query) and the absolute form (http://host/path?query). Refuses broken percent
/// escapes, control characters, what is not UTF-8, encoded slashes, dot segments and a parameter that is given twice.
[[nodiscard]] std::variant<Target, Error> parse_target(std::string_view raw);

}  // namespace rstwatch::control::http
