// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/settings.h"
#include "config/text_form.h"

namespace rstwatch::config {

/// The place of one setting in Settings.
template <typename T>
struct Field {
    const T& (*read)(const Settings&);
    T& (*edit)(Settings&);
};

struct Integer {
    Field<std::int64_t> field;
    std::int64_t min;
    std::int64_t max;
    bool power_of_two = false;
};

/// A number of seconds, whole or not.
struct Seconds {
    Field<double> field;
    double min;
    double max;
};

/// Any other number, whole or not.
struct Number {
    Field<double> field;
    double min;
    double max;
};

struct Boolean {
    Field<bool> field;
};

struct Text {
    Field<std::string> field;
    const TextForm* form;
};

struct Choice {
    Field<std::string> field;
    std::span<const std::string_view> choices;
};

using Kind = std::variant<Integer, Seconds, Number, Boolean, Text, Choice>;

/// When a changed setting takes effect.
enum class Effect : std::uint8_t {
    restart,  ///< at the next start
    reload    ///< when the running daemon reads its settings anew, upon SIGHUP
};

/// One row of the schema: all there is to know about one setting. Its default is in Settings.
struct Setting {
    std::string_view name;  ///< section.key
    Kind kind;
    std::string_view unit;     ///< of the number, such as "packets"; empty for none
    std::string_view help;     ///< one line, a sentence without its full stop
    std::string_view details;  ///< sentences for whoever has to choose a value; empty where the help is enough
    Effect effect = Effect::restart;

    [[nodiscard]] std::string_view section() const { return name.substr(0, name.find('.')); }
    [[nodiscard]] std::string_view key() const { return name.substr(name.find('.') + 1); }
};

struct Section {
    std::string_view name;
    std::string_view help;
};

/// One of the keys of a [[port]] table, of which each table has exactly one.
struct PortMember {
    std::string_view name;
    std::string Port::*member;
    const TextForm* form;
    std::string_view help;
    std::string_view example;
};

/// Every setting, those of a section beside each other.
std::span<const Setting> all_settings();
std::span<const Section> all_sections();
std::span<const PortMember> port_members();

/// The row of a dotted name such as "rx.queues"; nullptr where there is none.
const Setting* find_setting(std::string_view name);
const PortMember* find_port_member(std::string_view name);
bool is_section(std::string_view name);

/// What a setting may be, as in "give ...": "an integer from 1 to 64".
std::string limits(const Setting& setting);

}  // namespace rstwatch::config
