// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/tally/address.h"
#include "dataplane/tally/outcome.h"
#include "dataplane/tally/time.h"

namespace rstwatch::control {

/// What an alert is about: a service (address and port), a host, or all of the network.
enum class AlertScope : std::uint8_t { service, host, network };

/// Seen from the host: connections that others make to it, or that it makes.
enum class Direction : std::uint8_t { incoming, outgoing };

/// In rising order, so that levels compare.
enum class AlertLevel : std::uint8_t { none, warn, error, critical };

std::string_view name(AlertScope scope);
std::string_view name(Direction direction);
std::string_view name(AlertLevel level);

/// Who an alert is about. Of a host the port is 0, of the network the address, too.
struct AlertSubject {
    AlertScope scope = AlertScope::network;
    Direction direction = Direction::incoming;
    tally::Endpoint endpoint;

    auto operator<=>(const AlertSubject&) const = default;
};

/// "10.0.0.1:80", "10.0.0.1" or "network".
std::string to_string(const AlertSubject& subject);

/// How often something fails usually, in an hour of the week.
struct Usual {
    /// What is known of the same hour of other weeks, of the same hour of other days, or of the last hours.
    enum class Basis : std::uint8_t { hour_of_week, hour_of_day, recent };

    double level = 0;   ///< mean of log(1 + failures in a minute)
    double spread = 0;  ///< its robust standard deviation, never 0
    Basis basis = Basis::recent;
    unsigned samples = 0;  ///< weeks, or days, that it rests on
    int of_week = 0;       ///< hour of the week, 0 to 167, in local time

    double per_second() const;
    /// How many robust standard deviations above it `failed` attempts in a minute are.
    double deviation_of(double failed) const;
};

std::string_view name(Usual::Basis basis);

/// What an alert is, against what is usual.
struct AlertBaseline {
    AlertLevel level = AlertLevel::none;  ///< the alert's, by the baseline alone
    Usual usual;
    double deviation = 0;  ///< in robust standard deviations
};

/// One failure that people are told of, as of one moment. Plain data: copied into snapshots, to sinks and to the store.
struct Alert {
    std::string id;  ///< the same after a restart: subject and since
    AlertSubject subject;
    AlertLevel level = AlertLevel::none;  ///< `none`: cleared
    AlertLevel peak_level = AlertLevel::none;
    double per_second = 0;  ///< failed attempts, over the sliding window
    double peak_per_second = 0;
    double share = 0;                  ///< of failed ones among the attempts that were decided in it, 0 to 1
    std::uint64_t failed = 0;          ///< attempts, since it began
    tally::Time since = 0;             ///< when the failure began, before it was an alert; or when it became unusual
    tally::Time fired = 0;             ///< when the alert was raised
    std::optional<tally::Time> until;  ///< when it was cleared
    bool acknowledged = false;
    std::optional<tally::Time> acknowledged_at;
    std::optional<AlertBaseline> baseline;  ///< where it is known what is usual
    bool no_data = false;                   ///< of the network: nothing is received, so nothing can be said
    tally::Outcome cause = tally::Outcome::undetermined;  ///< the outcome that most of the failed attempts had
    std::string service;                                  ///< what the subject is known as; may be empty
    std::string host;                                     ///< what the operator calls the subject's host; may be empty
    std::uint64_t clients = 0;                            ///< that fail
    std::vector<AlertSubject> nested;                     ///< failures that this one explains
    std::string text;                                     ///< for people: who, how much, since when, why, what to do
};

/// The outcome that is the cause, or "no_data".
std::string_view cause_name(const Alert& alert);

/// What happened to an alert. Resumed: it was active before a restart, and goes on.
enum class AlertEvent : std::uint8_t { fired, changed, acknowledged, cleared, resumed };

std::string_view name(AlertEvent event);

}  // namespace rstwatch::control
