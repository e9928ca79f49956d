// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace rstwatch::tally {

/// How busy a core is. Core: wo, once per burst, relaxed; control: ro, for display only, never for a count.
struct alignas(64) CoreStatus {
    std::atomic<std::uint64_t> received{0};        ///< packets
    std::atomic<std::uint64_t> captured_bytes{0};  ///< as captured, for the progress of a replay
    std::atomic<std::uint64_t> bursts{0};          ///< polls that brought packets
    std::atomic<std::uint64_t> forwarded{0};       ///< packets passed to the core that owns their connection
    std::atomic<std::uint64_t> waits{0};           ///< times a replay stood still until control gave a bank back
};

/// Single writer: a plain add is enough, and cheaper than a locked one.
inline void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/// What is known of a port. A count that the driver cannot know is absent, which is not 0.
struct PortStatus {
    std::string name;
    std::string source;  ///< file, interface or PCI address
    std::string link;    ///< link layer, in words
    std::uint64_t received = 0;
    std::optional<std::uint64_t> missed;   ///< dropped by the device, no descriptor free (imissed)
    std::optional<std::uint64_t> errors;   ///< received broken (ierrors)
    std::optional<std::uint64_t> no_mbuf;  ///< dropped for want of packet buffers (rx_nombuf)
};

}  // namespace rstwatch::tally
