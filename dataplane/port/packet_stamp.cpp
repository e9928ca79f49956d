// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/packet_stamp.h"

namespace rstwatch::port {

int stamp_offset = -1;
std::uint64_t stamp_flag = 0;

bool register_stamps() {
    return rte_mbuf_dyn_rx_timestamp_register(&stamp_offset, &stamp_flag) == 0;
}

}  // namespace rstwatch::port
