// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/tally/address.h"

namespace rstwatch::control {

/// How many sketches may exist at once; shared by everything that counts distinct clients, and outlives it: a counter
/// that is destroyed or begun anew gives its sketch back.
struct SketchBudget {
    std::uint64_t left = 0;
    std::uint64_t refused = 0;  ///< counters that stayed at their exact limit for want of a sketch
};

/// Number of different addresses added: exact up to 32, an estimate with its error beyond (HyperLogLog: Flajolet, Fusy,
/// Gandouet, Meunier 2007; 4096 registers).
class DistinctClients {
  public:
    void add(const tally::IpAddress& client, SketchBudget& budget);

    std::uint64_t count() const;
    /// Two standard errors of the estimate; 0 while the count is exact.
    std::uint64_t error() const;
    /// True when there were more than could be counted: count() is the least there can have been.
    bool is_saturated() const { return saturated_; }

  private:
    static constexpr std::size_t exact_limit = 32;
    static constexpr unsigned precision = 12;
    using Registers = std::vector<std::uint8_t>;
    struct GiveBack {
        SketchBudget* budget;
        void operator()(Registers* registers) const {
            ++budget->left;
            delete registers;
        }
    };

    void add_to_sketch(const tally::IpAddress& client);

    std::vector<tally::IpAddress> exact_;             // sorted
    std::unique_ptr<Registers, GiveBack> registers_;  // once exact_ has overflowed
    bool saturated_ = false;
};

}  // namespace rstwatch::control
