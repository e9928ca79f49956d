// SPDX-License-Identifier: Apache-2.0
#include "config/loader.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <system_error>
#include <tuple>
#include <utility>

#include "config/consistency.h"
#include "config/recovery.h"
#include "config/schema.h"
#include "config/sink_schema.h"
#include "config/text_file.h"
#include "config/toml_value.h"
#include "config/unknown.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

// What has no place, such as the command line, comes last.
bool comes_before(const Diagnostic& a, const Diagnostic& b) {
    const auto order = [](Place place) { return std::tuple(place.line == 0, place.line, place.column); };
    return order(a.place) < order(b.place);
}

class Loader {
  public:
    explicit Loader(const std::string& source) : source_(source) {}

    LoadResult run(std::string_view text, std::span<const Override> overrides) {
        read_text(text);
        for (const Override& given : overrides) take_override(given);
        check_together();
        std::stable_sort(result_.errors.begin(), result_.errors.end(), comes_before);
        return std::move(result_);
    }

  private:
    void read_text(std::string_view text);
    void read_top_level(const Recovered& file);
    void read_named(std::string_view name, const toml::key& key, const toml::node& node);
    void read_section(std::string_view section, const toml::key& key, const toml::node& node);
    void read_setting(std::string_view name, const toml::key& key, const toml::node& node);
    void read_ports(const toml::key& key, const toml::node& node);
    void read_port(const toml::table& table, Place place);
    void read_sinks(const toml::key& key, const toml::node& node);
    void read_sink(const toml::table& table, Place place);
    void take_override(const Override& given);
    void check_together();
    void report(Place place, std::string message) { result_.errors.push_back({source_, place, std::move(message)}); }

    struct Origin {
        std::string source;
        Place place;
    };

    const std::string& source_;
    LoadResult result_;
    std::map<std::string, Origin, std::less<>> origins_;  ///< of every setting that somebody gave
    std::vector<Place> port_places_;                      ///< of each of the settings' ports
    std::vector<Place> sink_places_;                      ///< of each of the settings' sinks
};

void Loader::read_text(std::string_view text) {
    if (text.size() > largest_file) {
        report({}, "is larger than " + std::to_string(largest_file / 1024) +
                       " KiB; give a file of settings, such as the sample rstwatch.toml");
        return;
    }
    // UTF-16 is full of them, and every line of it would be an error of its own.
    if (text.find('\0') != std::string_view::npos) {
        report({}, "contains zero bytes: it is not text or is UTF-16; save it as UTF-8");
        return;
    }
    Recovered file = parse_with_recovery(text, source_);
    result_.errors = std::move(file.errors);
    if (file.complete) read_top_level(file);
}

void Loader::read_top_level(const Recovered& file) {
    for (const auto& [key, node] : file.table) {
        const auto stand_in = file.stand_ins.find(key.str());
        if (stand_in == file.stand_ins.end()) {
            read_named(key.str(), key, node);
        } else if (stand_in->second == "port") {
            if (const auto* table = node.as_table()) read_port(*table, to_place(key.source()));
        } else if (stand_in->second == "sink") {
            if (const auto* table = node.as_table()) read_sink(*table, to_place(key.source()));
        } else if (is_section(stand_in->second)) {
            read_section(stand_in->second, key, node);
        }
    }
}

// Below a misspelt header the settings are checked as if it were right: the reader has to mend both.
void Loader::read_named(std::string_view name, const toml::key& key, const toml::node& node) {
    if (name == "port") {
        read_ports(key, node);
    } else if (name == "sink") {
        read_sinks(key, node);
    } else if (is_section(name)) {
        read_section(name, key, node);
    } else if (!node.is_table() && !node.is_array_of_tables()) {
        report(to_place(key.source()), unknown_setting(name));
    } else {
        report(to_place(key.source()), unknown_section(name));
        if (const auto close = nearest_section(name); !close.empty()) read_named(close, key, node);
    }
}

void Loader::read_section(std::string_view section, const toml::key& key, const toml::node& node) {
    const std::string name(section);
    const auto* table = node.as_table();
    if (table == nullptr) {
        report(to_place(key.source()),
               name + ": is one section; write [" + name + "] on a line of its own and its settings below it");
        return;
    }
    for (const auto& [setting, value] : *table) read_setting(name + '.' + std::string(setting.str()), setting, value);
}

void Loader::read_setting(std::string_view name, const toml::key& key, const toml::node& node) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) {
        report(to_place(key.source()), unknown_setting(name));
        return;
    }
    origins_[std::string(name)] = {source_, to_place(key.source())};
    if (const auto fault = store(result_.settings, *setting, to_value(node)))
        report(to_place(node.source()), std::string(name) + ": " + *fault);
}

