// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/datagram_sink.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/ip/udp.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "control/http/file_descriptor.h"

namespace rstwatch::control {
namespace {

/// Never waits: a reader whose queue is full is as good as none.
Delivery send(const sockaddr* address, socklen_t length, const std::string& datagram, const std::string& to) {
    const http::FileDescriptor socket(::socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket && ::sendto(socket.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL, address, length) ==
                      static_cast<ssize_t>(datagram.size()))
        return {};
    return {.verdict = Delivery::Verdict::try_again, .error = "cannot send to " + to + ": " + std::strerror(errno)};
}

Delivery send_unix(const std::string& path, const std::string& datagram) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return send(reinterpret_cast<const sockaddr*>(&address), sizeof address, datagram, path);
}

Delivery send_udp(const std::vector<boost::asio::ip::address>& addresses, const config::Target& target,
                  const std::string& datagram) {
    Delivery delivery;
    for (const auto& address : addresses) {
        const boost::asio::ip::udp::endpoint endpoint(address, static_cast<std::uint16_t>(std::stoul(target.port)));
        delivery = send(endpoint.data(), static_cast<socklen_t>(endpoint.size()), datagram, target.authority());
        if (delivery.verdict == Delivery::Verdict::accepted) break;
    }
    return delivery;
}

}  // namespace

DatagramSink::DatagramSink(std::shared_ptr<boost::asio::io_context> context, config::Target target, Encode encode)
    : target_(std::move(target)), encode_(std::move(encode)), lookup_(std::move(context), target_.host) {}

void DatagramSink::deliver(const std::vector<AlertNotice>& notices, Done done) {
    const std::string datagram = encode_(notices.front());
    if (target_.host.empty()) return done(send_unix(target_.path, datagram));
    lookup_.start([this, datagram, done = std::move(done)](const std::string& error, const auto& addresses) {
        if (error.empty()) return done(send_udp(addresses, target_, datagram));
        done({.verdict = Delivery::Verdict::try_again, .error = error});
    });
}

}  // namespace rstwatch::control
