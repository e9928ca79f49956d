// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace rstwatch::port {

/// What the kernel says of a network interface, in the network namespace of the calling thread.
struct KernelInterface {
    unsigned index = 0;     ///< another one when it is removed and made again under the same name
    bool is_up = false;     ///< switched on (IFF_UP)
    bool has_link = false;  ///< and there is somebody at the other end (IFF_RUNNING)
    bool is_loopback = false;
    std::uint32_t missed = 0;  ///< what device and driver had no room for (rx_missed_errors, rx_fifo_errors); wraps
    std::uint32_t errors = 0;  ///< frames that came broken (rx_errors), of which nobody else hears; wraps
};

/// Nothing if there is no interface of that name.
std::optional<KernelInterface> kernel_interface(const std::string& name);

}  // namespace rstwatch::port
