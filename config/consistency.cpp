// SPDX-License-Identifier: Apache-2.0
#include "config/consistency.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <variant>

#include "config/schema.h"
#include "config/sink_schema.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

struct OrderedDeadlines {
    std::string_view shorter;
    double Settings::Deadline::*shorter_member;
    std::string_view longer;
    double Settings::Deadline::*longer_member;
    std::string_view reason;
};

using Deadline = Settings::Deadline;

constexpr std::array ordered_deadlines{
    OrderedDeadlines{"deadline.provisional", &Deadline::provisional, "deadline.unanswered", &Deadline::unanswered,
                     "the first verdict comes before the final one"},
    OrderedDeadlines{"deadline.provisional", &Deadline::provisional, "deadline.syn_ack", &Deadline::syn_ack,
                     "the first verdict comes before the final one"},
    OrderedDeadlines{"deadline.early_answer", &Deadline::early_answer, "deadline.provisional", &Deadline::provisional,
                     "an answer that is held for its SYN must not outlast the first verdict"},
};

void check_deadlines(const Settings& settings, std::vector<Conflict>& found) {
    for (const auto& rule : ordered_deadlines) {
        const double shorter = settings.deadline.*rule.shorter_member;
        const double longer = settings.deadline.*rule.longer_member;
        if (shorter <= longer) continue;
        found.push_back({{rule.shorter, rule.longer},
                         std::nullopt,
                         std::string(rule.shorter) + ": " + number(shorter) + " s is more than the " + number(longer) +
                             " s of " + std::string(rule.longer) + ", but " + std::string(rule.reason) +
                             "; lower the one or raise the other"});
    }
}

void check_alert_levels(const Settings& settings, std::vector<Conflict>& found) {
    const auto check = [&](std::string_view lower, double less, std::string_view higher, double more,
                           const std::string& unit = " per second") {
        if (less <= more) return;
        found.push_back({{lower, higher},
                         std::nullopt,
                         std::string(lower) + ": " + number(less) + unit + " is more than the " + number(more) +
                             " of " + std::string(higher) + ", but levels rise; lower the one or raise the other"});
    };
    check("alerts.warn", settings.alerts.warn, "alerts.error", settings.alerts.error);
    check("alerts.error", settings.alerts.error, "alerts.critical", settings.alerts.critical);
    check("baseline.error", settings.baseline.error, "baseline.critical", settings.baseline.critical,
          " standard deviations");
}

// One datagram cannot be asked for two headers.
void check_tunnel_ports(const Settings& settings, std::vector<Conflict>& found) {
    std::map<std::uint16_t, std::string_view> taken;
    for (const Setting& setting : all_settings()) {
        const auto* text = std::get_if<Text>(&setting.kind);
        if (text == nullptr || text->form != &port_list_form) continue;
        for (const std::uint16_t port : ports_of(text->field.read(settings))) {
            const auto [place, is_new] = taken.emplace(port, setting.name);
            if (is_new) continue;
            found.push_back({{place->second, setting.name},
                             std::nullopt,
                             std::string(setting.name) + ": port " + std::to_string(port) + " is in " +
                                 std::string(place->second) + " already; name it once"});
        }
    }
}

// Two files with the same name are possible (the two ports of a TAP saw the same); a device can be opened once only.
void check_repeated_ports(const Settings& settings, std::vector<Conflict>& found) {
    for (auto port = settings.ports.begin(); port != settings.ports.end(); ++port) {
        const bool repeatable = !port->capture.empty() && port->capture != "-";
        if (repeatable || std::find(settings.ports.begin(), port, *port) == port) continue;
        const std::string name = port->pci + port->interface + port->capture + port->vdev;
        found.push_back({{},
                         static_cast<std::size_t>(port - settings.ports.begin()),
                         "port: " + quoted(name) + " is given twice; every packet would count twice: keep one"});
    }
}

// A replay runs on the time of its file, a live port on the machine's: between the two there is no common second.
void check_mixed_ports(const Settings& settings, std::vector<Conflict>& found) {
    const auto capture = std::find_if(settings.ports.begin(), settings.ports.end(),
                                      [](const Port& port) { return !port.capture.empty(); });
    const auto live = std::find_if(settings.ports.begin(), settings.ports.end(),
                                   [](const Port& port) { return !port.pci.empty() || !port.interface.empty(); });
    if (capture == settings.ports.end() || live == settings.ports.end()) return;
    const auto later = std::max(capture, live) - settings.ports.begin();
    found.push_back({{},
                     static_cast<std::size_t>(later),
                     "port: the capture " + quoted(capture->capture) + " and the live port " +
                         quoted(live->pci + live->interface) +
                         " run on different clocks; give captures only or live ports only"});
}

void check_repeated_sinks(const Settings& settings, std::vector<Conflict>& found) {
    for (std::size_t i = 0; i < settings.sinks.size(); ++i) {
        const std::string name = name_of(settings.sinks[i]);
        const auto here = settings.sinks.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::none_of(settings.sinks.begin(), here, [&](const Sink& sink) { return name_of(sink) == name; }))
            continue;
        found.push_back({{},
                         std::nullopt,
                         "sink: " + quoted(name) + " is given twice; every alert would be told twice: keep one",
                         i});
    }
}

}  // namespace

std::vector<Conflict> conflicts(const Settings& settings) {
    std::vector<Conflict> found;
    check_deadlines(settings, found);
    check_alert_levels(settings, found);
    check_tunnel_ports(settings, found);
    check_repeated_ports(settings, found);
    check_mixed_ports(settings, found);
    check_repeated_sinks(settings, found);
    return found;
}

}  // namespace rstwatch::config
