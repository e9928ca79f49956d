// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <variant>

#include "config/schema.h"
#include "config/sink_schema.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

constexpr std::size_t page_width = 100;

std::string default_of(const Setting& setting) {
    return literal(value_of(Settings{}, setting));
}

// Left out where the limits say it already.
std::string unit_of(const Setting& setting) {
    if (setting.unit.empty() || std::holds_alternative<Seconds>(setting.kind)) return {};
    return " (" + std::string(setting.unit == "s" ? "seconds" : setting.unit) + ')';
}

std::string limits_sentence(const Setting& setting) {
    return "Value: " + limits(setting) + unit_of(setting) + '.';
}

std::string effect_sentence(const Setting& setting) {
    return setting.effect == Effect::reload ? "Taken over by a reload." : "Needs a restart.";
}

std::string sentences(std::initializer_list<std::string_view> all) {
    std::string text;
    for (const auto sentence : all) {
        if (!text.empty() && !sentence.empty()) text += ' ';
        text += sentence;
    }
    return text;
}

// Breaks a paragraph into comment lines.
std::string comment(std::string_view text) {
    std::string result;
    std::string line = "#";
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        if (line.size() + 1 + word.size() > page_width) {
            result += line + '\n';
            line.assign(1, '#');
        }
        line += ' ' + std::string(word);
        text.remove_prefix(word.size() == text.size() ? word.size() : word.size() + 1);
    }
    return result + line + '\n';
}

std::string sample_setting(const Setting& setting) {
    return '\n' + comment(sentences({std::string(setting.help) + '.', setting.details})) +
           comment(sentences({limits_sentence(setting), effect_sentence(setting)})) + '#' + std::string(setting.key()) +
           " = " + default_of(setting) + '\n';
}

std::string sample_port(const PortMember& member) {
    return '\n' + comment(std::string(member.help) + '.') + "#[[port]]\n#" + std::string(member.name) + " = " +
           quoted(member.example) + '\n';
}

// The first target with all that any may have, the others alone.
std::string sample_sink(const SinkMember& target) {
    std::string text = '\n' + comment(sentences({std::string(target.help) + '.', target.details})) + "#[[sink]]\n#" +
                       std::string(target.name) + " = " + std::string(target.example) + '\n';
    if (&target != &sink_members().front()) return text;
    for (const auto& member : sink_members()) {
        if (member.is_target) continue;
        text += comment(sentences({std::string(member.help) + '.', member.details})) +
                comment("Value: " + limits(member) + '.') + '#' + std::string(member.name) + " = " +
                std::string(member.example) + '\n';
    }
    return text;
}

// In roff a backslash and a minus sign have to be escaped, and so have a dot and a quote at the start of a line.
std::string roff(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\\') {
            result += "\\e";
        } else if (c == '-') {
            result += "\\-";
        } else {
            if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n')) result += "\\&";
            result += c;
        }
    }
    return result;
}

std::string man_setting(const Setting& setting) {
    return ".TP\n.B " + roff(setting.name) + "\n" +
           roff(sentences({std::string(setting.help) + '.', setting.details})) + "\n.br\n" +
           roff(sentences(
               {limits_sentence(setting), "Default: " + default_of(setting) + '.', effect_sentence(setting)})) +
           '\n';
}

std::string man_ports() {
    std::string text;
    for (const auto& member : port_members())
        text += ".TP\n.B " + roff(member.name) + "\n" + roff(member.help) + ".\nSuch as " +
                roff(quoted(member.example)) + ".\n";
    return text;
}

std::string man_sinks() {
    std::string text;
    for (const auto& member : sink_members())
        text += ".TP\n.B " + roff(member.name) + '\n' +
                roff(sentences({std::string(member.help) + '.', member.details})) + "\n.br\n" +
                roff("Value: " + limits(member) + '.' +
                     (member.is_target ? "" : " Default: " + std::string(member.example) + '.')) +
                '\n';
    return text;
}

std::string json_limits(const Integer& kind) {
    return R"("type": "integer", "minimum": )" + std::to_string(kind.min) + R"(, "maximum": )" +
           std::to_string(kind.max);
}

