// SPDX-License-Identifier: Apache-2.0
#include "control/registry/distinct_clients.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace rstwatch::control {
namespace {

std::uint64_t sketch_hash(const tally::IpAddress& address) {
    constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db;  // odd, no further meaning
    return tally::mix(tally::mix(address.first_half() ^ a, address.second_half() ^ b), a);
}

constexpr unsigned most_rank = 64 - 12 + 1;  // a run of all the bits that do not choose the register, plus one

// The sums of Ertl's algorithm 5, for registers that are still 0 and for those that cannot grow any more.
double sigma(double x) {
    if (x == 1) return std::numeric_limits<double>::infinity();
    double sum = x, before = 0;
    for (double weight = 1; sum != before; weight += weight) {
        x *= x;
        before = sum;
        sum += x * weight;
    }
    return sum;
}

double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double sum = 1 - x, before = 0;
    for (double weight = 0.5; sum != before; weight /= 2) {
        x = std::sqrt(x);
        before = sum;
        sum -= (1 - x) * (1 - x) * weight;
    }
    return sum / 3;
}

}  // namespace

void DistinctClients::add(const tally::IpAddress& client, SketchBudget& budget) {
    if (!met_) met_ = std::make_unique<Met>();
    if (met_->registers) return add_to_sketch(client);
    // The halves in which addresses differ first: of IPv4 ones the others are all the same.
    const auto is_client = [first = client.first_half(), second = client.second_half()](const tally::IpAddress& each) {
        return each.second_half() == second && each.first_half() == first;
    };
    if (std::ranges::any_of(met_->exact, is_client)) return;
    if (met_->exact.size() < exact_limit) {
        met_->exact.push_back(client);
        return;
    }
    if (budget.left == 0) {
        if (!met_->saturated) ++budget.refused;
        met_->saturated = true;
        return;
    }
    --budget.left;
    met_->registers = {new Registers{}, GiveBack{&budget}};
    for (const tally::IpAddress& each : met_->exact) add_to_sketch(each);
    met_->exact.clear();
    met_->exact.shrink_to_fit();
    add_to_sketch(client);
}

void DistinctClients::add_to_sketch(const tally::IpAddress& client) {
    const std::uint64_t hash = sketch_hash(client);
    std::uint8_t& rank = (*met_->registers)[hash >> (64 - precision)];
    const auto zeros =
        static_cast<std::uint8_t>(std::countl_zero(hash << precision | std::uint64_t{1} << (precision - 1)) + 1);
    if (rank >= zeros) return;
    rank = zeros;
    met_->estimate = 0;
}

void DistinctClients::prefetch(const tally::IpAddress& client) const {
    if (!met_) return;
    if (met_->registers) {
        __builtin_prefetch(&(*met_->registers)[sketch_hash(client) >> (64 - precision)], 1);
    } else {
        __builtin_prefetch(met_->exact.data(), 1);
    }
}

void DistinctClients::clear() {
    if (!met_) return;
    met_->exact.clear();
    met_->registers.reset();
    met_->estimate = 0;
    met_->saturated = false;
}

std::uint64_t DistinctClients::count() const {
    if (!met_) return 0;
    if (!met_->registers) return met_->exact.size();
    if (met_->estimate == 0) met_->estimate = estimate();  // rankings ask for thousands, few of which have changed
    return met_->estimate;
}

/// Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6: unbiased over the whole
/// range, where the estimator of 2007 and linear counting both are not in between.
std::uint64_t DistinctClients::estimate() const {
    std::array<std::uint32_t, most_rank + 1> histogram{};
    for (const std::uint8_t rank : *met_->registers) ++histogram[rank];
    const auto m = static_cast<double>(met_->registers->size());
    double z = m * tau(1 - histogram[most_rank] / m);
    for (unsigned rank = most_rank - 1; rank >= 1; --rank) z = (z + histogram[rank]) / 2;
    z += m * sigma(histogram[0] / m);
    constexpr double alpha = 0.5 / std::numbers::ln2;
    return static_cast<std::uint64_t>(std::llround(alpha * m * m / z));
}

std::uint64_t DistinctClients::count_without(const DistinctClients& others) const {
    if (!met_ || !others.met_ || met_->registers || others.met_->registers) return count();
    return static_cast<std::uint64_t>(std::ranges::count_if(met_->exact, [&](const tally::IpAddress& client) {
        return std::ranges::find(others.met_->exact, client) == others.met_->exact.end();
    }));
}

std::uint64_t DistinctClients::error() const {
    if (!met_ || !met_->registers) return 0;
    const double standard_error = 1.04 / std::sqrt(static_cast<double>(met_->registers->size()));
    return static_cast<std::uint64_t>(std::ceil(2 * standard_error * static_cast<double>(count())));
}

}  // namespace rstwatch::control
