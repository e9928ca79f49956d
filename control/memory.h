// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"
#include "control/export/json_values.h"

namespace rstwatch::control {

/// What one kind of table takes when it is full and every entry is as large as it can be.
struct MemoryPart {
    std::string name;
    std::uint64_t bytes = 0;
};

/// The most that a daemon with these settings takes, part by part: what it takes is bounded by its settings, whatever
/// arrives.
std::vector<MemoryPart> memory_at_most(const config::Settings& settings);

/// Their sum.
std::uint64_t sum_of(const std::vector<MemoryPart>& parts);

/// "at most 1023 MiB by the settings: registry 310 MiB, window 120 MiB, …", the largest ones.
std::string describe(const std::vector<MemoryPart>& parts);

/// What this process takes now, and took at most so far, in bytes.
struct MemoryUse {
    std::uint64_t resident = 0;
    std::uint64_t peak = 0;
};
MemoryUse memory_use();

/// The member `memory` of the status: what this process takes now, took at most so far, and can take.
Json memory_json(const std::vector<MemoryPart>& parts);

}  // namespace rstwatch::control
