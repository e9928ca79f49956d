// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/narrate.h"

#include <algorithm>

#include "control/diagnose/diagnosis.h"

namespace rstwatch::control {

namespace {

/// As it stood while it lasted: since then clients got through, and others may have failed.
void tell_end(Alert& alert, Facts& facts) {
    facts.service = alert.service;
    facts.cause = alert.cause;
    facts.failed = alert.failed;
    facts.clients = std::max(facts.clients, alert.clients);
    facts.host_answers = false;
    alert.text = tell_past(facts, *alert.until, alert.peak_per_second);
    if (!alert.baseline) return;
    AlertBaseline usual = *alert.baseline;
    usual.level = AlertLevel::none;  // nothing is exceeded any more
    alert.text += ' ' + usual_in_words(usual);
}

/// The outcome that most of what failed at these subjects had.
tally::Outcome cause_of(const std::vector<AlertSubject>& subjects, const FailureBook& book) {
    Failure sum;
    for (const AlertSubject& subject : subjects) {
        const tally::Endpoint& at = subject.endpoint;
        const Failure* failure = subject.scope == AlertScope::service       ? book.why_fails(at)
                                 : subject.direction == Direction::incoming ? book.of_host(at.address)
                                                                            : book.of_client(at.address);
        if (failure == nullptr) continue;
        for (std::size_t i = 0; i < sum.outcomes.size(); ++i) sum.outcomes[i] += failure->outcomes[i];
    }
    return sum.cause();
}

}  // namespace

void narrate(Alert& alert, const FactSources& sources) {
    Facts facts = gather(sources, alert.subject, FactsFor::sentence);
    facts.failing = true;
    facts.no_data = alert.no_data;
    facts.nested = alert.nested;
    for (const AlertSubject& subject : alert.nested)
        facts.nested_hosts.emplace_back(sources.names.name_of_host(subject.endpoint.address));
    facts.per_second = alert.per_second;
    facts.since = alert.since;  // which may be before a restart
    if (alert.until) return tell_end(alert, facts);
    facts.last = facts.now;
    alert.service = facts.service;
    alert.host = facts.host;
    if (alert.subject.scope == AlertScope::network) facts.cause = cause_of(alert.nested, sources.failures);
    alert.cause = facts.cause;
    alert.clients = facts.clients;
    alert.text = sentence(facts);
    if (alert.baseline) alert.text += ' ' + usual_in_words(*alert.baseline);
}

}  // namespace rstwatch::control
