// SPDX-License-Identifier: Apache-2.0
#include "config/toml_value.h"

#include <algorithm>
#include <string>

namespace rstwatch::config {

Value to_value(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::integer:
            return node.as_integer()->get();
        case toml::node_type::floating_point:
            return node.as_floating_point()->get();
        case toml::node_type::boolean:
            return node.as_boolean()->get();
        case toml::node_type::string:
            return node.as_string()->get();
        case toml::node_type::table:
            return Unsuitable{"a table"};
        case toml::node_type::array:
            return Unsuitable{"an array"};
        default:
            return Unsuitable{"a date or time"};
    }
}

std::optional<Value> parse_literal(std::string_view text) {
    if (text.starts_with('[')) return Unsuitable{"an array"};
    if (text.starts_with('{')) return Unsuitable{"a table"};
    // A line break would end the value and begin other statements.
    const bool one_value = std::none_of(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
    if (!one_value) return std::nullopt;
    try {
        const toml::table table = toml::parse("value = " + std::string(text));
        return to_value(*table.get("value"));
    } catch (const toml::parse_error&) {
        return std::nullopt;
    }
}

}  // namespace rstwatch::config
