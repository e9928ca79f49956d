// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/server_address.h"

namespace rstwatch::cli {

/// What the live view wants to see: targets of REST. `explained` is empty when no service or host is looked at.
struct LiveQuestion {
    std::string top;
    std::string explained;

    bool operator==(const LiveQuestion&) const = default;
};

/// What the daemon said. While it is away, the documents are the last that came for the same question.
struct LiveAnswer {
    LiveQuestion question;
    std::optional<Document> top;
    std::optional<Document> explained;
    std::string not_explained;         ///< why there is no such document; printable
    std::optional<Document> failures;  ///< /top by service of all failures over the last 10 s
    std::optional<Document> status;
    std::optional<Document> alerts;  ///< a daemon without alerts has none
    std::string problem;             ///< why the last question was not answered; printable
};

/// Asks the daemon again and again, in a thread of its own, so that keys never wait for the network.
class LiveFeed {
  public:
    /// `changed` is called by that thread whenever there is a new answer.
    LiveFeed(std::vector<ServerAddress> servers, LiveQuestion question, std::function<void()> changed);
    ~LiveFeed();
    LiveFeed(const LiveFeed&) = delete;
    LiveFeed& operator=(const LiveFeed&) = delete;

    /// From now on asks this, at once and then every second.
    void ask(const LiveQuestion& question);

    /// The latest answer, perhaps to an earlier question; null before the first.
    std::shared_ptr<const LiveAnswer> latest() const;

  private:
    void run(const std::stop_token& stop);
    std::shared_ptr<const LiveAnswer> fetch_all(const LiveQuestion& question, const std::stop_token& stop) const;

    const std::vector<ServerAddress> servers_;
    const std::function<void()> changed_;
    mutable std::mutex mutex_;  ///< guards the next two
    LiveQuestion question_;
    std::shared_ptr<const LiveAnswer> latest_;
    std::condition_variable_any asked_;
    std::jthread thread_;  ///< last, so that it ends before what it uses
};

}  // namespace rstwatch::cli
