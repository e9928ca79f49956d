// SPDX-License-Identifier: Apache-2.0
#include "control/events/event_filter.h"

namespace rstwatch::control {
std::optional<Peer> parse_peer(std::string_view text) {
    if (const auto endpoint = tally::parse_endpoint(text)) return Peer{endpoint->address, endpoint->port};
    const bool brackets = text.size() > 2 && text.front() == '[' && text.back() == ']';
    const auto address = tally::parse_address(brackets ? text.substr(1, text.size() - 2) : text);
    if (!address || (brackets && address->is_v4())) return std::nullopt;
    return Peer{*address, std::nullopt};
}

bool EventFilter::wants(const FailedAttempt& failure) const {
    return failures && (!outcome || *outcome == failure.outcome) && (!server || server->is(failure.server)) &&
           (!client || client->is(failure.client));
}

}  // namespace rstwatch::control
