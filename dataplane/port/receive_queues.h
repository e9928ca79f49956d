// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "dataplane/port/failure.h"
#include "dataplane/port/port.h"

struct rte_mempool;

namespace rstwatch::port {

/// Configures an attached port for receiving into `pool`, spread over as many queues as the settings ask for and the
/// device has, and starts it.
Failure start_receiving(Port& port, const config::Settings& settings, rte_mempool* pool);

}  // namespace rstwatch::port
