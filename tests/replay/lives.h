// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/conversation.h"

namespace rstwatch::test {

/// One way in which a connection can go, and what is to be said of it.
struct Life {
    std::string name;
    std::vector<std::string> outcomes;  ///< of all its attempts, sorted by name
    std::function<void(Conversation&)> live;
    std::function<void(Conversation&)> live_v6{};  ///< where IPv6 needs other numbers
    bool at_the_end = false;                       ///< is judged by what the capture ends with
};

/// Every outcome that packets and deadlines of one connection decide.
const std::vector<Life>& all_lives();

enum class Wrapping : std::uint8_t { ipv4, ipv6, vlan, qinq };

/// The frames of a life. `number` picks addresses and the server's port, which is port_of(number).
std::vector<TimedFrame> frames_of(const Life& life, std::size_t number, Wrapping wrapping = Wrapping::ipv4,
                                  LinkType link = LinkType::ethernet, std::int64_t start_us = default_start_us);
int port_of(std::size_t number);

/// All lives in one capture, those that are judged by its end last.
std::vector<TimedFrame> all_frames(Wrapping wrapping = Wrapping::ipv4, LinkType link = LinkType::ethernet);

/// Some `packets` of everything: lives at many addresses of both families spread over two minutes, and packets that are
/// no part of any connection. The same on every machine.
std::vector<TimedFrame> mixed_frames(std::size_t packets);

/// What is to be said of all_frames(), by the server's port.
std::multimap<int, std::string> all_outcomes_by_port();

}  // namespace rstwatch::test
