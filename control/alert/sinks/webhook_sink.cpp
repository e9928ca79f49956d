// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/webhook_sink.h"

#include <utility>

#include "control/export/alert_json.h"

namespace rstwatch::control {

void WebhookSink::deliver(const std::vector<AlertNotice>& notices, Done done) {
    const AlertNotice& notice = notices.front();
    const Json json = {{"event", name(notice.event)}, {"alert", alert_json(notice.alert, notice.time)}};
    std::make_shared<HttpPost>(receiver_, json.dump(-1, ' ', true, Json::error_handler_t::replace), std::move(done))
        ->start();
}

}  // namespace rstwatch::control
