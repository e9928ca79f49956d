// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "control/events/event_hub.h"
#include "control/http/server.h"
#include "control/store/store.h"

// Settings in the units and types of the parts that they are for.
namespace rstwatch::control {

http::Options http_options(const config::Settings::Http& http);
EventHub::Capacity event_capacity(const config::Settings::Http& http);
Store::Options store_options(const config::Settings::Store& store, bool replay);

}  // namespace rstwatch::control
