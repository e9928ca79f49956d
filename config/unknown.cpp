// SPDX-License-Identifier: Apache-2.0
#include "config/unknown.h"

#include <vector>

#include "config/schema.h"
#include "config/sink_schema.h"
#include "config/suggest.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

std::vector<std::string_view> section_names() {
    std::vector<std::string_view> names;
    for (const auto& section : all_sections()) names.push_back(section.name);
    names.emplace_back("port");
    names.emplace_back("sink");
    return names;
}

std::vector<std::string_view> keys_of(std::string_view section) {
    std::vector<std::string_view> keys;
    for (const auto& setting : all_settings())
        if (setting.section() == section) keys.push_back(setting.key());
    return keys;
}

std::vector<std::string_view> port_member_names() {
    std::vector<std::string_view> names;
    for (const auto& member : port_members()) names.push_back(member.name);
    return names;
}

std::vector<std::string_view> sink_member_names() {
    std::vector<std::string_view> names;
    for (const auto& member : sink_members()) names.push_back(member.name);
    return names;
}

std::string list(const std::vector<std::string_view>& names) {
    std::string text;
    for (const auto name : names) text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

std::string header(std::string_view section) {
    return section == "port" || section == "sink" ? "[[" + std::string(section) + "]]"
                                                  : '[' + std::string(section) + ']';
}

}  // namespace

std::string unknown_setting(std::string_view dotted) {
    const std::string start = shown_name(std::string(dotted)) + ": unknown setting; ";
    if (const auto close = nearest_settings(dotted); !close.empty()) return start + "did you mean " + close + '?';
    const auto section = dotted.substr(0, dotted.find('.'));
    if (is_section(section) && section != dotted) return start + header(section) + " has " + list(keys_of(section));
    return start + "the sections are " + list(section_names());
}

std::string unknown_section(std::string_view name) {
    const std::string start = shown_name(std::string(name)) + ": unknown section; ";
    if (const auto close = nearest_section(name); !close.empty()) return start + "did you mean " + header(close) + '?';
    return start + "the sections are " + list(section_names());
}

std::string unknown_port_member(std::string_view name) {
    const std::string start = shown_name("port." + std::string(name)) + ": unknown setting; ";
    const auto names = port_member_names();
    if (const auto close = nearest(name, names); !close.empty())
        return start + "did you mean port." + std::string(close) + '?';
    return start + "[[port]] has " + list(names);
}

std::string unknown_sink_member(std::string_view name) {
    const std::string start = shown_name("sink." + std::string(name)) + ": unknown setting; ";
    const auto names = sink_member_names();
    if (const auto close = nearest(name, names); !close.empty())
        return start + "did you mean sink." + std::string(close) + '?';
    return start + "[[sink]] has " + list(names);
}

std::string_view nearest_section(std::string_view name) {
    return nearest(name, section_names());
}

}  // namespace rstwatch::config
