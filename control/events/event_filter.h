// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "control/events/failed_attempt.h"

namespace rstwatch::control {

/// An address, or one port of it.
struct Peer {
    tally::IpAddress address;
    std::optional<std::uint16_t> port;

    bool is(const tally::Endpoint& endpoint) const {
        return endpoint.address == address && (!port || *port == endpoint.port);
    }
};

/// Reads 10.0.0.1, 10.0.0.1:80, 2001:db8::1, [2001:db8::1] or [2001:db8::1]:80; nothing when it is none of these.
std::optional<Peer> parse_peer(std::string_view text);

/// What one listener wants to hear of. The default is everything.
struct EventFilter {
    bool failures = true;
    bool alerts = true;
    std::optional<tally::Outcome> outcome{};  ///< of failures
    std::optional<Peer> server{};             ///< likewise
    std::optional<Peer> client{};             ///< likewise

    bool wants(const FailedAttempt& failure) const;
};

}  // namespace rstwatch::control
