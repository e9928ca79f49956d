// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>

#include "config/overload.h"
#include "config/suggest.h"
#include "config/text_scan.h"

namespace rstwatch::config {
namespace {

using Fault = std::optional<std::string>;

// A message stays readable when somebody pastes a whole file into a string.
constexpr std::size_t longest_shown = 80;

std::string kind_of(const Value& value) {
    return std::visit(Overload{
                          [](std::int64_t) -> std::string { return "an integer"; },
                          [](double) -> std::string { return "a float"; },
                          [](bool) -> std::string { return "a boolean"; },
                          [](const std::string&) -> std::string { return "a string"; },
                          [](Unsuitable other) { return std::string(other.kind); },
                      },
                      value);
}

Fault store_integer(Settings& settings, const Setting& setting, const Integer& kind, const Value& value) {
    const auto* given = std::get_if<std::int64_t>(&value);
    if (given == nullptr) return wrong_kind(value, limits(setting));
    if (*given < kind.min || *given > kind.max)
        return std::to_string(*given) + " is out of range; give " + limits(setting);
    if (kind.power_of_two && !std::has_single_bit(static_cast<std::uint64_t>(*given)))
        return std::to_string(*given) + " is not a power of two; give " + limits(setting) + ", such as " +
               std::to_string(std::bit_ceil(static_cast<std::uint64_t>(*given)));
    kind.field.edit(settings) = *given;
    return std::nullopt;
}

template <typename Kind>  // Seconds or Number
Fault store_number(Settings& settings, const Setting& setting, const Kind& kind, const Value& value) {
    double given = 0;
    if (const auto* whole = std::get_if<std::int64_t>(&value))
        given = static_cast<double>(*whole);
    else if (const auto* fraction = std::get_if<double>(&value))
        given = *fraction;
    else
        return wrong_kind(value, limits(setting));
    // Written so that not-a-number is out of range as well.
    if (!(given >= kind.min && given <= kind.max)) return shown(value) + " is out of range; give " + limits(setting);
    kind.field.edit(settings) = given;
    return std::nullopt;
}

Fault store_boolean(Settings& settings, const Setting& setting, const Boolean& kind, const Value& value) {
    const auto* given = std::get_if<bool>(&value);
    if (given == nullptr) return wrong_kind(value, limits(setting));
    kind.field.edit(settings) = *given;
    return std::nullopt;
}

Fault text_fault(const TextForm& form, const Value& value) {
    const auto* given = std::get_if<std::string>(&value);
    if (given == nullptr) return wrong_kind(value, form.wanted);
    if (const auto fault = form.fault(*given))
        return shown(value) + ' ' + *fault + "; give " + std::string(form.wanted);
    return std::nullopt;
}

Fault store_choice(Settings& settings, const Setting& setting, const Choice& kind, const Value& value) {
    const auto* given = std::get_if<std::string>(&value);
    if (given == nullptr) return wrong_kind(value, limits(setting));
    if (std::find(kind.choices.begin(), kind.choices.end(), *given) == kind.choices.end()) {
        const auto close = nearest(*given, kind.choices);
        return shown(value) + " is not among the choices; give " + limits(setting) +
               (close.empty() ? "" : "; did you mean " + quoted(close) + '?');
    }
    kind.field.edit(settings) = *given;
    return std::nullopt;
}

}  // namespace

std::string wrong_kind(const Value& value, std::string_view wanted) {
    const std::string remedy = "; give " + std::string(wanted);
    if (std::holds_alternative<Unsuitable>(value)) return "this is " + kind_of(value) + remedy;
    return shown(value) + " is " + kind_of(value) + remedy;
}

Fault store(Settings& settings, const Setting& setting, const Value& value) {
    return std::visit(Overload{
                          [&](const Integer& kind) { return store_integer(settings, setting, kind, value); },
                          [&](const Seconds& kind) { return store_number(settings, setting, kind, value); },
                          [&](const Number& kind) { return store_number(settings, setting, kind, value); },
                          [&](const Boolean& kind) { return store_boolean(settings, setting, kind, value); },
                          [&](const Choice& kind) { return store_choice(settings, setting, kind, value); },
                          [&](const Text& kind) {
                              auto fault = text_fault(*kind.form, value);
                              if (!fault) kind.field.edit(settings) = std::get<std::string>(value);
                              return fault;
                          },
                      },
                      setting.kind);
}

Fault store(Port& port, const PortMember& member, const Value& value) {
    auto fault = text_fault(*member.form, value);
    if (!fault) port.*member.member = std::get<std::string>(value);
    return fault;
}

Value value_of(const Settings& settings, const Setting& setting) {
    return std::visit([&](const auto& kind) { return Value(kind.field.read(settings)); }, setting.kind);
}

std::string literal(const Value& value) {
    return std::visit(Overload{
                          [](std::int64_t whole) { return std::to_string(whole); },
                          [](double fraction) { return number(fraction); },
                          [](bool truth) -> std::string { return truth ? "true" : "false"; },
                          [](const std::string& text) { return quoted(text); },
                          [](Unsuitable other) { return std::string(other.kind); },
                      },
                      value);
}

std::string shown(const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr || text->size() <= longest_shown) return literal(value);
    std::size_t end = longest_shown;
    // Cutting within a UTF-8 sequence would make the message itself malformed.
    while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xc0) == 0x80) --end;
    return quoted(text->substr(0, end)) + "...";
}

std::string number(double value) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), end};
}

std::string shown_name(const std::string& name) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const bool is_plain = !name.empty() && name.find_first_not_of(plain) == std::string::npos;
    return is_plain && name.size() <= longest_shown ? name : shown(name);
}

std::string printable(std::string_view text) {
    constexpr std::string_view hexadecimal = "0123456789abcdef";
    std::string result;
    while (!text.empty()) {
        const auto first = static_cast<unsigned char>(text[0]);
        const std::size_t length = character_length(text);
        const auto last = static_cast<unsigned char>(text[std::max<std::size_t>(length, 1) - 1]);
        // U+0080 to U+009F are C2 and the number itself.
        const bool is_control = first < 0x20 || first == 0x7f || (first == 0xc2 && length == 2 && last < 0xa0);
        if (length > 0 && !is_control) {
            result += text.substr(0, length);
        } else {
            result += length > 0 ? "\\u00" : "\\x";
            result += hexadecimal[last >> 4];
            result += hexadecimal[last & 15];
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

std::string quoted(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return '"' + printable(escaped) + '"';
}

}  // namespace rstwatch::config
