// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

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

    /// Brings what a later add() needs into the cache.
    void prefetch(const tally::IpAddress& client) const;

    /// Begins anew, and gives its sketch back; the memory for the first few stays, because who has met some will again.
    void clear();

    std::uint64_t count() const;
    /// Two standard errors of the estimate; 0 while the count is exact.
    std::uint64_t error() const;
    /// How many of these are not among `others`; at most count(), which it is where either is an estimate.
    std::uint64_t count_without(const DistinctClients& others) const;
    /// True when there were more than could be counted: count() is the least there can have been.
    bool is_saturated() const { return met_ && met_->saturated; }

  private:
    static constexpr std::size_t exact_limit = 32;
    static constexpr unsigned precision = 12;
    using Registers = std::array<std::uint8_t, std::size_t{1} << precision>;
    struct GiveBack {
        SketchBudget* budget;
        void operator()(Registers* registers) const {
            ++budget->left;
            delete registers;
        }
    };

    /// Of most services and clients nobody is met: they pay for a pointer.
    struct Met {
        // In the order in which they came: of so few, mostly one or two, none is found sooner in another.
        boost::container::small_vector<tally::IpAddress, 2> exact;
        std::unique_ptr<Registers, GiveBack> registers;  // once `exact` has overflowed
        std::uint64_t estimate = 0;                      // of `registers` as they are; 0: not computed
        bool saturated = false;
    };

    void add_to_sketch(const tally::IpAddress& client);
    std::uint64_t estimate() const;

    std::unique_ptr<Met> met_;
};

}  // namespace rstwatch::control
