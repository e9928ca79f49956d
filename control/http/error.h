// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rstwatch::control::http {

/// Why something could not be done, as one sentence for the operator: object, value, limit and remedy.
struct Error {
    std::string message;
};

}  // namespace rstwatch::control::http
