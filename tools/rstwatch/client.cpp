// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/client.h"

#include <sys/un.h>
#include <algorithm>
#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <utility>
#include <vector>

namespace rstwatch::cli {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;

constexpr std::chrono::seconds connect_deadline{5};
constexpr std::chrono::seconds reply_deadline{30};

/// A top list of the largest size the daemon serves has a few megabytes.
constexpr std::uint64_t largest_body = 256ULL << 20;

constexpr std::uint64_t largest_refusal = 1 << 20;

/// Of a stream: three heartbeats of the daemon.
constexpr std::chrono::seconds silence_deadline{45};

/// One exchange. Asynchronous underneath, because only asynchronous operations have deadlines in Beast.
class Exchange {
  public:
    explicit Exchange(const std::stop_token& stop) : stop_(stop) {}

    std::variant<Reply, ClientError> run(const ServerAddress& server, Method method, const std::string& target) {
        if (const auto error = reach(server)) return ClientError{true, error.message()};
        ask(server, method, target, "application/json");
        parser_.body_limit(largest_body);
        if (const auto error =
                wait(reply_deadline, [&](auto handler) { http::async_read(stream_, buffer_, parser_, handler); }))
            return ClientError{false, error.message()};
        return reply();
    }

    StreamEnd listen(const ServerAddress& server, const std::string& target, const StreamBegin& begin,
                     const StreamTake& take) {
        using Kind = StreamEnd::Kind;
        if (const auto error = reach(server)) return {.kind = Kind::unreachable, .message = error.message()};
        ask(server, Method::get, target, "text/event-stream");
        http::response_parser<http::empty_body> head;
        if (const auto error =
                wait(reply_deadline, [&](auto handler) { http::async_read_header(stream_, buffer_, head, handler); }))
            return {.kind = Kind::ended, .message = error.message()};
        if (head.get().result() != http::status::ok) return refusal(head);
        if (!begin()) return {.kind = Kind::stopped};
        http::response_parser<http::buffer_body> content(std::move(head));
        content.body_limit(boost::none);
        return read_on(content, take);
    }

  private:
    error_code reach(const ServerAddress& server) {
        std::vector<Protocol::endpoint> endpoints;
        if (const auto error = resolve(server, endpoints)) return error;
        return connect(endpoints);
    }

    Reply reply() {
        auto& message = parser_.get();
        const auto type = message[http::field::content_type];
        return Reply{.status = message.result_int(),
                     .content_type = std::string(type.data(), type.size()),
                     .body = std::move(message.body())};
    }

    StreamEnd refusal(http::response_parser<http::empty_body>& head) {
        http::response_parser<http::string_body> whole(std::move(head));
        whole.body_limit(largest_refusal);
        wait(reply_deadline, [&](auto handler) { http::async_read(stream_, buffer_, whole, handler); });
        auto& message = whole.get();
        return {.kind = StreamEnd::Kind::refused,
                .reply = {.status = message.result_int(), .content_type = {}, .body = std::move(message.body())},
                .message = "status " + std::to_string(message.result_int())};
    }

    StreamEnd read_on(http::response_parser<http::buffer_body>& content, const StreamTake& take) {
        std::array<char, 16384> bytes{};
        while (!content.is_done()) {
            auto& body = content.get().body();
            body.data = bytes.data();
            body.size = bytes.size();
            const auto error = wait(silence_deadline,
                                    [&](auto handler) { http::async_read_some(stream_, buffer_, content, handler); });
            const std::string_view taken(bytes.data(), bytes.size() - body.size);
            if (!taken.empty() && !take(taken)) return {.kind = StreamEnd::Kind::stopped};
            if (error == beast::error::timeout)
                return {.kind = StreamEnd::Kind::ended, .message = "nothing was heard for 45 s"};
            if (error && error != http::error::need_buffer)
                return {.kind = StreamEnd::Kind::ended, .message = error.message()};
        }
        return {.kind = StreamEnd::Kind::ended, .message = "the daemon has ended the stream"};
    }

    error_code resolve(const ServerAddress& server, std::vector<Protocol::endpoint>& endpoints) {
        error_code error;
        if (!server.socket.empty()) {
            if (server.socket.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
            endpoints.emplace_back(asio::local::stream_protocol::endpoint(server.socket));
            return error;
        }
        asio::ip::tcp::resolver resolver(context_);
        for (const auto& entry : resolver.resolve(server.host, server.port, error))
            endpoints.emplace_back(entry.endpoint());
        return error;
    }

    /// Starts an operation by `start(handler)` and waits for it. Once a stop is requested it is abandoned, and so is
    /// every later one.
    template <typename Start>
    error_code wait(std::chrono::seconds deadline, Start start) {
        error_code result = asio::error::operation_aborted;
        if (stop_.stop_requested()) return result;
        stream_.expires_after(deadline);
        start([&](error_code error, auto...) { result = error; });
        context_.restart();
        // Whoever requests it from here on stops the context after it was restarted.
        if (!stop_.stop_requested()) context_.run();
        return result;
    }

    error_code connect(const std::vector<Protocol::endpoint>& endpoints) {
        error_code error = asio::error::host_not_found;
        for (const auto& endpoint : endpoints) {
            error_code ignored;
            stream_.socket().close(ignored);
            error = wait(connect_deadline, [&](auto handler) { stream_.async_connect(endpoint, handler); });
            if (!error) break;
        }
        return error;
    }

    void ask(const ServerAddress& server, Method method, const std::string& target, const char* accept) {
        http::request<http::empty_body> request(method == Method::post ? http::verb::post : http::verb::get, target,
                                                11);
        request.prepare_payload();  // a POST says that its body is empty
        const bool v6 = server.host.find(':') != std::string::npos;
        request.set(http::field::host, !server.socket.empty() ? "localhost"
                                       : v6                   ? "[" + server.host + "]:" + server.port
                                                              : server.host + ":" + server.port);
        request.set(http::field::accept, accept);
        request.set(http::field::connection, "close");
        request.set(http::field::user_agent, "rstwatch/" RSTWATCH_VERSION);
        // A server that refuses the connection may answer and close before it has read this.
        wait(reply_deadline, [&](auto handler) { http::async_write(stream_, request, handler); });
    }

    const std::stop_token& stop_;
    asio::io_context context_{1};
    std::stop_callback<std::function<void()>> on_stop_{stop_, [this] { context_.stop(); }};
    beast::basic_stream<Protocol> stream_{context_};
    beast::flat_buffer buffer_;
    http::response_parser<http::string_body> parser_;
};

}  // namespace

std::variant<Reply, ClientError> ask(const ServerAddress& server, Method method, const std::string& target,
                                     const std::stop_token& stop) {
    return Exchange(stop).run(server, method, target);
}

StreamEnd stream(const ServerAddress& server, const std::string& target, const StreamBegin& begin,
                 const StreamTake& take) {
    return Exchange({}).listen(server, target, begin, take);
}

std::string percent_encoded(const std::string& text) {
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                           (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
        if (plain) {
            encoded += c;
        } else {
            std::array<char, 4> escape{};
            std::snprintf(escape.data(), escape.size(), "%%%02X", byte);
            encoded += escape.data();
        }
    }
    return encoded;
}

}  // namespace rstwatch::cli
