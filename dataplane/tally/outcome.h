// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rstwatch::tally {

/// How a connection attempt ended. One attempt ends in exactly one of these. The names that people, REST and metrics
/// see are those of `name()`: identical to the enumerators.
enum class Outcome : std::uint8_t {
    refused,
    refused_by_device,
    icmp_rejected,
    unanswered,
    listen_overflow,
    handshake_incomplete,
    half_open_scan,
    client_cancelled,
    invalid_ack,
    reset_before_data_by_server,
    reset_before_data_by_client,
    reset_without_response,
    closed_without_response,
    reset_mid_stream_by_server,
    reset_after_response_by_client,
    reset_without_response_by_client,
    reset_by_device,
    idle_reset,
    peer_lost_state,
    client_restarted,
    keepalive_timeout,
    blackholed,
    zero_window_stall,
    closed,
    reset_after_fin,
    unsolicited,
    midstream,
    open,
    undetermined,
};

inline constexpr std::size_t outcome_count = static_cast<std::size_t>(Outcome::undetermined) + 1;

constexpr std::size_t index(Outcome outcome) {
    return static_cast<std::size_t>(outcome);
}

/// What an outcome means for alarms: only `abnormal` may raise one by itself; `security` has alerts of its own.
enum class Verdict : std::uint8_t { abnormal, info, normal, security };

std::string_view name(Outcome outcome);
std::optional<Outcome> outcome_from_name(std::string_view name);
Verdict verdict(Outcome outcome);

/// True for the outcomes whose verdict is plainly abnormal: their sum is `failed`.
bool is_failed(Outcome outcome);

/// True for outcomes that are failures where they come in masses, though not one by one: half of a service's attempts.
bool is_failed_in_mass(Outcome outcome);

/// True where a RST answered the SYN, whoever sent it.
inline bool is_refusal(Outcome outcome) {
    return outcome == Outcome::refused || outcome == Outcome::refused_by_device;
}

/// True for outcomes that may be failures, by themselves or in masses.
inline bool may_mean_failure(Outcome outcome) {
    return is_failed(outcome) || is_failed_in_mass(outcome);
}

/// True where nothing came back to what was sent: whether a whole host is silent, or only the queue of one port is
/// full, shows in these.
bool is_silence(Outcome outcome);

/// True for the outcomes that a host which is down, or cut off, leaves behind: its silence, what routers say of it, and
/// what may be a full queue as long as it is not known whether anything of the host is heard.
bool is_told_of_absent_hosts(Outcome outcome);

/// True for what belongs to an attempt: everything but `midstream` and `unsolicited`, which have no SYN to count.
bool is_attempt(Outcome outcome);

/// False for outcomes that show in nothing but data and acknowledgements: where only control segments are looked up
/// (tracking.depth) they are not told. Of listen_overflow the unanswered SYNs are told all the same.
bool is_told_at_control_depth(Outcome outcome);

/// Every outcome in the order of the enumeration.
const std::array<Outcome, outcome_count>& all_outcomes();

}  // namespace rstwatch::tally
