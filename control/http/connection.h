// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "control/http/admission.h"
#include "control/http/counters.h"
#include "control/http/message.h"
#include "control/http/server_limits.h"

namespace rstwatch::control::http {

/// What all connections of a server share. The HTTP thread's, and it outlives them.
struct Shared {
    const Limits& limits;
    const Handler& handler;
    LiveCounters& counters;
    Admission admission;
};

/// One client's connection. Reads a request, answers it, and so on: never two at a time, so pipelined requests are
/// answered in order. Owned by the asynchronous operation it waits for.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Socket = boost::asio::generic::stream_protocol::socket;

    /// `address` says whose connection it is, for the caps.
    Connection(Socket socket, std::string address, bool over_tcp, Shared& shared);
    ~Connection();

    /// Serves the client, or tells it that it is beyond a cap.
    void start();

  private:
    using ErrorCode = boost::system::error_code;
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    void await_request();
    void read_request();
    void on_request(const ErrorCode& error);
    void on_bad_request(const ErrorCode& error);
    void on_silence();

    Response answer() const;
    std::optional<Response> refuse_host(std::string_view authority) const;
    std::optional<Response> refuse_origin() const;
    std::string field(boost::beast::http::field name) const;

    void write(const Response& response, bool keep_alive, bool with_body = true);
    void on_written(const ErrorCode& error, bool keep_alive);

    void begin_stream(const Response& response);
    void continue_stream();
    void send_piece(std::string piece);
    void await_piece();
    void watch_for_end();

    void on_client_gone();
    void linger();
    void discard();
    void close();

    void arm(std::chrono::milliseconds delay);

    Shared& shared_;
    Socket socket_;
    bool over_tcp_;
    Admission::Ticket ticket_;
    boost::asio::steady_timer deadline_;
    bool expired_ = false;  ///< the deadline of the step under way has passed, and its operation is cancelled
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::string head_;
    Body body_;
    std::shared_ptr<Stream> stream_;
    bool sending_ = false;  ///< a piece of the stream is on its way
    std::string piece_;
    boost::asio::steady_timer heartbeat_;
    std::array<char, 4096> discarded_{};
};

}  // namespace rstwatch::control::http
