// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/url.h"
#include "control/alert/sinks/name_lookup.h"
#include "control/alert/sinks/sink.h"

namespace rstwatch::control {

/// Sends one datagram for each notice: to a Unix socket (whose reader may have been started anew since, so it is
/// connected each time), or by UDP, of which nobody learns whether it has arrived.
class DatagramSink : public Sink {
  public:
    using Encode = std::function<std::string(const AlertNotice&)>;

    DatagramSink(std::shared_ptr<boost::asio::io_context> context, config::Target target, Encode encode);

    void deliver(const std::vector<AlertNotice>& notices, Done done) override;

  private:
    config::Target target_;
    Encode encode_;
    NameLookup lookup_;
};

}  // namespace rstwatch::control
