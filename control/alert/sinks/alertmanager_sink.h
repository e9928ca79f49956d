// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "control/alert/sinks/http_post.h"
#include "control/export/json_values.h"

namespace rstwatch::control {

/// Posts alerts to a Prometheus Alertmanager by its API v2
/// (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml).
///
/// To an Alertmanager the labels are the alert: with another severity or cause it is another one. So when these change,
/// the alert with the former labels is ended by the same post that begins the new one.
class AlertmanagerSink : public Sink {
  public:
    /// `sensor` becomes a label; `capacity` bounds the alerts whose labels are remembered.
    AlertmanagerSink(HttpReceiver receiver, std::string sensor, std::size_t capacity);

    std::size_t batch() const override { return 64; }
    bool forgets() const override { return true; }
    void deliver(const std::vector<AlertNotice>& notices, Done done) override;

  private:
    Json labels_of(const Alert& alert) const;
    void remember(const std::vector<AlertNotice>& notices);

    HttpReceiver receiver_;
    std::string sensor_;
    std::size_t capacity_;
    std::map<std::string, Json> told_;  ///< by id: the labels under which the Alertmanager knows an alert that lasts
};

}  // namespace rstwatch::control
