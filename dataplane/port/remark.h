// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rstwatch::port {

/// What the operator is to be told of the ports, though nothing has failed: for the log.
struct Remark {
    enum class Level { debug, info, warning };
    Level level;
    std::string sentence;
};

}  // namespace rstwatch::port
