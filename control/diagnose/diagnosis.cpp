// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/diagnosis.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "control/alert/week_hour.h"
#include "control/diagnose/rule.h"
#include "control/diagnose/words.h"

namespace rstwatch::control {
namespace {

/// What has not failed for so long has stopped.
constexpr tally::Time going_on = 10 * tally::second;

std::string sentence_of(const Rule& rule, const Facts& facts) {
    const bool goes_on = !facts.failing || facts.last + going_on >= facts.now;
    std::string text = fill("{subject} ", facts) + fill(goes_on ? rule.now : rule.before, facts);
    if (facts.failing) {
        const std::string since = clock_time(facts.since, facts.now), last = clock_time(facts.last, facts.now);
        const bool at_once = !goes_on && since == last;
        text += (at_once ? " at " : " since ") + since;
        if (!goes_on && !at_once) text += ", last at " + last;
    }
    return text + "; " + fill(rule.finding, facts) + ". " + fill(rule.cure, facts);
}

std::vector<std::string> evidence_of(const Facts& facts) {
    std::vector<std::string> evidence;
    if (!facts.failing) return evidence;
    std::string outcomes;
    for (const tally::Outcome outcome : tally::all_outcomes()) {
        const std::uint32_t count = facts.outcomes[tally::index(outcome)];
        if (count == 0) continue;
        outcomes += (outcomes.empty() ? "" : ", ") + std::to_string(count) + ' ' + std::string(tally::name(outcome));
    }
    evidence.push_back(fill("{attempts} failed since {since}: ", facts) + outcomes);
    if (facts.subject.direction == Direction::incoming && facts.clients > 0)
        evidence.push_back(fill("{clients} failed; meanwhile {others}", facts));
    if (facts.subject.direction == Direction::outgoing) evidence.push_back(fill("it failed at {servers}", facts));
    if (facts.subject.scope == AlertScope::service) evidence.push_back(fill("{history}", facts));
    if (facts.host_failing_ports > 1) evidence.push_back(fill("{ports} of {host} fail", facts));
    if (facts.device_hosts > 1)
        evidence.push_back("devices reject in the name of " + counted(facts.device_hosts, "host", "hosts"));
    if (facts.idle_most > 0)
        evidence.push_back(fill("connections had been idle for {idle} before they were reset", facts));
    if (facts.client_succeeds_elsewhere) evidence.push_back(fill("{client} gets through to other services", facts));
    if (!facts.detail.empty())
        evidence.push_back("it spoke " + protocol_in_words(facts.application) + ": " + facts.detail);
    return evidence;
}

const Rule& rule_of(const Facts& facts) {
    return *std::ranges::find_if(rules(), [&](const Rule& each) { return each.applies(facts); });
}

std::string formatted(const char* format, double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

/// Two digits of what is small, too: usual rates often are.
std::string rate_in_words(double per_second) {
    return formatted(per_second == 0 || per_second >= 0.01 ? "%.2f" : "%.4f", per_second) + " per second";
}

std::string basis_in_words(const Usual& usual) {
    if (usual.basis == Usual::Basis::recent) return "of late";
    const std::string hour = week_hour_in_words(usual.of_week);
    return "for " + (usual.basis == Usual::Basis::hour_of_week ? hour : hour.substr(hour.find(' ') + 1));
}

}  // namespace

std::string usual_in_words(const AlertBaseline& baseline) {
    const Usual& usual = baseline.usual;
    std::string text = "Usual " + basis_in_words(usual) + " is " + rate_in_words(usual.per_second());
    if (usual.basis == Usual::Basis::hour_of_week)
        text += " (median of " + counted(usual.samples, "week", "weeks") + ')';
    if (usual.basis == Usual::Basis::hour_of_day) text += " (median of " + counted(usual.samples, "day", "days") + ')';
    if (baseline.level != AlertLevel::none)
        text += ", which this exceeds by " + formatted("%.1f", baseline.deviation) + " standard deviations";
    return text + '.';
}

std::string tell_past(const Facts& facts, tally::Time until, double peak_per_second) {
    const Rule& rule = rule_of(facts);
    // What is not known any more is told by its sum.
    const bool is_known = facts.no_data || facts.cause != tally::Outcome::undetermined || !facts.nested.empty();
    std::string text = fill("{subject} ", facts) + fill(is_known ? rule.before : "failed {connections}", facts);
    text += " from " + clock_time(facts.since, facts.now) + " to " + clock_time(until, facts.now);
    if (peak_per_second > 0) text += ", at most " + formatted("%.2f", peak_per_second) + " per second";
    return text + '.';
}

std::string sentence(const Facts& facts) {
    return sentence_of(rule_of(facts), facts);
}

Diagnosis diagnose(const Facts& facts) {
    const Rule& rule = rule_of(facts);
    Diagnosis diagnosis;
    diagnosis.rule = rule.name;
    diagnosis.sentence = sentence_of(rule, facts);
    diagnosis.evidence = evidence_of(facts);
    for (const Alternative& each : rule.considered)
        if (!each.cause.empty()) diagnosis.considered.emplace_back(each.cause, fill(each.why_not, facts));
    diagnosis.next_step = fill(rule.cure, facts);
    for (const std::string_view command : rule.commands)
        if (!command.empty()) diagnosis.commands.push_back(fill(command, facts));
    return diagnosis;
}

}  // namespace rstwatch::control
