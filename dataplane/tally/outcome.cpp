// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/outcome.h"

#include <algorithm>

namespace rstwatch::tally {
namespace {

struct Description {
    Outcome outcome;
    std::string_view name;
    Verdict verdict;
};

constexpr std::array<Description, outcome_count> descriptions{{
    {Outcome::refused, "refused", Verdict::abnormal},
    {Outcome::refused_by_device, "refused_by_device", Verdict::abnormal},
    {Outcome::icmp_rejected, "icmp_rejected", Verdict::abnormal},
    {Outcome::unanswered, "unanswered", Verdict::abnormal},
    {Outcome::listen_overflow, "listen_overflow", Verdict::abnormal},
    {Outcome::handshake_incomplete, "handshake_incomplete", Verdict::info},
    {Outcome::half_open_scan, "half_open_scan", Verdict::security},
    {Outcome::client_cancelled, "client_cancelled", Verdict::info},
    {Outcome::invalid_ack, "invalid_ack", Verdict::info},
    {Outcome::reset_before_data_by_server, "reset_before_data_by_server", Verdict::abnormal},
    {Outcome::reset_before_data_by_client, "reset_before_data_by_client", Verdict::info},
    {Outcome::reset_without_response, "reset_without_response", Verdict::abnormal},
    {Outcome::closed_without_response, "closed_without_response", Verdict::info},
    {Outcome::reset_mid_stream_by_server, "reset_mid_stream_by_server", Verdict::abnormal},
    {Outcome::reset_after_response_by_client, "reset_after_response_by_client", Verdict::normal},
    {Outcome::reset_without_response_by_client, "reset_without_response_by_client", Verdict::info},
    {Outcome::reset_by_device, "reset_by_device", Verdict::security},
    {Outcome::idle_reset, "idle_reset", Verdict::abnormal},
    {Outcome::peer_lost_state, "peer_lost_state", Verdict::abnormal},
    {Outcome::client_restarted, "client_restarted", Verdict::info},
    {Outcome::keepalive_timeout, "keepalive_timeout", Verdict::abnormal},
    {Outcome::blackholed, "blackholed", Verdict::abnormal},
    {Outcome::zero_window_stall, "zero_window_stall", Verdict::abnormal},
    {Outcome::closed, "closed", Verdict::normal},
    {Outcome::reset_after_fin, "reset_after_fin", Verdict::normal},
    {Outcome::unsolicited, "unsolicited", Verdict::info},
    {Outcome::midstream, "midstream", Verdict::info},
    {Outcome::open, "open", Verdict::normal},
    {Outcome::undetermined, "undetermined", Verdict::info},
}};

constexpr bool described_in_order() {
    for (std::size_t i = 0; i < descriptions.size(); ++i)
        if (index(descriptions[i].outcome) != i) return false;
    return true;
}
static_assert(described_in_order());

}  // namespace

std::string_view name(Outcome outcome) {
    return descriptions[index(outcome)].name;
}

std::optional<Outcome> outcome_from_name(std::string_view name) {
    const auto* found = std::find_if(descriptions.begin(), descriptions.end(),
                                     [&](const Description& each) { return each.name == name; });
    if (found == descriptions.end()) return std::nullopt;
    return found->outcome;
}

Verdict verdict(Outcome outcome) {
    return descriptions[index(outcome)].verdict;
}

bool is_failed(Outcome outcome) {
    return verdict(outcome) == Verdict::abnormal;
}

bool is_failed_in_mass(Outcome outcome) {
    return outcome == Outcome::handshake_incomplete || outcome == Outcome::closed_without_response ||
           outcome == Outcome::reset_without_response_by_client || outcome == Outcome::reset_by_device;
}

bool is_silence(Outcome outcome) {
    return outcome == Outcome::unanswered || outcome == Outcome::blackholed || outcome == Outcome::keepalive_timeout;
}

bool is_told_of_absent_hosts(Outcome outcome) {
    return is_silence(outcome) || outcome == Outcome::icmp_rejected || outcome == Outcome::listen_overflow;
}

bool is_attempt(Outcome outcome) {
    return outcome != Outcome::midstream && outcome != Outcome::unsolicited;
}

bool is_told_at_control_depth(Outcome outcome) {
    switch (outcome) {
        case Outcome::blackholed:
        case Outcome::zero_window_stall:
        case Outcome::keepalive_timeout:
        case Outcome::idle_reset:
        case Outcome::peer_lost_state:
        case Outcome::listen_overflow:
        case Outcome::midstream:
            return false;
        default:
            return true;
    }
}

const std::array<Outcome, outcome_count>& all_outcomes() {
    static constexpr auto all = [] {
        std::array<Outcome, outcome_count> outcomes{};
        for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] = static_cast<Outcome>(i);
        return outcomes;
    }();
    return all;
}

}  // namespace rstwatch::tally
