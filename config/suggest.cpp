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

// Nobody means one of our names by something this long; the distance costs the product of the lengths.
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
        const auto distance = edit_distance(given, setting.name);
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
        const auto distance = edit_distance(key, setting.key());
        if (distance > least) continue;
        if (distance < least) best.clear();
        least = distance;
        best.push_back(setting.name);
    }
    return best;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], before_last[j - 2] + 1);
        }
        before_last.swap(last);
        last.swap(current);
    }
    return last[b.size()];
}

std::string_view nearest(std::string_view given, std::span<const std::string_view> candidates) {
    if (given.size() > longest_considered) return {};
    std::string_view best;
    std::size_t least = tolerance(given) + 1;
    for (const auto candidate : candidates) {
        if (least == 0) break;
        if (!may_be_within(least - 1, given, candidate)) continue;
        const auto distance = edit_distance(given, candidate);
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
