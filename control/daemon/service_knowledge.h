// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/services.h"
#include "config/settings.h"
#include "config/signatures.h"
#include "dataplane/identify/signature_set.h"

namespace rstwatch::control {

/// What services are told and called by.
struct ServiceKnowledge {
    identify::LoadedSignatures signatures;  ///< without a set where nothing is to be identified
    std::vector<config::Signature> source;  ///< of the signatures, as they were read
    config::ServiceLabels labels;
};

/// Reads the operator's files. Prints what is wrong with them, all at once, and returns false then. `check`: look at
/// the signatures even if nothing is to be identified.
bool load_service_knowledge(const config::Settings& settings, bool check, ServiceKnowledge& services);

/// Says in the log where compiled signatures could not be kept.
void tell_cache_trouble(const ServiceKnowledge& services, const config::Settings& settings);

}  // namespace rstwatch::control
