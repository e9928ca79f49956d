// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "dataplane/tally/bank_exchange.h"

namespace rstwatch::fuzz {

/// What control would make of a core's banks: sums, and the check that they add up.
class Books {
  public:
    explicit Books(tally::BankExchange& exchange) : exchange_(exchange) {}

    /// Takes every bank that was handed over, checks it and gives it back.
    void read_all();

    /// To be called when all is over.
    void require_settled() const;

  private:
    void add(const tally::IntervalBank& bank);
    void check(const tally::IntervalBank& bank) const;

    tally::BankExchange& exchange_;
    tally::Interval last_ = 0;
    std::uint64_t attempts_ = 0;        ///< begun
    std::uint64_t ended_ = 0;           ///< attempts with a final outcome
    std::uint64_t others_ = 0;          ///< final outcomes of what is no attempt
    std::uint64_t shown_ = 0;           ///< first verdicts
    std::uint64_t withdrawn_ = 0;       ///< verdicts that became none
    std::uint64_t records_ = 0;         ///< dropped ones included
    std::uint64_t lost_revisions_ = 0;  ///< any of them may have withdrawn a verdict
};

}  // namespace rstwatch::fuzz
