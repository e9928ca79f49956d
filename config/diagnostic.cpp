// SPDX-License-Identifier: Apache-2.0
#include "config/diagnostic.h"

namespace rstwatch::config {

std::string to_string(const Diagnostic& diagnostic) {
    std::string text = diagnostic.source;
    if (diagnostic.place.line != 0)
        text += ':' + std::to_string(diagnostic.place.line) + ':' + std::to_string(diagnostic.place.column);
    return text + ": " + diagnostic.message;
}

}  // namespace rstwatch::config
