// SPDX-License-Identifier: Apache-2.0
#include "control/export/service_metrics.h"

#include "control/heap.h"

namespace rstwatch::control {

using Type = Exposition::Type;

void add_store_metrics(Exposition& out, const StoreStatus& store) {
    using State = StoreStatus::State;
    out.family("store_state", Type::gauge, "1 for the state that the store of history is in");
    out.sample({{"state", "ok"}}, std::uint64_t{store.state == State::ok});
    out.sample({{"state", "degraded"}}, std::uint64_t{store.state == State::degraded});
    out.sample({{"state", "off"}}, std::uint64_t{store.state == State::off});
    if (store.rows) out.gauge("store_rows", "Rows of minutes in the store", *store.rows);
    if (store.bytes) out.gauge("store_bytes", "Size of the store's file", *store.bytes);
    out.gauge("store_queued_rows", "Rows that wait to be written", store.queue);
    out.counter("store_dropped_rows_total", "Rows that are lost", store.dropped);
}

void add_http_metrics(Exposition& out, const http::Counters& counters) {
    out.counter("http_connections_total", "Connections accepted, those included that were refused then",
                counters.connections);
    out.gauge("http_connections_open", "Connections that are open now", counters.active);
    out.counter("http_requests_total", "Requests read", counters.requests);
    out.family("http_refused_total", Type::counter, "Connections that were not served to their end, by reason");
    out.sample({{"reason", "cap"}}, counters.refused_by_cap);
    out.sample({{"reason", "timeout"}}, counters.timeouts);
    out.sample({{"reason", "accept_error"}}, counters.accept_errors);
}

void add_event_metrics(Exposition& out, const EventHub::Counters& counters) {
    out.gauge("event_streams_open", "Streams of events that are open now", counters.streams);
    out.counter("events_total", "Events while somebody listened", counters.events);
    out.counter("events_dropped_total", "Events that a listener missed", counters.dropped);
    out.counter("event_streams_refused_total", "Streams beyond http.streams", counters.refused);
}

void add_sink_metrics(Exposition& out, const std::vector<SinkStatus>& sinks) {
    const auto add = [&](std::string_view name, Type type, std::string_view help, auto value) {
        out.family(name, type, help);
        for (std::size_t i = 0; i < sinks.size(); ++i)
            out.sample({{"sink", std::to_string(i + 1)}, {"kind", sinks[i].name.substr(0, sinks[i].name.find(' '))}},
                       std::uint64_t{value(sinks[i])});
    };
    add("sink_delivered_notices_total", Type::counter, "Notices of alerts that a sink has accepted",
        [](const SinkStatus& sink) { return sink.delivered; });
    add("sink_failed_deliveries_total", Type::counter, "Deliveries that a sink has not accepted",
        [](const SinkStatus& sink) { return sink.failed; });
    add("sink_dropped_notices_total", Type::counter, "Notices that are lost",
        [](const SinkStatus& sink) { return sink.dropped; });
    add("sink_waiting_alerts", Type::gauge, "Alerts that a sink is still to be told of",
        [](const SinkStatus& sink) { return sink.waiting; });
    add("sink_retrying", Type::gauge, "1 if the last delivery failed and will be tried again",
        [](const SinkStatus& sink) { return sink.retrying; });
}

void add_memory_metrics(Exposition& out, const std::vector<MemoryPart>& parts) {
    const MemoryUse use = memory_use();
    out.gauge("memory_resident_bytes", "Memory that the process takes", use.resident);
    out.gauge("memory_peak_bytes", "Memory that the process took at most", use.peak);
    out.gauge("memory_heap_in_use_bytes", "Memory of the heap that is in use", heap_in_use());
    out.gauge("memory_allowed_bytes", "Memory that the settings allow", sum_of(parts));
}

}  // namespace rstwatch::control
