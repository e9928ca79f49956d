// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "config/url.h"
#include "control/alert/sinks/name_lookup.h"
#include "control/alert/sinks/sink.h"

namespace rstwatch::control {

/// Where documents are posted to.
struct HttpReceiver {
    std::shared_ptr<boost::asio::io_context> context;
    config::Target target;
    std::chrono::milliseconds timeout;  ///< from the look-up of the name to the end of the answer
    NameLookup lookup;
};

/// One POST of a JSON document over a connection of its own. Lives as long as it is under way.
class HttpPost : public std::enable_shared_from_this<HttpPost> {
  public:
    HttpPost(HttpReceiver& receiver, std::string body, Sink::Done done);

    void start();

  private:
    using ErrorCode = boost::system::error_code;

    void connect(const std::vector<boost::asio::ip::address>& addresses);
    void send();
    void receive();
    void judge();
    void give_up(const std::string& error);
    void finish(const Delivery& delivery);

    HttpReceiver& receiver_;
    Sink::Done done_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer deadline_;
    boost::beast::http::request<boost::beast::http::string_body> request_;
    boost::beast::http::response_parser<boost::beast::http::string_body> response_;
    boost::beast::flat_buffer buffer_{65536};
};

}  // namespace rstwatch::control
