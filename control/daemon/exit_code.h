// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rstwatch::control {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;
inline constexpr int exit_bad_config = 4;

}  // namespace rstwatch::control
