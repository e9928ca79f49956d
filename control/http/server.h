// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/http/counters.h"
#include "control/http/error.h"
#include "control/http/message.h"
#include "control/http/server_limits.h"

namespace rstwatch::control::http {

struct Options {
    std::string listen{};  ///< loopback ADDRESS:PORT, port 0 for any; empty: no TCP
    std::string socket{};  ///< path of a Unix socket; empty: none
    Limits limits{};
    /// What streams carry comes from other threads: `call` is called on the HTTP thread whenever `descriptor` (an
    /// eventfd or a pipe, of which the server keeps a duplicate) is readable. It has to read it.
    int wakeup_descriptor = -1;
    std::function<void()> wakeup{};
};

/// Serves HTTP/1.1 on a TCP address, a Unix socket or both, by one thread of its own. No client can hold up another:
/// the number of connections and the time of each step are bounded.
class Server {
  public:
    /// `handler` is called on the HTTP thread, and may be called until stop() has returned.
    Server(Options options, Handler handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Starts to listen and to serve; call it once. An error says what could not be listened on, why, and what to do;
    /// nothing is left open then.
    [[nodiscard]] std::optional<Error> start();

    /// Other limits, for each step that begins from now on. From the thread that has started it, between start() and
    /// stop().
    void set_limits(const Limits& limits);

    /// Cuts every connection, joins the thread and removes the Unix socket. Harmless when not started.
    void stop();

    /// The TCP port bound; 0 without TCP or when not started.
    std::uint16_t port() const;

    /// From any thread, also from within the handler and after stop().
    Counters counters() const { return counters_.read(); }

  private:
    class Running;

    Options options_;
    Handler handler_;
    LiveCounters counters_;
    std::unique_ptr<Running> running_;
};

}  // namespace rstwatch::control::http
