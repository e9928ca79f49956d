// SPDX-License-Identifier: Apache-2.0
#include "control/export/sink_json.h"

namespace rstwatch::control {

Json sinks_json(const std::vector<SinkStatus>& sinks) {
    Json json = Json::array();
    for (const SinkStatus& sink : sinks)
        json.push_back({{"name", sink.name},
                        {"state", sink.retrying ? "retrying" : "ok"},
                        {"waiting", sink.waiting},
                        {"delivered", sink.delivered},
                        {"failed", sink.failed},
                        {"dropped", sink.dropped},
                        {"last_error", sink.last_error.empty() ? Json(nullptr) : Json(sink.last_error)}});
    return json;
}

}  // namespace rstwatch::control
