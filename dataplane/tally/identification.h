// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/tally/address.h"
#include "dataplane/tally/time.h"

namespace rstwatch::tally {

/// Number of a signature in the list that the daemon has loaded.
using Application = std::uint16_t;
inline constexpr Application no_application = 0xffff;

/// Who said what an identification rests on, the least convincing first.
enum class HeardFrom : std::uint8_t {
    reset,   ///< words in a RST (RFC 9293 section 3.5.2): no application
    client,  ///< a client spoke so to it
    server   ///< it answered so
};

/// Words of a payload as they are: whoever shows them escapes them.
struct DetailText {
    static constexpr std::size_t capacity = 119;

    std::array<char, capacity> bytes{};  ///< of which `length` mean something
    std::uint8_t length = 0;

    std::string_view view() const { return {bytes.data(), length}; }
    /// As much of `text` as there is room for.
    void append(std::string_view text) {
        const std::size_t count = std::min(text.size(), capacity - length);
        std::copy_n(text.data(), count, bytes.data() + length);
        length = static_cast<std::uint8_t>(length + count);
    }
};

/// What a service was found to speak. Written by the core that owns the connection, read by control after the
/// hand-over.
struct Identification {
    Endpoint server;
    Endpoint client;  ///< of the connection that showed it
    Application application = no_application;
    HeardFrom from = HeardFrom::reset;
    DetailText detail;
    Time time = 0;
};

/// A service is identified once in each of its periods. They do not begin for all services at the same time, and not
/// when a service happens to be seen: so all cores agree on them, and control with the cores.
inline std::uint64_t identification_period(const Endpoint& server, Time time, Time length) {
    const std::uint64_t hash = mix(server.address.first_half() ^ 0x9e3779b97f4a7c15,
                                   server.address.second_half() ^ server.port * 0xd6e8feb86659fd93);
    return (time + hash % length) / length;
}

}  // namespace rstwatch::tally
