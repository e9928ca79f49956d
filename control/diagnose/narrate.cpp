// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/narrate.h"

#include "control/diagnose/diagnosis.h"

namespace rstwatch::control {

void narrate(Alert& alert, const FactSources& sources) {
    Facts facts = gather(sources, alert.subject);
    facts.failing = true;
    facts.no_data = alert.no_data;
    facts.nested = alert.nested;
    facts.per_second = alert.per_second;
    facts.since = alert.since;  // which may be before a restart
    facts.last = facts.now;
    alert.service = facts.service;
    alert.cause = facts.cause;
    alert.clients = facts.clients;
    alert.text = diagnose(facts).sentence;
}

}  // namespace rstwatch::control
