// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/names.h"

namespace rstwatch::cli {

/// "10.0.0.1:443", "[2001:db8::1]:443"; the bare address without a port.
std::string endpoint_text(const std::string& address, std::optional<std::int64_t> port);

/// Reads "10.0.0.1", "10.0.0.1:443", "2001:db8::1" or "[2001:db8::1]:443"; nothing when it is none of these.
struct EndpointName {
    std::string address;               ///< as inet_ntop() writes it
    std::optional<std::int64_t> port;  ///< 1 to 65535; none: the host
};
std::optional<EndpointName> parse_endpoint(const std::string& text);

/// Whom a row of a top list is about: its endpoint, else its service. Addresses have their names where they are known.
std::string subject_of(const Document& row, const NameOf& name_of = {});

/// The service of a row; "-" when it is not known.
std::string service_of(const Document& row);

/// What the operator calls the host of a row; "-" for nothing.
std::string host_of(const Document& row);

/// Count per second over the time in which the row was active, at least one second.
std::optional<double> rate_while_active(const Document& row);

/// The failed outcome a row has most of, other than refusals; empty when it has none.
std::string dominant_failure(const Document& row);

/// Failures of a row other than refusals.
std::int64_t other_failures(const Document& row);

}  // namespace rstwatch::cli
