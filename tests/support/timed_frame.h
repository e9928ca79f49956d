// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace rstwatch::test {

using Bytes = std::vector<std::uint8_t>;

/// One packet as a capture file keeps it.
struct TimedFrame {
    std::int64_t time_us = 0;           ///< microseconds since the epoch
    Bytes bytes;                        ///< what was captured
    std::uint32_t original_length = 0;  ///< length on the wire; 0: the same as `bytes`
};

/// What the first byte of a frame is the start of. The values are the LINKTYPE_ numbers of capture files.
enum class LinkType : std::uint16_t {
    null = 0,
    ethernet = 1,
    ppp = 9,
    ppp_serial = 50,
    ppp_ether = 51,
    raw_ip = 101,
    cisco_hdlc = 104,
    loop = 108,
    linux_sll = 113,
    linux_sll2 = 276,
};

}  // namespace rstwatch::test
