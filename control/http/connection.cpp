// SPDX-License-Identifier: Apache-2.0
#include "control/http/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/read.hpp>
#include <exception>
#include <utility>
#include <variant>

#include "control/http/host.h"
#include "control/http/origin.h"
#include "control/http/problem.h"
#include "control/http/response_head.h"
#include "control/http/target.h"

namespace rstwatch::control::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

/// How long a client has to take its last response before the connection is torn down.
constexpr std::chrono::milliseconds linger_time{2000};

/// Bytes that the kernel may hold for a stream's client: what is kept for one that does not read is to be kept, and its
/// loss counted, by the stream itself.
constexpr int stream_send_buffer = 64 * 1024;

/// Seconds after which a client that met a cap may try again.
constexpr const char* retry_after = "1";

bool is_http_error(const boost::system::error_code& error) {
    return error.category() == beast::http::make_error_code(beast::http::error::end_of_stream).category();
}

Response cap_response(Admission::Verdict verdict, const Limits& limits) {
    const bool address_full = verdict == Admission::Verdict::address_full;
    const auto most = std::to_string(address_full ? limits.max_per_address : limits.max_connections);
    const std::string object = address_full ? "connections of one client address" : "connections";
    auto response = to_response({.status = address_full ? 429U : 503U,
                                 .detail = "all " + most + " " + object + " are taken; try again in " + retry_after +
                                           " s, or reuse a connection",
                                 .object = object,
                                 .limit = most,
                                 .remedy = "reuse a connection, or raise the cap in the configuration"});
    response.headers.emplace_back("Retry-After", retry_after);
    return response;
}

Response limit_response(unsigned status, const std::string& object, std::size_t limit) {
    const auto text = std::to_string(limit) + " bytes";
    return to_response({.status = status,
                        .detail = "the request's " + object + " has more than " + text + "; send less",
                        .object = object,
                        .limit = text,
                        .remedy = "send less"});
}

}  // namespace

Connection::Connection(Socket socket, std::string address, bool over_tcp, Shared& shared)
    : shared_(shared),
      socket_(std::move(socket)),
      over_tcp_(over_tcp),
      ticket_(shared.admission, std::move(address)),
      deadline_(socket_.get_executor()),
      buffer_(shared.limits.header_bytes + shared.limits.body_bytes + 4096),
      heartbeat_(socket_.get_executor()) {
    LiveCounters::add(shared_.counters.connections);
    if (ticket_.verdict() == Admission::Verdict::admitted) LiveCounters::add(shared_.counters.active);
}

Connection::~Connection() {
    if (ticket_.verdict() == Admission::Verdict::admitted)
        shared_.counters.active.fetch_sub(1, std::memory_order_relaxed);
}

void Connection::start() {
    switch (ticket_.verdict()) {
        case Admission::Verdict::admitted:
            // A client that connects and says nothing has the time of a request, not of a pause between two.
            read_request();
            break;
        case Admission::Verdict::address_full:
        case Admission::Verdict::server_full:
            LiveCounters::add(shared_.counters.refused_by_cap);
            write(cap_response(ticket_.verdict(), shared_.limits), false);
            break;
        case Admission::Verdict::turned_away:
            LiveCounters::add(shared_.counters.refused_by_cap);
            break;
    }
}

void Connection::await_request() {
    if (buffer_.size() > 0) {
        read_request();
        return;
    }
    arm(shared_.limits.idle_deadline);
    socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](const ErrorCode& error) {
        error ? self->close() : self->read_request();
    });
}

void Connection::read_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.limits.header_bytes));
    parser_->body_limit(shared_.limits.body_bytes);
    arm(shared_.limits.request_deadline);
    beast::http::async_read(
        socket_, buffer_, *parser_,
        [self = shared_from_this()](const ErrorCode& error, std::size_t) { self->on_request(error); });
}

void Connection::on_request(const ErrorCode& error) {
    if (error) {
        expired_ ? on_silence() : on_bad_request(error);
        return;
    }
    LiveCounters::add(shared_.counters.requests);
    const bool keep_alive = parser_->get().keep_alive();
    const bool with_body = parser_->get().method() != beast::http::verb::head;
    const auto response = answer();
    response.stream&& with_body ? begin_stream(response) : write(response, keep_alive, with_body);
}

