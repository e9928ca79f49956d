// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/message_format.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "control/alert/sinks/date_time.h"

namespace rstwatch::control {
namespace {

constexpr int daemon_facility = 3;
constexpr std::size_t longest_message = 2048;  // RFC 5424, section 6.1: what every receiver should take
constexpr std::size_t longest_host_name = 255;

/// `text` on one line: control characters become blanks.
std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return text;
}

/// A header field: visible ASCII, "-" for none.
std::string field(std::string text, std::size_t longest) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c <= 0x20 || c >= 0x7f; }, '_');
    if (text.size() > longest) text.resize(longest);
    return text.empty() ? "-" : text;
}

/// Cuts between characters of UTF-8.
void cut(std::string& text, std::size_t longest) {
    if (text.size() <= longest) return;
    std::size_t end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
}

/// What it is about, for who reads one line.
std::string headline(const AlertNotice& notice) {
    const Alert& alert = notice.alert;
    const AlertLevel level = alert.level == AlertLevel::none ? alert.peak_level : alert.level;
    return std::string(name(notice.event)) + ' ' + std::string(name(level)) + ' ' +
           std::string(name(alert.subject.direction)) + ' ' + to_string(alert.subject) + ": " + alert.text;
}

}  // namespace

int syslog_severity(const AlertNotice& notice) {
    constexpr int critical = 2, error = 3, warning = 4, remark = 5;
    if (notice.event == AlertEvent::acknowledged || notice.event == AlertEvent::cleared) return remark;
    switch (notice.alert.level) {
        case AlertLevel::critical:
            return critical;
        case AlertLevel::error:
            return error;
        case AlertLevel::warn:
            return warning;
        case AlertLevel::none:
            break;
    }
    return remark;
}

std::string syslog_message(const AlertNotice& notice, const std::string& sensor) {
    const int priority = daemon_facility * 8 + syslog_severity(notice);
    std::string text = '<' + std::to_string(priority) + ">1 " + rfc3339(notice.wall(notice.time)) + ' ' +
                       field(sensor, longest_host_name) + " rstwatchd " + std::to_string(getpid()) + ' ' +
                       std::string(name(notice.event)) + " - " + one_line(headline(notice));
    cut(text, longest_message);
    return text;
}

std::string journal_entry(const AlertNotice& notice, const std::string& sensor) {
    const Alert& alert = notice.alert;
    std::string entry;
    const auto add = [&entry](const char* field_name, std::string value) {
        if (!value.empty()) entry += std::string(field_name) + '=' + one_line(std::move(value)) + '\n';
    };
    add("MESSAGE", headline(notice));
    add("PRIORITY", std::to_string(syslog_severity(notice)));
    add("SYSLOG_IDENTIFIER", "rstwatchd");
    add("RSTWATCH_EVENT", std::string(name(notice.event)));
    add("RSTWATCH_ALERT", alert.id);
    add("RSTWATCH_LEVEL", std::string(name(alert.level)));
    add("RSTWATCH_SCOPE", std::string(name(alert.subject.scope)));
    add("RSTWATCH_SUBJECT", to_string(alert.subject));
    add("RSTWATCH_DIRECTION", std::string(name(alert.subject.direction)));
    add("RSTWATCH_CAUSE", std::string(cause_name(alert)));
    add("RSTWATCH_SERVICE", alert.service);
    add("RSTWATCH_SINCE", rfc3339(notice.wall(alert.since)));
    add("RSTWATCH_SENSOR", sensor);
    return entry;
}

}  // namespace rstwatch::control