std::string json_limits(const Seconds& kind) {
    return R"("type": "number", "minimum": )" + number(kind.min) + R"(, "maximum": )" + number(kind.max);
}

std::string json_limits(const Number& kind) {
    return R"("type": "number", "minimum": )" + number(kind.min) + R"(, "maximum": )" + number(kind.max);
}

std::string json_limits(const Boolean&) {
    return R"("type": "boolean")";
}

std::string json_limits(const Text&) {
    return R"("type": "string")";
}

std::string json_limits(const Choice& kind) {
    std::string choices;
    for (const auto choice : kind.choices) choices += (choices.empty() ? "" : ", ") + quoted(choice);
    return R"("type": "string", "enum": [)" + choices + ']';
}

std::string json_setting(const Setting& setting) {
    const auto limited = std::visit([](const auto& kind) { return json_limits(kind); }, setting.kind);
    const auto help = sentences(
        {std::string(setting.help) + '.', setting.details, limits_sentence(setting), effect_sentence(setting)});
    return "        " + quoted(setting.key()) + ": {" + limited + R"(, "default": )" + default_of(setting) +
           ",\n            \"description\": " + quoted(help) + '}';
}

std::string json_section(const Section& section) {
    std::string properties;
    for (const auto& setting : all_settings())
        if (setting.section() == section.name) properties += (properties.empty() ? "" : ",\n") + json_setting(setting);
    return "    " + quoted(section.name) + R"(: {"type": "object", "additionalProperties": false, "description": )" +
           quoted(std::string(section.help) + '.') + ", \"properties\": {\n" + properties + "\n    }}";
}

std::string json_ports() {
    std::string members;
    for (const auto& member : port_members())
        members += (members.empty() ? "" : ",\n") + std::string("        ") + quoted(member.name) +
                   R"(: {"type": "string", "minLength": 1, "description": )" + quoted(std::string(member.help) + '.') +
                   '}';
    return R"(    "port": {"type": "array", "items": {"type": "object", "additionalProperties": false,)"
           "\n        \"minProperties\": 1, \"maxProperties\": 1, \"properties\": {\n" +
           members + "\n    }}}";
}

std::string json_type(const SinkMember& member) {
    if (std::holds_alternative<bool Sink::*>(member.member)) return R"("const": true)";
    if (std::holds_alternative<std::string Sink::*>(member.member)) return R"("type": "string")";
    const bool whole = std::holds_alternative<std::int64_t Sink::*>(member.member);
    return R"("type": ")" + std::string(whole ? "integer" : "number") + R"(", "minimum": )" + number(member.min) +
           R"(, "maximum": )" + number(member.max);
}

std::string json_sinks() {
    std::string members;
    std::string targets;
    for (const auto& member : sink_members()) {
        members +=
            (members.empty() ? "" : ",\n") + std::string("        ") + quoted(member.name) + ": {" + json_type(member) +
            R"(, "description": )" +
            quoted(sentences({std::string(member.help) + '.', member.details, "Value: " + limits(member) + '.'})) + '}';
        if (member.is_target)
            targets += (targets.empty() ? "" : ", ") + std::string(R"({"required": [)") + quoted(member.name) + "]}";
    }
    return R"(    "sink": {"type": "array", "items": {"type": "object", "additionalProperties": false,)"
           "\n        \"oneOf\": [" +
           targets + "],\n        \"properties\": {\n" + members + "\n    }}}";
}

constexpr std::string_view man_head = R"(.\" SPDX-License-Identifier: Apache-2.0
.\" Written by generate_reference from config/schema.cpp.
.TH RSTWATCH.TOML 5 "" rstwatch "File Formats"
.SH NAME
rstwatch.toml \- settings of rstwatchd(8)
.SH DESCRIPTION
.BR rstwatchd (8)
reads its settings from a file in TOML (https://toml.io) that
.B \-\-config
names.
Every setting has a default; without a file the defaults serve.
A setting may also be given on the command line as
.BR \-\-set " " \fISECTION.KEY\fR=\fIVALUE\fR ,
which wins over the file.
.PP
Unknown names, values of the wrong kind and values out of range are errors.
.B rstwatchd \-\-check\-config
reports all of them at once, each with its line and column, what is possible instead and the nearest name there is.
.PP
On
.B SIGHUP
a running
.BR rstwatchd (8)
reads the file anew.
Settings that are
.I taken over by a reload
then take effect, as do the sinks; the others, and the ports,
.I need a restart
and are named in the log and by
.BR "rstwatch status" .
If anything is wrong, all settings stay as they are.
)";

