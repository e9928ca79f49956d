// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace rstwatch::config {

/// True where this CPU runs what the programs are compiled for.
bool cpu_is_supported();

/// What that is, for people.
const char* cpu_requirement();

/// Writes why `program` cannot run on a CPU into `text` (`size` bytes, always terminated). The features are those of
/// `present`, in the order of cpu_feature_name().
void describe_missing_features(const char* program, const bool* present, char* text, std::size_t size);

/// The instruction set extensions that are asked for; nullptr from the number of them on.
const char* cpu_feature_name(std::size_t number);

/// Says on stderr what the CPU lacks and exits with status 1 if it lacks anything. To be called first thing in main().
void check_cpu_or_exit(const char* program);

}  // namespace rstwatch::config
