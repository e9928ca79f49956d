// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/tally/address.h"

namespace rstwatch::control {

/// An address as the file has it: 4 bytes or 16. Points into `address`.
inline std::span<const std::uint8_t> blob_of(const tally::IpAddress& address) {
    const std::span<const std::uint8_t> bytes(address.bytes);
    return address.is_v4() ? bytes.subspan(12) : bytes;
}

/// Nothing for what is no address.
inline std::optional<tally::IpAddress> address_from(std::span<const std::uint8_t> blob) {
    if (blob.size() == 4) return tally::IpAddress::v4(blob.data());
    if (blob.size() == 16) return tally::IpAddress::v6(blob.data());
    return std::nullopt;
}

}  // namespace rstwatch::control
