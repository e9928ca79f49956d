// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/bank_exchange.h"

#include <cstdlib>

namespace rstwatch::tally {

BankExchange::BankExchange(unsigned core, std::size_t banks, const BankCapacity& capacity, Doorbell* doorbell)
    : doorbell_(doorbell), full_(banks), empty_(banks) {
    for (std::size_t i = 0; i < banks; ++i) {
        banks_.push_back(std::make_unique<IntervalBank>(capacity));
        banks_.back()->core = core;
        if (!empty_.push(banks_.back().get())) std::abort();  // the ring has room for every bank there is
    }
}

void BankExchange::hand_over(IntervalBank* bank) {
    if (!full_.push(bank)) std::abort();  // the ring has room for every bank there is
    ring();
}

void BankExchange::raise_watermark(Interval interval) {
    // release: the banks handed over before are visible to whoever sees this watermark.
    watermark_.store(interval, std::memory_order_release);
    ring();
}

std::uint32_t BankExchange::wait_for_return(std::uint32_t seen) const {
    returned_.wait(seen, std::memory_order_acquire);
    return returned();
}

void BankExchange::give_back(IntervalBank* bank) {
    bank->clear();
    if (!empty_.push(bank)) std::abort();  // the ring has room for every bank there is
    returned_.fetch_add(1, std::memory_order_release);
    returned_.notify_one();
}

}  // namespace rstwatch::tally