void Connection::on_silence() {
    LiveCounters::add(shared_.counters.timeouts);
    if (!parser_->got_some() && buffer_.size() == 0) {
        close();
        return;
    }
    const auto limit = std::to_string(shared_.limits.request_deadline.count()) + " ms";
    write(to_response({.status = 408,
                       .detail = "the request was not complete within " + limit + "; send it at once",
                       .object = "request",
                       .limit = limit,
                       .remedy = "send it at once"}),
          false);
}

void Connection::on_bad_request(const ErrorCode& error) {
    using HttpError = beast::http::error;
    if (!is_http_error(error) || error == HttpError::end_of_stream || error == HttpError::partial_message) {
        close();  // the client is gone
    } else if (error == HttpError::header_limit || error == HttpError::buffer_overflow) {
        write(limit_response(431, "header", shared_.limits.header_bytes), false);
    } else if (error == HttpError::body_limit) {
        write(limit_response(413, "content", shared_.limits.body_bytes), false);
    } else {
        write(to_response({.status = 400,
                           .detail = "the request is not HTTP/1.1: " + error.message() + "; correct it",
                           .object = "request",
                           .remedy = "send HTTP/1.1 as RFC 9112 has it"}),
              false);
    }
}

std::optional<Response> Connection::refuse_host(std::string_view authority) const {
    const auto& message = parser_->get();
    const auto hosts = message.count(beast::http::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() >= 11))
        return to_response({.status = 400,
                            .detail = "the request must have exactly one Host header",
                            .object = "Host header",
                            .value = std::to_string(hosts) + " of them",
                            .limit = "exactly one"});
    if (!over_tcp_ || hosts == 0) return std::nullopt;
    const auto field = message[beast::http::field::host];
    const std::string host(authority.empty() ? std::string_view(field.data(), field.size()) : authority);
    if (names_loopback(host)) return std::nullopt;
    return to_response({.status = 421,
                        .detail = "the Host header is \"" + host +
                                  "\"; this server listens on loopback only, so it must be localhost, 127.0.0.1 or "
                                  "[::1], with or without a port",
                        .object = "Host header",
                        .value = host,
                        .limit = "localhost, 127.0.0.1 or [::1]",
                        .remedy = "ask for http://localhost, or let the proxy in between rewrite the Host header"});
}

std::string Connection::field(beast::http::field name) const {
    const auto value = parser_->get()[name];
    return {value.data(), value.size()};
}

/// A page anywhere can make the browser of whoever looks at it send a POST here, unread by that page but acted upon.
std::optional<Response> Connection::refuse_origin() const {
    using beast::http::field;
    const auto method = parser_->get().method();
    if (method == beast::http::verb::get || method == beast::http::verb::head || method == beast::http::verb::options)
        return std::nullopt;
    const auto fetch_site = parser_->get()["Sec-Fetch-Site"];
    const auto origin = this->field(field::origin);
    const auto host = this->field(field::host);
    if (is_same_origin(origin, {fetch_site.data(), fetch_site.size()}, host)) return std::nullopt;
    return to_response({.status = 403,
                        .detail = "the request comes from a page of " + (origin.empty() ? "another site" : origin) +
                                  "; what changes something is taken from pages of http://" + host +
                                  " and from programs only",
                        .object = "Origin header",
                        .value = origin,
                        .limit = "http://" + host,
                        .remedy = "let a proxy in between rewrite the Origin header as it does the Host header"});
}

Response Connection::answer() const {
    const auto& message = parser_->get();
    const auto text = [](beast::string_view view) { return std::string(view.data(), view.size()); };
    auto parsed = parse_target(text(message.target()));
    const auto* malformed = std::get_if<Error>(&parsed);
    if (auto refused = refuse_host(malformed != nullptr ? "" : std::get<Target>(parsed).authority)) return *refused;
    if (malformed != nullptr)
        return to_response(
            {.status = 400, .detail = malformed->message, .object = "request target", .remedy = "correct the URL"});
    if (auto refused = refuse_origin()) return *refused;

    auto& target = std::get<Target>(parsed);
    const Request request{.method = text(message.method_string()),
                          .path = std::move(target.path),
                          .query = std::move(target.query),
                          .if_none_match = field(beast::http::field::if_none_match),
                          .accept = field(beast::http::field::accept),
                          .content_type = field(beast::http::field::content_type),
                          .body = message.body()};
    try {
        auto response = shared_.handler(request);
        const bool reads = request.method != "POST";  // RFC 9110 section 13.1.2
        if (reads && response.status == 200 && etag_matches(request.if_none_match, response.etag))
            response.status = 304;
        return response;
    } catch (const std::exception& error) {
        return to_response({.status = 500,
                            .detail = std::string("this request could not be answered: ") + error.what(),
                            .instance = request.path});
    }
}

