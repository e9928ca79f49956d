// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "control/diagnose/diagnosis.h"
#include "control/export/json_values.h"
#include "control/knowledge.h"

namespace rstwatch::control {

/// What is known of a service, with its diagnosis. Nothing if it was never seen.
std::optional<Json> destination_json(const Knowledge& knowledge, const tally::Endpoint& service);

/// What is known of a host, as a client and as a server. Nothing if it was never seen.
std::optional<Json> host_json(const Knowledge& knowledge, const tally::IpAddress& host);

/// Services from `place` on in the order of their addresses, or only those that fail now; without diagnoses. The
/// cursor is the address of the next one, or null.
struct DestinationsQuery {
    bool failing = false;
    std::size_t rows = 100;
    tally::Endpoint from;
};
Json destinations_json(const Knowledge& knowledge, const DestinationsQuery& query);

/// The `rows` services that fail most, with their diagnoses: for a report.
Json services_json(const Knowledge& knowledge, std::size_t rows);

}  // namespace rstwatch::control
