// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "control/diagnose/facts.h"

namespace rstwatch::control {

/// "15:13:13", with the date in front if it is not that of `now`. Local time, as people at the box read it.
std::string clock_time(tally::Time time, tally::Time now);

/// "1 client", "3 clients".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

/// "TLS" for "tls", but "redis": signatures have names in small letters, and abbreviations are not written so.
std::string protocol_in_words(std::string_view application);

/// "1 client (10.0.0.1)", "3 clients (10.0.0.1, 10.0.0.2 and 1 more)".
std::string clients_in_words(const Facts& facts);

/// What an ICMP error means: "host unreachable", "forbidden by a filter".
std::string icmp_in_words(const IcmpError& error);

/// Replaces each {placeholder} of a rule's text by what the facts have for it.
std::string fill(std::string_view text, const Facts& facts);

}  // namespace rstwatch::control
