// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "control/classify/scanners.h"
#include "control/registry/registry.h"
#include "control/snapshot.h"

namespace rstwatch::control {

/// The heaviest `limit` of everything that the registry holds; equal counts in the order of their addresses.
Ranking rank(const Registry& registry, const Scanners& scanners, std::size_t limit);

/// Sums the outcomes of a row that `wanted` picks and that still stand; every outcome is listed beside the sum.
RankedRow summarize(const RegistryRow& row, const std::function<bool(tally::Outcome)>& wanted);

/// Cuts to the heaviest `limit` rows, heaviest first.
void keep_heaviest(std::vector<RankedRow>& rows, std::size_t limit);

}  // namespace rstwatch::control
