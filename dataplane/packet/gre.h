// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet/layer.h"
#include "dataplane/packet/packet_view.h"

namespace rstwatch::packet {

/// GRE (RFC 2784, RFC 2890), its enhanced form that carries PPP for PPTP (RFC 2637 section 4.1), and ERSPAN in it.
Decoded decode_gre(Layer& layer, PacketView& view);

}  // namespace rstwatch::packet
