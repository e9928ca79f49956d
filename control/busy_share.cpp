// SPDX-License-Identifier: Apache-2.0
#include "control/busy_share.h"

namespace rstwatch::control {
namespace {

constexpr std::uint64_t span = 10'000'000;

}  // namespace

std::optional<double> BusyShare::add(std::uint64_t busy, std::uint64_t elapsed) {
    if (samples_.empty() || elapsed > samples_.back().elapsed) samples_.push_back({busy, elapsed});
    while (samples_.size() > 2 && elapsed - samples_[1].elapsed >= span) samples_.pop_front();
    const Sample &first = samples_.front(), &last = samples_.back();
    if (last.elapsed == first.elapsed) return std::nullopt;
    return static_cast<double>(last.busy - first.busy) / static_cast<double>(last.elapsed - first.elapsed);
}

}  // namespace rstwatch::control
