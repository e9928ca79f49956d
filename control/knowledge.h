// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "control/classify/hop_baselines.h"
#include "control/classify/scanners.h"
#include "control/diagnose/facts.h"
#include "control/registry/failure_book.h"
#include "control/registry/registry.h"
#include "control/registry/service_names.h"

namespace rstwatch::control {

/// What is known of services, hosts and clients: too much for a snapshot, which is made several times a second. The
/// control thread changes it once per interval, under the lock of Controller::inspect.
struct Knowledge {
    const Registry& registry;
    const FailureBook& failures;
    const Scanners& scanners;
    const HopBaselines& baselines;
    const ServiceNames& names;

    FactSources sources() const { return {failures, registry, names, baselines, scanners}; }
    tally::Time now() const { return tally::interval_start(failures.interval() + 1); }
};

/// Calls back with what is known, for as long as the call lasts. Any thread.
using Inspect = std::function<void(const std::function<void(const Knowledge&)>&)>;

}  // namespace rstwatch::control
