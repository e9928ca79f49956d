// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace rstwatch::fuzz {

/// A fuzzer's bytes, taken one by one; zeros behind their end.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), end_(data + size) {}
    bool empty() const { return data_ == end_; }
    std::uint8_t byte() { return empty() ? std::uint8_t{0} : *data_++; }

  private:
    const std::uint8_t* data_;
    const std::uint8_t* end_;
};

}  // namespace rstwatch::fuzz
