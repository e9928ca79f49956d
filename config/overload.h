// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rstwatch::config {

/// Functions as one, for std::visit.
template <typename... Functions>
struct Overload : Functions... {
    using Functions::operator()...;
};
template <typename... Functions>
Overload(Functions...) -> Overload<Functions...>;

}  // namespace rstwatch::config
