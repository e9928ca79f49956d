// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/symmetric_rss.h"

namespace rstwatch::port {

std::vector<std::uint8_t> symmetric_rss_key(std::size_t length) {
    std::vector<std::uint8_t> key(length);
    for (std::size_t i = 0; i < length; ++i)
        key[i] = static_cast<std::uint8_t>(i % 2 == 0 ? symmetric_key >> 8 : symmetric_key & 0xff);
    return key;
}

}  // namespace rstwatch::port
