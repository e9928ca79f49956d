// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/backoff.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace rstwatch::control {

std::chrono::milliseconds Backoff::next() {
    const auto whole = std::exchange(next_, std::min(2 * next_, range_.longest));
    std::uniform_int_distribution<std::int64_t> share(whole.count() / 2, whole.count());
    return std::chrono::milliseconds(share(random_));
}

}  // namespace rstwatch::control
