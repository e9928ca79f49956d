// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

/// What must hold whatever the input is; the fuzzer keeps an input for which it does not.
inline void require(bool truth) {
    if (!truth) std::abort();
}
