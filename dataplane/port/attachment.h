// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "dataplane/port/failure.h"
#include "dataplane/port/port.h"

namespace rstwatch::port {

/// Decides how the live port number `number` is to be attached: fills in source, driver, device, link layer and who
/// counts losses. Needs no DPDK yet. Fails for what cannot be there.
Failure plan_live(const config::Port& wanted, unsigned number, std::int64_t ring_packets, Port& port);

/// Likewise for a capture that has been opened.
void plan_capture(unsigned number, Port& port);

/// Makes its DPDK port, or finds it.
Failure attach(Port& port);

/// Lets the port receive what is not meant for this machine, too, and finds who counts its losses. After it was
/// started.
void listen_to_all(Port& port);

/// Ends what attach() made, so that it can be made anew. No core may be polling it.
void detach(Port& port);

}  // namespace rstwatch::port
