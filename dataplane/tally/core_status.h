// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rstwatch::tally {

/// Polls of a queue are told apart by how many packets they brought: 0, 1, 2-3, 4-7, 8-15, 16-31, 32-63, and 64, which
/// is the largest burst.
inline constexpr std::size_t burst_size_count = 8;
constexpr std::size_t burst_size_index(std::size_t packets) {
    return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(packets)), burst_size_count - 1);
}
/// The most packets that are counted at `index`.
constexpr std::size_t largest_burst(std::size_t index) {
    return (std::size_t{1} << index) - 1;
}

/// How busy a core is. Core: wo, relaxed; control: ro, for display only, never for a count.
struct alignas(64) CoreStatus {
    std::atomic<std::uint64_t> received{0};        ///< packets
    std::atomic<std::uint64_t> captured_bytes{0};  ///< as captured, for the progress of a replay
    std::atomic<std::uint64_t> bursts{0};          ///< polls that brought packets
    std::atomic<std::uint64_t> forwarded{0};       ///< packets passed to the core that owns their connection
    std::atomic<std::uint64_t> misdirected{0};     ///< of these, SYNs that a NIC that was to know better had given it
    std::atomic<std::uint64_t> waits{0};           ///< times a replay stood still until control gave a bank back

    // Live only, and brought up to date by the housekeeping of the core's loop (PollAccount).
    std::atomic<std::uint64_t> polls{0};    ///< rounds of the loop: a core whose rounds stand still hangs
    std::atomic<std::uint64_t> busy{0};     ///< microseconds of the rounds that brought packets
    std::atomic<std::uint64_t> elapsed{0};  ///< microseconds of all of them
    std::array<std::atomic<std::uint64_t>, burst_size_count>
        burst_sizes{};  ///< polls of a queue, by burst_size_index()
    std::atomic<bool> at_control_depth{false};
    std::atomic<std::uint64_t> falls{0};  ///< times it fell to control depth because it could not keep up
};

/// Single writer: a plain add is enough, and cheaper than a locked one.
inline void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/// What is known of a port. A count that the driver cannot know is absent, which is not 0.
struct PortStatus {
    std::string name;
    std::string source;             ///< file, interface or PCI address
    std::string link;               ///< link layer, in words
    std::optional<bool> link_up{};  ///< absent: the driver does not know
    bool removed = false;           ///< its interface does not exist now, and is waited for
    std::uint64_t removals = 0;     ///< of its interface, under the running daemon
    std::string driver;             ///< DPDK's, by which it is read
    std::string why;                ///< that driver; empty: the operator named it, or there is but one
    unsigned queues = 1;
    std::vector<std::string> warnings;  ///< what is not as it could be, and the remedy; sentences without full stop
    std::uint64_t received = 0;
    std::optional<std::uint64_t> missed;   ///< dropped, no slot free in the ring of device or kernel (imissed)
    std::optional<std::uint64_t> errors;   ///< received broken (ierrors)
    std::optional<std::uint64_t> no_mbuf;  ///< dropped for want of packet buffers (rx_nombuf)
    std::optional<std::uint64_t>
        interface_missed;  ///< dropped by the kernel's interface before anybody could have them
};

}  // namespace rstwatch::tally
