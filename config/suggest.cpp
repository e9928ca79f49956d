// SPDX-License-Identifier: Apache-2.0
#include "config/suggest.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "config/schema.h"

namespace rstwatch::config {
namespace {

// Nobody means one of our names by something this long.
constexpr std::size_t longest_considered = 64;

// One slip in a short name, two or a third of the letters in a longer one: beyond that a suggestion is a guess.
std::size_t tolerance(std::string_view name) {
    return name.size() <= 3 ? 1 : std::max<std::size_t>(2, name.size() / 3);
}

std::string_view last_part(std::string_view dotted) {
    const auto dot = dotted.rfind('.');
    return dot == std::string_view::npos ? dotted : dotted.substr(dot + 1);
}

// The distance is at least the difference of the lengths, which costs nothing to find.
bool may_be_within(std::size_t distance, std::string_view a, std::string_view b) {
    return std::max(a.size(), b.size()) - std::min(a.size(), b.size()) <= distance;
}

const Setting* nearest_full_name(std::string_view given) {
    const Setting* best = nullptr;
    std::size_t least = tolerance(last_part(given)) + 1;
    for (const Setting& setting : all_settings()) {
        if (!may_be_within(least - 1, given, setting.name)) continue;
        const auto distance = edit_distance(given, setting.name, least);
        if (distance < least) std::tie(best, least) = std::pair(&setting, distance);
    }
    return best;
}

// A key that stands in the wrong section, or in none: all sections that have the nearest one.
std::vector<std::string_view> nearest_keys(std::string_view key) {
    std::vector<std::string_view> best;
    std::size_t least = tolerance(key);
    for (const Setting& setting : all_settings()) {
        if (!may_be_within(least, key, setting.key())) continue;
        const auto distance = edit_distance(key, setting.key(), least + 1);
        if (distance > least) continue;
        if (distance < least) best.clear();
        least = distance;
        best.push_back(setting.name);
    }
    return best;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t enough) {
    const std::size_t width = b.size() + 1;
    std::vector<std::size_t> rows(3 * width);  // the last row, the one before it, the current one, in turn
    const auto row = [&](std::size_t i) { return &rows[i % 3 * width]; };
    std::iota(row(0), row(0) + width, std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        const std::size_t* last = row(i - 1);
        std::size_t* current = row(i);
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], row(i - 2)[j - 2] + 1);
        }
        // A later row is no less than the less of these two: a swap reaches back over one of them, and costs one.
        if (std::min(*std::min_element(last, last + width) + 1, *std::min_element(current, current + width)) >= enough)
            return enough;
    }
    return std::min(enough, row(a.size())[b.size()]);
}

std::string_view nearest(std::string_view given, std::span<const std::string_view> candidates) {
    if (given.size() > longest_considered) return {};
    std::string_view best;
    std::size_t least = tolerance(given) + 1;
    for (const auto candidate : candidates) {
        if (least == 0) break;
        if (!may_be_within(least - 1, given, candidate)) continue;
        const auto distance = edit_distance(given, candidate, least);
        if (distance < least) std::tie(best, least) = std::pair(candidate, distance);
    }
    return best;
}

std::string nearest_settings(std::string_view given) {
    if (given.size() > longest_considered) return {};
    if (const Setting* setting = nearest_full_name(given)) return std::string(setting->name);
    std::string text;
    for (const auto name : nearest_keys(last_part(given))) {
        if (!text.empty()) text += " or ";
        text += name;
    }
    return text;
}

}  // namespace rstwatch::config
