// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/http_post.h"

#include <boost/asio/connect.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace rstwatch::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::uint64_t largest_answer = 65536;
constexpr std::size_t longest_quote = 200;

/// The first words of an answer, on one line.
std::string quote(const std::string& body) {
    std::string text = body.substr(0, longest_quote);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = ' ';
    const auto end = text.find_last_not_of(' ');
    return end == std::string::npos ? "" : ": " + text.substr(0, end + 1);
}

/// Too many requests, and whatever is the server's own trouble, passes (RFC 9110, section 15; RFC 6585, section 4).
bool may_pass(unsigned status) {
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

}  // namespace

HttpPost::HttpPost(HttpReceiver& receiver, std::string body, Sink::Done done)
    : receiver_(receiver), done_(std::move(done)), socket_(*receiver.context), deadline_(*receiver.context) {
    using beast::http::field;
    request_.method(beast::http::verb::post);
    request_.target(receiver.target.path);
    request_.version(11);
    request_.set(field::host, receiver.target.authority());
    request_.set(field::user_agent, "rstwatchd/" RSTWATCH_VERSION);
    request_.set(field::content_type, "application/json");
    request_.set(field::connection, "close");
    request_.body() = std::move(body);
    request_.prepare_payload();
    response_.body_limit(largest_answer);
}

void HttpPost::start() {
    deadline_.expires_after(receiver_.timeout);
    deadline_.async_wait([self = shared_from_this()](const ErrorCode& error) {
        if (!error) self->give_up("no answer within " + std::to_string(self->receiver_.timeout.count()) + " ms");
    });
    receiver_.lookup.start([self = shared_from_this()](const std::string& error, const auto& addresses) {
        if (!self->done_) return;
        error.empty() ? self->connect(addresses) : self->give_up(error);
    });
}

void HttpPost::connect(const std::vector<asio::ip::address>& addresses) {
    std::vector<asio::ip::tcp::endpoint> endpoints;
    const auto port = static_cast<std::uint16_t>(std::stoul(receiver_.target.port));
    endpoints.reserve(addresses.size());
    for (const auto& address : addresses) endpoints.emplace_back(address, port);
    asio::async_connect(socket_, endpoints, [self = shared_from_this()](const ErrorCode& error, const auto&) {
        error ? self->give_up("cannot connect: " + error.message()) : self->send();
    });
}

void HttpPost::send() {
    // Whoever refuses may answer and close before it has read all of this: the answer counts, not the error here.
    beast::http::async_write(socket_, request_,
                             [self = shared_from_this()](const ErrorCode&, std::size_t) { self->receive(); });
}

void HttpPost::receive() {
    beast::http::async_read(socket_, buffer_, response_,
                            [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                                error ? self->give_up("no answer: " + error.message()) : self->judge();
                            });
}

void HttpPost::judge() {
    const auto& answer = response_.get();
    const unsigned status = answer.result_int();
    if (status >= 200 && status < 300) return finish({});
    finish({.verdict = may_pass(status) ? Delivery::Verdict::try_again : Delivery::Verdict::refused,
            .error = "answered " + std::to_string(status) + quote(answer.body())});
}

void HttpPost::give_up(const std::string& error) {
    finish({.verdict = Delivery::Verdict::try_again, .error = error});
}

void HttpPost::finish(const Delivery& delivery) {
    const auto done = std::exchange(done_, nullptr);
    if (!done) return;  // what the deadline has cut comes here, too
    ErrorCode ignored;
    deadline_.cancel();
    socket_.close(ignored);
    done(delivery);
}

}  // namespace rstwatch::control
