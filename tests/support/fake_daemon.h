// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rstwatch::test {

/// An HTTP server on the loopback that answers with what a test gives it, one connection after the other. It shares
/// nothing with the daemon but the documents.
class FakeDaemon {
  public:
    FakeDaemon();
    ~FakeDaemon();
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    /// From now on requests of `target` get `body`. A target without a query stands for every query of its path.
    void answer(const std::string& target, std::string body, unsigned status = 200);

    /// As if the daemon had ended, and back again at the same port.
    void stop();
    void start();

    /// "http://127.0.0.1:PORT"
    std::string address() const;

    /// The requests so far, such as "GET /api/v1/status".
    std::vector<std::string> requests() const;

  private:
    struct Answer {
        unsigned status;
        std::string body;
    };

    void serve(int listener);
    Answer answer_to(const std::string& request);

    mutable std::mutex mutex_;  ///< guards the next two
    std::map<std::string, Answer> answers_;
    std::vector<std::string> requests_;
    int listener_ = -1;
    unsigned short port_ = 0;
    std::thread thread_;
};

}  // namespace rstwatch::test
