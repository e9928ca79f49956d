// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/sparkline.h"

#include <langinfo.h>
#include <locale.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace rstwatch::cli {
namespace {

constexpr std::array<std::string_view, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 9> digits{"1", "2", "3", "4", "5", "6", "7", "8", "9"};

template <std::size_t Levels>
std::string_view glyph(const std::array<std::string_view, Levels>& glyphs, double share) {
    const auto level = static_cast<std::size_t>(std::ceil(share * static_cast<double>(Levels)));
    return glyphs[std::clamp<std::size_t>(level, 1, Levels) - 1];
}

}  // namespace

std::string sparkline(const std::vector<std::optional<double>>& values, bool unicode) {
    double most = 0;
    for (const auto& value : values) most = std::max(most, value.value_or(0));
    std::string line;
    for (const auto& value : values) {
        if (!value) {
            line += ' ';
        } else if (*value <= 0) {
            line += unicode ? "·" : ".";
        } else {
            line += unicode ? glyph(blocks, *value / most) : glyph(digits, *value / most);
        }
    }
    return line;
}

std::vector<std::optional<double>> squeezed(const std::vector<std::optional<double>>& values, std::size_t columns) {
    const std::size_t each = (values.size() + columns - 1) / std::max<std::size_t>(columns, 1);
    if (each <= 1) return values;
    std::vector<std::optional<double>> fewer;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i % each == 0) fewer.emplace_back();
        if (values[i]) fewer.back() = std::max(fewer.back().value_or(0), *values[i]);
    }
    return fewer;
}

bool locale_is_utf8() {
    const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
    if (locale == nullptr) return false;
    const bool utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
    freelocale(locale);
    return utf8;
}

}  // namespace rstwatch::cli
