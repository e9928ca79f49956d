// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/layer.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

/// A PPP frame (RFC 1661 section 2), with or without the address and control bytes of HDLC, its protocol compressed or
/// not.
Decoded decode_ppp(Layer& layer);

/// A PPPoE session (RFC 2516 section 4).
Decoded decode_pppoe(Layer& layer, PacketView& view);

}  // namespace rstwatch::packet
