// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/diagnosis.h"

#include <algorithm>

#include "control/diagnose/rule.h"
#include "control/diagnose/words.h"

namespace rstwatch::control {
namespace {

/// What has not failed for so long has stopped.
constexpr tally::Time going_on = 10 * tally::second;

std::string sentence_of(const Rule& rule, const Facts& facts) {
    const bool goes_on = facts.last + going_on >= facts.now;
    std::string text = fill("{subject} ", facts) + fill(goes_on ? rule.now : rule.before, facts);
    if (facts.failing) {
        text += " since " + clock_time(facts.since, facts.now);
        if (!goes_on) text += ", last at " + clock_time(facts.last, facts.now);
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
    if (facts.client_succeeds_elsewhere) evidence.push_back(fill("{client} gets through to other services", facts));
    if (!facts.detail.empty()) evidence.push_back("it spoke " + facts.application + ": " + facts.detail);
    return evidence;
}

}  // namespace

Diagnosis diagnose(const Facts& facts) {
    const Rule& rule = *std::ranges::find_if(rules(), [&](const Rule& each) { return each.applies(facts); });
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
