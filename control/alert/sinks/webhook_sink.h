// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/alert/sinks/http_post.h"

namespace rstwatch::control {

/// Posts {"event": …, "alert": …} to a URL, one for each notice.
class WebhookSink : public Sink {
  public:
    explicit WebhookSink(HttpReceiver receiver) : receiver_(std::move(receiver)) {}

    void deliver(const std::vector<AlertNotice>& notices, Done done) override;

  private:
    HttpReceiver receiver_;
};

}  // namespace rstwatch::control