constexpr std::string_view man_ports_head = R"(.SH PORTS
Each
.B [[port]]
table is one thing to receive packets from, and has exactly one of these keys.
Several ports are watched together, as the two ports of a TAP are; several captures are merged by their time stamps.
Captures and live ports cannot be given together.
)";

constexpr std::string_view man_sinks_head = R"(.SH SINKS
Each
.B [[sink]]
table is one place that is told of alerts, and has exactly one of the first four keys.
What cannot be delivered is tried again after 1 s, then after twice as long each time, up to a minute; meanwhile the
latest state of each alert is kept.
.B rstwatch status
shows how each of them does.
)";

constexpr std::string_view man_tail = R"(.SH EXAMPLES
Two ports of an optical TAP, four cores:
.PP
.nf
.RS 4
[rx]
queues = 4
idle = "poll"

[[port]]
pci = "0000:3b:00.0"

[[port]]
pci = "0000:3b:00.1"
.RE
.fi
.PP
A mirror port on an ordinary interface, with room for more connections:
.PP
.nf
.RS 4
[tracking]
connections = 1048576

[[port]]
interface = "eth1"
.RE
.fi
.PP
Alerts to an Alertmanager, and the grave ones to the journal:
.PP
.nf
.RS 4
[[sink]]
alertmanager = "http://127.0.0.1:9093"

[[sink]]
journal = true
minimum_level = "critical"
.RE
.fi
.SH FILES
.TP
.I /etc/rstwatch/rstwatch.toml
The settings of the system's daemon.
.SH SEE ALSO
.BR rstwatch (1),
.BR rstwatchd (8)
)";

}  // namespace

std::string sample_toml() {
    std::string text =
        "# Settings of rstwatchd, in TOML: /etc/rstwatch/rstwatch.toml. See rstwatch.toml(5).\n"
        "# Every setting is here with its default, commented out: take the # away and change the value.\n"
        "# Check the file with: rstwatchd --config FILE --check-config\n"
        "# What is \"taken over by a reload\" takes effect on SIGHUP (systemctl reload rstwatchd), as do sinks;\n"
        "# all else, ports among it, needs a restart.\n";
    for (const auto& section : all_sections()) {
        text += "\n\n# " + std::string(section.help) + ".\n[" + std::string(section.name) + "]\n";
        for (const auto& setting : all_settings())
            if (setting.section() == section.name) text += sample_setting(setting);
    }
    text += "\n\n" + comment(
                         "What to receive packets from: a [[port]] for each, with one key. Captures and live ports "
                         "cannot be given together.");
    for (const auto& member : port_members()) text += sample_port(member);
    text += "\n\n" + comment("Whom to tell of alerts: a [[sink]] for each, with one key that says where to.");
    for (const auto& member : sink_members())
        if (member.is_target) text += sample_sink(member);
    return text;
}

std::string man_settings() {
    std::string text;
    for (const auto& section : all_sections()) {
        text += ".SS \"" + roff(section.help) + "\"\n";
        for (const auto& setting : all_settings())
            if (setting.section() == section.name) text += man_setting(setting);
    }
    return text;
}

std::string man_page() {
    return std::string(man_head) + ".SH SETTINGS\n" + man_settings() + std::string(man_ports_head) + man_ports() +
           std::string(man_sinks_head) + man_sinks() + std::string(man_tail);
}

std::string json_schema() {
    std::string sections;
    for (const auto& section : all_sections()) sections += json_section(section) + ",\n";
    return "{\n\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
           "\"title\": \"rstwatch.toml\",\n\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\n" +
           sections + json_ports() + ",\n" + json_sinks() + "\n}}\n";
}

}  // namespace rstwatch::config
