// SPDX-License-Identifier: Apache-2.0
#include "control/metrics_api.h"

#include "control/export/outcome_metrics.h"
#include "control/export/packet_metrics.h"

namespace rstwatch::control {

void add_metrics_route(http::Router& router, const SnapshotStore& store, const Health& health,
                       std::function<void(Exposition&)> of_this_moment) {
    router.get("/metrics", {}, [&store, &health, of_this_moment = std::move(of_this_moment)](const http::Request&) {
        Exposition out;
        out.gauge("ready", "1 if what the daemon says can be relied on; /readyz names what fails",
                  std::uint64_t{health.what_fails().empty()});
        out.gauge("alive", "1 if the control thread and every RX core move",
                  std::uint64_t{health.what_stands_still().empty()});
        if (const SnapshotPtr snapshot = store.latest()) {
            add_packet_metrics(out, *snapshot, std::chrono::steady_clock::now());
            add_outcome_metrics(out, *snapshot);
        }
        of_this_moment(out);
        http::Response response;
        response.content_type = Exposition::content_type;
        response.body = out.take();
        return response;
    });
}

}  // namespace rstwatch::control
