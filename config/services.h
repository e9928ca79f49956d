// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace rstwatch::config {

/// What a port is called: everywhere, on the hosts of a prefix, or on one host. Or what the hosts themselves are
/// called.
struct ServiceLabel {
    std::array<std::uint8_t, 16> address{};  ///< IPv6, or IPv4 in its IPv4-mapped form; beyond `prefix` 0
    unsigned prefix = 0;                     ///< bits of `address` that count: 0 for any host, 96 for any of IPv4
    std::uint16_t port = 0;                  ///< 0: a name of hosts
    std::string name;

    bool operator==(const ServiceLabel&) const = default;
};

struct ServiceLabels {
    std::vector<ServiceLabel> all;
    std::vector<Diagnostic> errors;
};

/// Reads names in TOML, of services: "ADDRESS:PORT" = "name", where the address may be missing or a prefix, and of
/// hosts: "ADDRESS" = "name", where it may be a prefix. An IPv6 address stands in brackets. Everything that is wrong is
/// reported at once.
ServiceLabels load_services(std::string_view text, const std::string& source);

/// The same for the file of the setting `services.labels`; of "" nothing.
ServiceLabels load_service_file(const std::string& path);

/// config/services.toml, as it was when this was built: what ports are commonly used for.
std::string_view builtin_services();

}  // namespace rstwatch::config
