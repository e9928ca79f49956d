// SPDX-License-Identifier: Apache-2.0
#include "config/override.h"

#include <variant>

#include "config/schema.h"
#include "config/text_scan.h"
#include "config/toml_value.h"
#include "config/unknown.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

bool wants_text(const Setting& setting) {
    return std::holds_alternative<Text>(setting.kind) || std::holds_alternative<Choice>(setting.kind);
}

// Text is taken as it stands, "10.1" and "true" included, unless it has quotes of its own.
Value typed(const Setting& setting, const std::string& text) {
    const bool has_quotes = text.starts_with('"') || text.starts_with('\'');
    if (wants_text(setting) && !has_quotes) return text;
    if (auto value = parse_literal(text)) return *value;
    return text;
}

std::string not_settable(const std::string& key) {
    if (key == "port" || key.starts_with("port."))
        return "port: is not a single setting; use --interface, --pci or --capture, or [[port]] in a file";
    if (key == "sink" || key.starts_with("sink.")) return "sink: is not a single setting; use [[sink]] in a file";
    return unknown_setting(key);
}

}  // namespace

std::string override_key(std::string_view assignment) {
    return trimmed(assignment.substr(0, assignment.find('=')));
}

std::optional<Diagnostic> apply_override(Settings& settings, const Override& given) {
    const auto error = [&](std::string message) { return Diagnostic{given.option, {}, std::move(message)}; };
    const auto equals = given.assignment.find('=');
    if (equals == std::string::npos)
        return error(quoted(given.assignment) + " has no value; give KEY=VALUE such as rx.queues=2");
    const std::string key = override_key(given.assignment);
    const Setting* setting = find_setting(key);
    if (setting == nullptr) return error(not_settable(key));
    const auto fault = store(settings, *setting, typed(*setting, trimmed(given.assignment.substr(equals + 1))));
    if (fault) return error(key + ": " + *fault);
    return std::nullopt;
}

std::optional<Diagnostic> apply_override(Settings& settings, std::string_view assignment) {
    return apply_override(settings, Override{std::string(assignment)});
}

}  // namespace rstwatch::config
