// SPDX-License-Identifier: Apache-2.0
#include "control/registry/distinct_clients.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rstwatch::control {
namespace {

std::uint64_t hash_of(const tally::IpAddress& address) {
    constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db;  // odd, no further meaning
    return tally::mix(tally::mix(address.first_half() ^ a, address.second_half() ^ b), a);
}

}  // namespace

void DistinctClients::add(const tally::IpAddress& client, SketchBudget& budget) {
    if (registers_) return add_to_sketch(client);
    const auto place = std::ranges::lower_bound(exact_, client);
    if (place != exact_.end() && *place == client) return;
    if (exact_.size() < exact_limit) {
        exact_.insert(place, client);
        return;
    }
    if (budget.left == 0) {
        if (!saturated_) ++budget.refused;
        saturated_ = true;
        return;
    }
    --budget.left;
    registers_ = std::make_unique<Registers>(std::size_t{1} << precision);
    for (const tally::IpAddress& each : exact_) add_to_sketch(each);
    exact_ = {};
    add_to_sketch(client);
}

void DistinctClients::add_to_sketch(const tally::IpAddress& client) {
    const std::uint64_t hash = hash_of(client);
    std::uint8_t& rank = (*registers_)[hash >> (64 - precision)];
    const auto zeros = static_cast<std::uint8_t>(std::countl_zero(hash << precision | 1) + 1);
    rank = std::max(rank, zeros);
}

std::uint64_t DistinctClients::count() const {
    if (!registers_) return exact_.size();
    const auto m = static_cast<double>(registers_->size());
    double sum = 0;
    std::size_t empty = 0;
    for (const std::uint8_t rank : *registers_) {
        sum += std::ldexp(1.0, -rank);
        empty += rank == 0;
    }
    const double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    // Few enough for linear counting to be the better estimate (section 4 of the paper).
    const bool few = estimate <= 2.5 * m && empty != 0;
    return static_cast<std::uint64_t>(std::llround(few ? m * std::log(m / static_cast<double>(empty)) : estimate));
}

std::uint64_t DistinctClients::error() const {
    if (!registers_) return 0;
    const double standard_error = 1.04 / std::sqrt(static_cast<double>(registers_->size()));
    return static_cast<std::uint64_t>(std::ceil(2 * standard_error * static_cast<double>(count())));
}

}  // namespace rstwatch::control