void Connection::write(const Response& response, bool keep_alive, bool with_body) {
    head_ = response_head(response, keep_alive, std::chrono::system_clock::now());
    body_ = with_body && !has_no_content(response.status) ? response.body : Body();
    const auto content = body_.view();
    const std::array<asio::const_buffer, 2> buffers{asio::buffer(head_), asio::buffer(content.data(), content.size())};
    arm(shared_.limits.write_deadline);
    asio::async_write(socket_, buffers, [self = shared_from_this(), keep_alive](const ErrorCode& error, std::size_t) {
        self->on_written(error, keep_alive);
    });
}

void Connection::on_written(const ErrorCode& error, bool keep_alive) {
    body_ = Body();
    if (error) {
        on_client_gone();
    } else if (keep_alive) {
        await_request();
    } else {
        linger();
    }
}

/// The client is gone, or does not take what it is sent.
void Connection::on_client_gone() {
    if (expired_ && socket_.is_open()) {
        LiveCounters::add(shared_.counters.timeouts);
        // A reset, because the kernel would go on holding what this client does not read.
        ErrorCode ignored;
        socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    }
    close();
}

void Connection::begin_stream(const Response& response) {
    stream_ = response.stream;
    ErrorCode ignored;
    socket_.set_option(asio::socket_base::send_buffer_size(stream_send_buffer), ignored);
    stream_->on_ready([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (self && !self->sending_) self->continue_stream();
    });
    watch_for_end();
    send_piece(response_head(response, false, std::chrono::system_clock::now()));
}

void Connection::continue_stream() {
    if (!stream_) return;
    auto piece = stream_->take();
    piece.empty() ? await_piece() : send_piece(std::move(piece));
}

void Connection::send_piece(std::string piece) {
    sending_ = true;
    piece_ = std::move(piece);
    heartbeat_.cancel();
    arm(shared_.limits.write_deadline);
    asio::async_write(socket_, asio::buffer(piece_), [self = shared_from_this()](const ErrorCode& error, std::size_t) {
        self->sending_ = false;
        error ? self->on_client_gone() : self->continue_stream();
    });
}

void Connection::await_piece() {
    deadline_.cancel();
    heartbeat_.expires_after(shared_.limits.heartbeat);
    heartbeat_.async_wait([self = shared_from_this()](const ErrorCode& error) {
        const bool rearmed = self->heartbeat_.expiry() > asio::steady_timer::clock_type::now();
        if (!error && !rearmed && self->stream_ && !self->sending_) self->send_piece(self->stream_->heartbeat());
    });
}

/// Nothing is expected from the client any more but its end. What it says nevertheless has no meaning and is dropped.
void Connection::watch_for_end() {
    socket_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](const ErrorCode& error, std::size_t) {
        if (!self->stream_) return;
        // The write deadline cancels this operation, too.
        error ? self->on_client_gone() : self->watch_for_end();
    });
}

void Connection::linger() {
    // Closing with unread bytes would send a reset, which can destroy the response before the client has read it
    // (RFC 9112, section 9.6): end our side, and read until the client ends its own.
    ErrorCode error;
    socket_.shutdown(asio::socket_base::shutdown_send, error);
    if (error) {
        close();
        return;
    }
    arm(std::min(linger_time, shared_.limits.write_deadline));
    discard();
}

void Connection::discard() {
    socket_.async_read_some(asio::buffer(discarded_), [self = shared_from_this()](const ErrorCode& error, std::size_t) {
        error || self->expired_ ? self->close() : self->discard();
    });
}

void Connection::close() {
    ErrorCode ignored;
    deadline_.cancel();
    heartbeat_.cancel();
    stream_.reset();
    socket_.close(ignored);
}

void Connection::arm(std::chrono::milliseconds delay) {
    expired_ = false;
    deadline_.expires_after(delay);
    deadline_.async_wait([self = shared_from_this()](const ErrorCode& error) {
        // A wait that was over before arm() was called again comes here too, without an error.
        if (error || self->deadline_.expiry() > asio::steady_timer::clock_type::now()) return;
        self->expired_ = true;
        ErrorCode ignored;
        self->socket_.cancel(ignored);
    });
}

}  // namespace rstwatch::control::http
