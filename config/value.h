// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "config/schema.h"
#include "config/settings.h"

namespace rstwatch::config {

/// A value of a kind that no setting has.
struct Unsuitable {
    std::string_view kind;  ///< as in "is ...": "an array"
};

/// What somebody wrote behind a key.
using Value = std::variant<std::int64_t, double, bool, std::string, Unsuitable>;

/// Puts a value into its field. Where the value will not do, the settings stay as they are and the answer says what is
/// wrong and what to give instead: `65 is out of range; give an integer from 1 to 64`.
[[nodiscard]] std::optional<std::string> store(Settings& settings, const Setting& setting, const Value& value);
[[nodiscard]] std::optional<std::string> store(Port& port, const PortMember& member, const Value& value);

/// Says of a value what kind it has, and that `wanted` is to be given instead.
std::string wrong_kind(const Value& value, std::string_view wanted);

Value value_of(const Settings& settings, const Setting& setting);

/// The value as TOML writes it.
std::string literal(const Value& value);

/// The same for a message, cut where it is long.
std::string shown(const Value& value);

/// A name as it is where TOML needs no quotes for it, else as `shown` gives it.
std::string shown_name(const std::string& name);

/// A text with its control characters (C0, DEL, C1: ECMA-48 section 5) and the bytes that are not UTF-8 escaped, so
/// that a message stays on one line and does nothing to a terminal.
std::string printable(std::string_view text);

/// A number in the fewest digits that give it back: "0.005", "3".
std::string number(double value);

/// A text in double quotes, escaped as TOML and JSON both read it.
std::string quoted(std::string_view text);

}  // namespace rstwatch::config
