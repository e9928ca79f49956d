// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "control/alert/sinks/courier.h"
#include "control/events/event_hub.h"
#include "control/export/exposition.h"
#include "control/http/counters.h"
#include "control/memory.h"
#include "control/store/store.h"

// How the daemon itself does: whom it serves and tells, what it keeps, what it takes.
namespace rstwatch::control {

void add_store_metrics(Exposition& out, const StoreStatus& store);
void add_http_metrics(Exposition& out, const http::Counters& counters);
void add_event_metrics(Exposition& out, const EventHub::Counters& counters);
/// Sinks by their kind and their place in the settings: their addresses are nobody's labels.
void add_sink_metrics(Exposition& out, const std::vector<SinkStatus>& sinks);
void add_memory_metrics(Exposition& out, const std::vector<MemoryPart>& parts);

}  // namespace rstwatch::control
