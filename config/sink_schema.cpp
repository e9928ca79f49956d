// SPDX-License-Identifier: Apache-2.0
#include "config/sink_schema.h"

#include <algorithm>
#include <array>

#include "config/overload.h"
#include "config/url.h"

namespace rstwatch::config {
namespace {

using Fault = std::optional<std::string>;

Fault fault_of(const std::variant<Target, std::string>& parsed) {
    const auto* fault = std::get_if<std::string>(&parsed);
    return fault == nullptr ? Fault() : *fault;
}

Fault url_fault(std::string_view text) {
    return fault_of(parse_http_url(text));
}

Fault syslog_fault(std::string_view text) {
    return fault_of(parse_syslog_target(text));
}

Fault level_fault(std::string_view text) {
    if (text == "warn" || text == "error" || text == "critical") return std::nullopt;
    return "is not among the choices";
}

constexpr TextForm url_form{
    "an http URL such as http://127.0.0.1:9093 (what speaks https is reached through a TLS proxy on this machine)",
    url_fault};
constexpr TextForm syslog_form{"\"local\", a socket such as unix:/run/log or an address such as udp://10.0.0.9:514",
                               syslog_fault};
constexpr TextForm level_form{"\"warn\", \"error\" or \"critical\"", level_fault};

constexpr std::array members{
    SinkMember{"alertmanager", &Sink::alertmanager, true, &url_form, 0, 0, "A Prometheus Alertmanager, by its URL",
               "Alerts are posted to /api/v2/alerts below it, and again while they last.", "\"http://127.0.0.1:9093\""},
    SinkMember{"webhook", &Sink::webhook, true, &url_form, 0, 0, "A URL to which each event is posted as JSON",
               "The content is {\"event\", \"alert\"}, the alert as in REST.", "\"http://127.0.0.1:8080/alerts\""},
    SinkMember{"syslog", &Sink::syslog, true, &syslog_form, 0, 0, "A syslog daemon, spoken to as RFC 5424 has it",
               "\"local\" is /dev/log.", "\"local\""},
    SinkMember{"journal", &Sink::journal, true, nullptr, 0, 0, "The journal of systemd, with fields RSTWATCH_*",
               "\"journalctl RSTWATCH_SUBJECT=10.0.0.1:80\" finds what was said of one subject.", "true"},
    SinkMember{"minimum_level", &Sink::minimum_level, false, &level_form, 0, 0,
               "Alerts that never reach this level are not told", "", "\"warn\""},
    SinkMember{"timeout", &Sink::timeout, false, nullptr, 0.1, 60, "Time in which one delivery must be accepted",
               "After it, it is tried again.", "5"},
    SinkMember{"backlog", &Sink::backlog, false, nullptr, 1, 65536, "Alerts that wait for delivery",
               "Of each the latest state alone is kept. Beyond it the oldest are dropped, which is counted.", "256"},
    SinkMember{
        "repeat", &Sink::repeat, false, nullptr, 1, 3600,
        "Pause after which an alert that lasts is posted again, to an Alertmanager only",
        "An Alertmanager takes for ended what it does not hear of for its resolve_timeout, 5 minutes by default.",
        "60"},
};

}  // namespace

std::span<const SinkMember> sink_members() {
    return members;
}

const SinkMember* find_sink_member(std::string_view name) {
    const auto* const found =
        std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.name == name; });
    return found == members.end() ? nullptr : found;
}

std::string limits(const SinkMember& member) {
    const std::string range = number(member.min) + " to " + number(member.max);
    return std::visit(Overload{
                          [&](std::string Sink::*) { return std::string(member.form->wanted); },
                          [](bool Sink::*) { return std::string("true"); },
                          [&](std::int64_t Sink::*) { return "an integer from " + range; },
                          [&](double Sink::*) { return "seconds from " + range; },
                      },
                      member.member);
}

Fault store(Sink& sink, const SinkMember& member, const Value& value) {
    const auto refused = [&](std::string_view why) {
        return shown(value) + std::string(why) + "; give " + limits(member);
    };
    return std::visit(Overload{
                          [&](std::string Sink::*field) -> Fault {
                              const auto* text = std::get_if<std::string>(&value);
                              if (text == nullptr) return wrong_kind(value, limits(member));
                              if (const Fault fault = member.form->fault(*text)) return refused(' ' + *fault);
                              sink.*field = *text;
                              return std::nullopt;
                          },
                          [&](bool Sink::*field) -> Fault {
                              const auto* truth = std::get_if<bool>(&value);
                              if (truth == nullptr) return wrong_kind(value, limits(member));
                              if (!*truth) return refused(" is not true");
                              sink.*field = true;
                              return std::nullopt;
                          },
                          [&](std::int64_t Sink::*field) -> Fault {
                              const auto* whole = std::get_if<std::int64_t>(&value);
                              if (whole == nullptr) return wrong_kind(value, limits(member));
                              if (static_cast<double>(*whole) < member.min || static_cast<double>(*whole) > member.max)
                                  return refused(" is out of range");
                              sink.*field = *whole;
                              return std::nullopt;
                          },
                          [&](double Sink::*field) -> Fault {
                              const auto* whole = std::get_if<std::int64_t>(&value);
                              const auto* fraction = std::get_if<double>(&value);
                              if (whole == nullptr && fraction == nullptr) return wrong_kind(value, limits(member));
                              const double given = whole != nullptr ? static_cast<double>(*whole) : *fraction;
                              // Written so that not-a-number is out of range as well.
                              if (!(given >= member.min && given <= member.max)) return refused(" is out of range");
                              sink.*field = given;
                              return std::nullopt;
                          },
                      },
                      member.member);
}

std::string name_of(const Sink& sink) {
    if (!sink.alertmanager.empty()) return "alertmanager " + sink.alertmanager;
    if (!sink.webhook.empty()) return "webhook " + sink.webhook;
    if (!sink.syslog.empty()) return "syslog " + sink.syslog;
    return "journal";
}

}  // namespace rstwatch::config
