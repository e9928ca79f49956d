// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "config/settings.h"

namespace rstwatch::port {

/// Most frames of a capture fit into one buffer of this size, also those that a kernel had not cut yet.
inline constexpr std::uint16_t buffer_bytes = 9728;
/// af_xdp lends buffers to the kernel, for which each must fit into a page with its headers (xdp_umem_reg() in
/// net/xdp).
inline constexpr std::uint16_t af_xdp_buffer_bytes = 3584;
inline constexpr unsigned buffer_cache = 128;  ///< of each core

/// Ports that take their buffers from one pool.
struct PoolUse {
    std::size_t ports = 0;
    std::uint16_t bytes = buffer_bytes;  ///< of each buffer
};

std::uint64_t buffers_needed(const config::Settings& settings, const PoolUse& use);

/// Bytes of these with their headers, and what DPDK needs besides.
std::uint64_t memory_needed(const config::Settings& settings, const PoolUse& use);

}  // namespace rstwatch::port
