// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rstwatch::identify {

/// What there is of a payload.
struct Payload {
    const std::uint8_t* data = nullptr;
    std::size_t length = 0;

    std::string_view text() const { return {reinterpret_cast<const char*>(data), length}; }
};

}  // namespace rstwatch::identify
