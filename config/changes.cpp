// SPDX-License-Identifier: Apache-2.0
#include "config/changes.h"

#include <variant>

#include "config/sink_schema.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

std::string names_of(const std::vector<Port>& ports) {
    std::string text;
    for (const Port& port : ports)
        text += (text.empty() ? "" : ", ") + port.pci + port.interface + port.capture + port.vdev;
    return text.empty() ? "none" : text;
}

std::string names_of(const std::vector<Sink>& sinks) {
    std::string text;
    for (const Sink& sink : sinks) text += (text.empty() ? "" : ", ") + name_of(sink);
    return text.empty() ? "none" : text;
}

}  // namespace

std::vector<Change> changes(const Settings& from, const Settings& to) {
    std::vector<Change> found;
    for (const Setting& setting : all_settings()) {
        std::string before = literal(value_of(from, setting)), after = literal(value_of(to, setting));
        if (before != after)
            found.push_back({std::string(setting.name), std::move(before), std::move(after), setting.effect});
    }
    if (from.ports != to.ports) found.push_back({"port", names_of(from.ports), names_of(to.ports), Effect::restart});
    if (from.sinks != to.sinks) found.push_back({"sink", names_of(from.sinks), names_of(to.sinks), Effect::reload});
    return found;
}

Settings reloaded(Settings running, const Settings& wanted) {
    for (const Setting& setting : all_settings())
        if (setting.effect == Effect::reload)
            std::visit([&](const auto& kind) { kind.field.edit(running) = kind.field.read(wanted); }, setting.kind);
    running.sinks = wanted.sinks;
    return running;
}

}  // namespace rstwatch::config
