// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/outcome_text.h"

#include <algorithm>
#include <array>

namespace rstwatch::cli {
namespace {

constexpr auto texts = std::to_array<OutcomeText>({
    {"refused", true, "the host is up, nothing listens on the port",
     "start the service, or correct the port its clients use (`ss -ltn` on the host shows what listens)"},
    {"refused_by_device", true, "a device in front of the host rejects it",
     "look at the rules of the firewall in the path, not at the server"},
    {"icmp_rejected", true, "a router or host says unreachable or prohibited",
     "look at the routes and filters of the router that sends the ICMP errors"},
    {"unanswered", true, "no answer at all",
     "see whether the host is up and routed; silent to some clients only means a rule that drops"},
    {"listen_overflow", true, "the service's listen queue is full",
     "look at `ss -ltn` and ListenOverflows on the host; raise backlog and somaxconn, or cure the stall; if nothing of "
     "the host is heard since, it is silent"},
    {"handshake_incomplete", false, "the final ACK of the handshake never came", ""},
    {"half_open_scan", false, "somebody probes for open ports", ""},
    {"client_cancelled", false, "the client gave up before the handshake was done", ""},
    {"invalid_ack", false, "stale NAT, ACK scan or asymmetric routing", ""},
    {"reset_before_data_by_server", true, "accepted, then aborted before any data",
     "look for an access list, a connection limit or a missing back end of the service"},
    {"reset_before_data_by_client", false, "the client aborted before any data: probe or health check", ""},
    {"reset_without_response", true, "the service took the request and aborted", "read the service's log at that time"},
    {"closed_without_response", false, "the service took the request and closed without an answer", ""},
    {"reset_mid_stream_by_server", true, "the service aborted in the middle of a transfer",
     "read the service's log at that time"},
    {"reset_after_response_by_client", false, "the client ended it by a reset after an answer", ""},
    {"reset_without_response_by_client", false, "the client stopped waiting for an answer", ""},
    {"reset_by_device", false, "a device in the path reset it", ""},
    {"idle_reset", true, "a device had dropped it while it was idle",
     "send keepalives more often than the device forgets"},
    {"peer_lost_state", true, "the peer no longer knew the connection: it had restarted",
     "see why the host or the service restarted"},
    {"client_restarted", false, "the client rebooted or used its port again", ""},
    {"keepalive_timeout", true, "keepalives were not answered", "see whether the peer and the path to it are up"},
    {"blackholed", true, "data was sent again and again and never acknowledged",
     "look at the path: MTU, filters, a host that hangs"},
    {"zero_window_stall", true, "the receiver stopped reading", "see why the application does not read"},
    {"closed", false, "ended as it should", ""},
    {"reset_after_fin", false, "ended, with a harmless reset", ""},
    {"unsolicited", false, "answers and probes that belong to no attempt", ""},
    {"midstream", false, "begun before the first packet seen", ""},
    {"open", false, "established and still open", ""},
    {"undetermined", false, "too early to tell: still under way, or the capture ended", ""},
});

}  // namespace

OutcomeText outcome_text(std::string_view name) {
    const auto* found = std::find_if(texts.begin(), texts.end(), [&](const auto& text) { return text.name == name; });
    if (found == texts.end()) return {name, false, "", ""};
    return *found;
}

bool is_refusal(std::string_view outcome) {
    return outcome == "refused" || outcome == "refused_by_device";
}

bool is_without_attempt(std::string_view outcome) {
    return outcome == "midstream" || outcome == "unsolicited";
}

std::int64_t failed_total(const Document& outcomes) {
    std::int64_t total = 0;
    for (const auto& [name, count] : outcomes.items())
        if (outcome_text(name).failed) total += integer_at(outcomes, name).value_or(0);
    return total;
}

std::vector<std::string> failed_outcomes() {
    std::vector<std::string> names;
    for (const auto& text : texts)
        if (text.failed) names.emplace_back(text.name);
    return names;
}

std::string worst_outcome(const Document& outcomes) {
    std::string worst;
    std::int64_t most = 0;
    for (const auto& [name, value] : outcomes.items()) {
        const auto count = integer_at(outcomes, name).value_or(0);
        if (!outcome_text(name).failed || count <= most) continue;
        worst = name;
        most = count;
    }
    return worst;
}

}  // namespace rstwatch::cli
