// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

namespace rstwatch::control::test {

/// Whether the descriptor can be read, or becomes so within the time.
inline bool readable(int descriptor, int milliseconds = 0) {
    pollfd entry{descriptor, POLLIN, 0};
    return poll(&entry, 1, milliseconds) == 1;
}

}  // namespace rstwatch::control::test
