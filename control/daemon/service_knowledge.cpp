// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/service_knowledge.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <utility>

#include "config/signatures.h"

namespace rstwatch::control {

bool load_service_knowledge(const config::Settings& settings, bool check, ServiceKnowledge& services) {
    services.labels = config::load_service_file(settings.services.labels);
    std::vector<config::Diagnostic> errors = services.labels.errors;
    if (settings.identify.enabled || check) {
        config::Signatures signatures = config::load_signatures(settings.identify);
        errors.insert(errors.end(), signatures.errors.begin(), signatures.errors.end());
        if (signatures.errors.empty())
            services.signatures = identify::LoadedSignatures::compile(signatures.all, settings.identify.cache);
        errors.insert(errors.end(), services.signatures.errors.begin(), services.signatures.errors.end());
        services.source = std::move(signatures.all);
    }
    for (const config::Diagnostic& error : errors)
        std::fprintf(stderr, "rstwatchd: %s\n", config::to_string(error).c_str());
    return errors.empty();
}

/// Of a directory that somebody has chosen it matters, of the usual one it may be as it is.
void tell_cache_trouble(const ServiceKnowledge& services, const config::Settings& settings) {
    if (services.signatures.cache_trouble.empty()) return;
    spdlog::log(settings.identify.cache.empty() ? spdlog::level::debug : spdlog::level::warn,
                "{}; signatures are compiled at each start", services.signatures.cache_trouble);
}

}  // namespace rstwatch::control
