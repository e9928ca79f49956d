// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/timed_frame.h"

namespace rstwatch::test {

/// What goes wrong on a day on which nothing else does.
struct Outage {
    std::uint32_t begins_s = 0;  ///< after the day's beginning; from then on one service's host refuses
    std::uint32_t lasts_s = 0;   ///< 0: there is none
};

/// A day of a healthy network, and what there is to count in it.
struct Day {
    std::vector<TimedFrame> frames;
    std::map<std::string, std::uint64_t> outcomes;  ///< of all attempts
    std::uint64_t resets = 0;                       ///< attempts with a RST that nobody has to worry about
    std::uint64_t retransmissions = 0;              ///< packets that were sent again
    std::string broken_service;                     ///< of the outage
    std::int64_t broken_since_us = 0;               ///< first SYN that was refused in it
};

/// 24 hours, busier by day than at night: `connections` of them, of which one in five ends by a reset of a normal kind
/// (TAXONOMY of README's vocabulary: closes that leave data unread, impatient clients, health checks), some lose
/// packets on the way and a few meet a closed port once. The same on every machine.
Day normal_day(std::uint32_t connections, const Outage& outage = {});

}  // namespace rstwatch::test
