// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "control/export/json_values.h"
#include "control/export/top.h"
#include "control/http/message.h"
#include "control/http/parameters.h"
#include "control/snapshot.h"
#include "control/store/store_reader.h"

namespace rstwatch::control {

/// Answers what is asked about the past. HTTP thread only.
class HistoryApi {
  public:
    explicit HistoryApi(Store& store) : store_(store), reader_(store) {}

    /// GET /api/v1/history
    http::Response history(const Snapshot& snapshot, const http::Request& request);

    /// GET /api/v1/top of a range of time; `query.range` is read from the request.
    http::Response top(const Snapshot& snapshot, const http::Request& request, TopQuery query);

    /// The member `store` of /api/v1/status.
    Json status() const;

  private:
    Store& store_;
    StoreReader reader_;
};

}  // namespace rstwatch::control
