// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/service_settings.h"

#include <chrono>

#include "control/http/socket_path.h"
#include "control/store/store_path.h"

namespace rstwatch::control {

http::Options http_options(const config::Settings::Http& http) {
    const auto milliseconds = [](double seconds) {
        return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    };
    http::Options options;
    options.listen = http.listen;
    options.socket = http.socket.empty() ? http::default_socket_path() : http.socket;
    if (http.socket == "off") options.socket.clear();
    options.limits.max_connections = static_cast<std::size_t>(http.connections);
    options.limits.max_per_address = static_cast<std::size_t>(http.connections_per_address);
    options.limits.request_deadline = milliseconds(http.request_deadline);
    options.limits.write_deadline = milliseconds(http.write_deadline);
    options.limits.idle_deadline = milliseconds(http.idle_deadline);
    return options;
}

EventHub::Capacity event_capacity(const config::Settings::Http& http) {
    return {.streams = static_cast<std::size_t>(http.streams), .events = static_cast<std::size_t>(http.stream_events)};
}

Store::Options store_options(const config::Settings::Store& store, bool replay) {
    Store::Options options;
    options.path = store_path(store.path, replay);
    options.bytes = static_cast<std::uint64_t>(store.megabytes) << 20;
    options.days = static_cast<std::uint64_t>(store.days);
    options.queue = static_cast<std::size_t>(store.queue);
    options.wait_when_full = replay;
    return options;
}

}  // namespace rstwatch::control
