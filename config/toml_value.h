// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <toml++/toml.h>

#include <optional>
#include <string_view>

#include "config/diagnostic.h"
#include "config/value.h"

namespace rstwatch::config {

Value to_value(const toml::node& node);

inline Place to_place(const toml::source_region& region) {
    return {region.begin.line, region.begin.column};
}

/// The value that a text such as `2`, `0x10`, `1_000` or `"poll"` stands for; nothing where TOML knows no such value.
std::optional<Value> parse_literal(std::string_view text);

}  // namespace rstwatch::config
