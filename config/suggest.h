// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace rstwatch::config {

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other ("optimal string
/// alignment"; swapped neighbours are the commonest typing error: Damerau, CACM 7(3), 1964), or `enough` if they are
/// that many: what is far apart need not be compared to its end.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t enough);

/// The candidate that was probably meant; empty where none is close.
std::string_view nearest(std::string_view given, std::span<const std::string_view> candidates);

/// The setting or settings that were probably meant by a dotted name: "rx.queues", or where the key alone is known
/// "http.connections or tracking.connections"; empty where none is close.
std::string nearest_settings(std::string_view given);

}  // namespace rstwatch::config
