// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_daemon.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace rstwatch::test {
namespace {

int listen_on(unsigned short port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 64) != 0)
        throw std::runtime_error("the fake daemon cannot listen");
    return listener;
}

unsigned short port_of(int listener) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
}

/// Up to the end of the head; none of the requests has a body.
std::string read_head(int connection) {
    std::string head;
    std::array<char, 4096> bytes{};
    while (head.find("\r\n\r\n") == std::string::npos) {
        const auto count = read(connection, bytes.data(), bytes.size());
        if (count <= 0) break;
        head.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return head;
}

void write_all(int connection, const std::string& text) {
    for (std::size_t done = 0; done < text.size();) {
        const auto count = send(connection, text.data() + done, text.size() - done, MSG_NOSIGNAL);
        if (count <= 0) return;
        done += static_cast<std::size_t>(count);
    }
}

}  // namespace

FakeDaemon::FakeDaemon() {
    start();
}

FakeDaemon::~FakeDaemon() {
    stop();
}

void FakeDaemon::answer(const std::string& target, std::string body, unsigned status) {
    const std::lock_guard lock(mutex_);
    answers_[target] = {status, std::move(body)};
}

void FakeDaemon::start() {
    listener_ = listen_on(port_);
    port_ = port_of(listener_);
    thread_ = std::thread([this, listener = listener_] { serve(listener); });
}

void FakeDaemon::stop() {
    if (!thread_.joinable()) return;
    shutdown(listener_, SHUT_RDWR);  // accept() returns
    thread_.join();
    close(listener_);
}

std::string FakeDaemon::address() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<std::string> FakeDaemon::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void FakeDaemon::serve(int listener) {
    for (;;) {
        const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) return;
        const auto head = read_head(connection);
        const auto answer = answer_to(head.substr(0, head.find(" HTTP/")));
        write_all(connection, "HTTP/1.1 " + std::to_string(answer.status) +
                                  " Status\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
                                  std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body);
        close(connection);
    }
}

FakeDaemon::Answer FakeDaemon::answer_to(const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    const auto target = request.substr(request.find(' ') + 1);
    for (const auto& name : {target, target.substr(0, target.find('?'))})
        if (const auto found = answers_.find(name); found != answers_.end()) return found->second;
    return {404, R"({"title":"Not Found","status":404,"detail":"there is nothing at )" + target + "\"}"};
}

}  // namespace rstwatch::test