void Loader::read_ports(const toml::key& key, const toml::node& node) {
    const auto* array = node.as_array();
    if (array == nullptr) {
        report(to_place(key.source()), "port: is a list; write [[port]] on a line of its own for each port");
        if (const auto* table = node.as_table()) read_port(*table, to_place(key.source()));
        return;
    }
    for (const auto& element : *array) {
        const Place place = to_place(element.source());
        if (const auto* table = element.as_table())
            read_port(*table, place);
        else
            report(place, "port: " + shown(to_value(element)) +
                              " is not a port; write [[port]] on a line of its own and below it interface = \"eth1\"");
    }
}

void Loader::read_port(const toml::table& table, Place place) {
    Port port;
    std::string given;
    std::size_t members = 0;
    for (const auto& [key, node] : table) {
        const PortMember* member = find_port_member(key.str());
        if (member == nullptr) {
            report(to_place(key.source()), unknown_port_member(key.str()));
            continue;
        }
        given += (members++ == 0 ? "" : " and ") + std::string(member->name);
        if (const auto fault = store(port, *member, to_value(node)))
            report(to_place(node.source()), "port." + std::string(member->name) + ": " + *fault);
    }
    if (members > 1) report(place, "port: has " + given + "; give one of them, and a [[port]] of its own for each");
    // A misspelt key says enough by itself.
    if (members == 0 && table.empty())
        report(place, "port: has nothing to receive from; give one of pci, interface, capture, vdev");
    if (members != 1 || port == Port{}) return;
    result_.settings.ports.push_back(std::move(port));
    port_places_.push_back(place);
}

void Loader::read_sinks(const toml::key& key, const toml::node& node) {
    const auto* array = node.as_array();
    if (array == nullptr) {
        report(to_place(key.source()), "sink: is a list; write [[sink]] on a line of its own for each sink");
        if (const auto* table = node.as_table()) read_sink(*table, to_place(key.source()));
        return;
    }
    for (const auto& element : *array) {
        const Place place = to_place(element.source());
        if (const auto* table = element.as_table())
            read_sink(*table, place);
        else
            report(place, "sink: " + shown(to_value(element)) +
                              " is not a sink; write [[sink]] on a line of its own and below it syslog = \"local\"");
    }
}

void Loader::read_sink(const toml::table& table, Place place) {
    Sink sink;
    std::string targets;
    std::size_t count = 0;
    bool sound = true;
    for (const auto& [key, node] : table) {
        const SinkMember* member = find_sink_member(key.str());
        if (member == nullptr) {
            report(to_place(key.source()), unknown_sink_member(key.str()));
            sound = false;
            continue;
        }
        if (member->is_target) targets += (count++ == 0 ? "" : " and ") + std::string(member->name);
        if (const auto fault = store(sink, *member, to_value(node))) {
            report(to_place(node.source()), "sink." + std::string(member->name) + ": " + *fault);
            sound = false;
        }
    }
    if (count > 1) report(place, "sink: has " + targets + "; give one of them, and a [[sink]] of its own for each");
    // A misspelt key says enough by itself.
    if (count == 0 && sound) report(place, "sink: leads nowhere; give one of alertmanager, webhook, syslog, journal");
    if (count != 1 || !sound) return;
    result_.settings.sinks.push_back(std::move(sink));
    sink_places_.push_back(place);
}

void Loader::take_override(const Override& given) {
    if (auto error = apply_override(result_.settings, given))
        result_.errors.push_back(std::move(*error));
    else
        origins_[override_key(given.assignment)] = {given.option, {}};
}

// A conflict is shown where one of its settings was given: the last word of the command line before the file.
void Loader::check_together() {
    for (auto& conflict : conflicts(result_.settings)) {
        Origin origin{source_, conflict.port   ? port_places_[*conflict.port]
                               : conflict.sink ? sink_places_[*conflict.sink]
                                               : Place{}};
        for (const auto name : conflict.settings) {
            const auto found = origins_.find(name);
            if (found == origins_.end()) continue;
            origin = found->second;
            break;
        }
        result_.errors.push_back({std::move(origin.source), origin.place, std::move(conflict.message)});
    }
}

LoadResult failed(const std::string& source, std::string message) {
    LoadResult result;
    result.errors.push_back({source, {}, std::move(message)});
    return result;
}

}  // namespace

LoadResult load_text(std::string_view text, const std::string& source, std::span<const Override> overrides) {
    try {
        return Loader(source).run(text, overrides);
    } catch (const std::exception& error) {
        return failed(source, std::string("cannot be loaded: ") + error.what());
    }
}

LoadResult load_file(const std::string& path, std::span<const Override> overrides) {
    const TextFile file = read_text_file(path);
    if (file.error != 0)
        return failed(path, "cannot be read: " + std::generic_category().message(file.error) +
                                "; create it, mend its permissions or name another with --config");
    return load_text(file.text, path, overrides);
}

}  // namespace rstwatch::config
