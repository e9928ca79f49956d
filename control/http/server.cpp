// SPDX-License-Identifier: Apache-2.0
#include "control/http/server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "control/http/connection.h"
#include "control/http/listener.h"
#include "control/http/signals_blocked.h"

namespace rstwatch::control::http {
namespace {

namespace asio = boost::asio;

/// How long to wait for the system to have descriptors again: without it a full table would spin this thread.
constexpr std::chrono::milliseconds accept_pause{100};

/// Whose connection it is, as the caps count it: an IP address, or the user at the other end of a Unix socket.
std::string owner_of(int socket, const sockaddr_storage& peer) {
    if (peer.ss_family == AF_INET) {
        const auto& address = reinterpret_cast<const sockaddr_in&>(peer).sin_addr;
        return {reinterpret_cast<const char*>(&address), sizeof address};
    }
    if (peer.ss_family == AF_INET6) {
        const auto& address = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
        return {reinterpret_cast<const char*>(&address), sizeof address};
    }
    ucred credentials{};
    socklen_t length = sizeof credentials;
    getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length);
    return "user " + std::to_string(credentials.uid);
}

/// Accepts from one listening socket for as long as it lives.
class Acceptor {
  public:
    Acceptor(asio::io_context& context, FileDescriptor socket, Shared& shared)
        : context_(context), listening_(context, socket.release()), pause_(context), shared_(shared) {
        wait();
    }

  private:
    void wait() {
        listening_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto& error) {
            if (!error) accept();
        });
    }

    void accept() {
        sockaddr_storage peer{};
        socklen_t length = sizeof peer;
        FileDescriptor socket(accept4(listening_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &length,
                                      SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            serve(std::move(socket), peer);
            wait();
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            LiveCounters::add(shared_.counters.accept_errors);
            pause_.expires_after(accept_pause);
            pause_.async_wait([this](const auto& error) {
                if (!error) wait();
            });
        } else {
            wait();  // the client was gone before it was accepted
        }
    }

    void serve(FileDescriptor socket, const sockaddr_storage& peer) {
        const bool over_tcp = peer.ss_family != AF_UNIX;
        auto owner = owner_of(socket.get(), peer);
        Connection::Socket stream(context_);
        boost::system::error_code error;
        stream.assign(asio::generic::stream_protocol(peer.ss_family, 0), socket.get(), error);
        if (error) return;
        socket.release();
        std::make_shared<Connection>(std::move(stream), std::move(owner), over_tcp, shared_)->start();
    }

    asio::io_context& context_;
    asio::posix::stream_descriptor listening_;
    asio::steady_timer pause_;
    Shared& shared_;
};

/// Calls on this thread what another one has woken it for.
class Wakeup {
  public:
    Wakeup(asio::io_context& context, int descriptor, const std::function<void()>& call)
        : waking_(context, fcntl(descriptor, F_DUPFD_CLOEXEC, 0)), call_(call) {
        wait();
    }

  private:
    void wait() {
        waking_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto& error) {
            if (error) return;
            call_();
            wait();
        });
    }

    asio::posix::stream_descriptor waking_;
    const std::function<void()>& call_;
};

}  // namespace

/// What exists between start() and stop().
class Server::Running {
  public:
    explicit Running(Server& server)
        : shared_{.limits = server.options_.limits,
                  .handler = server.handler_,
                  .counters = server.counters_,
                  .admission = {server.options_.limits.max_connections, server.options_.limits.max_per_address}} {}

    ~Running() {
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    std::optional<Error> listen(const Options& options) {
        if (!options.listen.empty()) {
            auto opened = listen_tcp(options.listen);
            if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
            auto& listener = std::get<TcpListener>(opened);
            port_ = listener.port;
            tcp_.emplace(context_, std::move(listener.socket), shared_);
        }
        if (!options.socket.empty()) {
            auto opened = listen_unix(options.socket);
            if (auto* error = std::get_if<Error>(&opened)) return std::move(*error);
            auto& listener = std::get<UnixListener>(opened);
            file_ = std::move(listener.file);
            unix_.emplace(context_, std::move(listener.socket), shared_);
        }
        if (options.wakeup_descriptor >= 0) wakeup_.emplace(context_, options.wakeup_descriptor, options.wakeup);
        return std::nullopt;
    }

    void run() {
        const SignalsBlocked blocked;  // inherited by the thread
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "http");
            context_.run();
        });
    }

    std::uint16_t port() const { return port_; }

    void set_limits(Limits& limits, const Limits& wanted) {
        asio::post(context_, [this, &limits, wanted] {
            limits = wanted;
            shared_.admission.set_caps(wanted.max_connections, wanted.max_per_address);
        });
    }

  private:
    std::uint16_t port_ = 0;
    SocketFile file_;
    Shared shared_;  // before the context: the connections that end with it still use this
    asio::io_context context_{1};
    std::optional<Acceptor> tcp_;
    std::optional<Acceptor> unix_;
    std::optional<Wakeup> wakeup_;
    std::thread thread_;
};

Server::Server(Options options, Handler handler) : options_(std::move(options)), handler_(std::move(handler)) {}

Server::~Server() {
    stop();
}

std::optional<Error> Server::start() {
    auto running = std::make_unique<Running>(*this);
    if (auto error = running->listen(options_)) return error;
    running->run();
    running_ = std::move(running);
    return std::nullopt;
}

void Server::set_limits(const Limits& limits) {
    running_->set_limits(options_.limits, limits);
}

void Server::stop() {
    running_.reset();
}

std::uint16_t Server::port() const {
    return running_ ? running_->port() : 0;
}

}  // namespace rstwatch::control::http
