// SPDX-License-Identifier: Apache-2.0
#include "tools/control_bench/rest_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace rstwatch::bench {

RestClient::RestClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("cannot connect to the REST server");
}

std::string RestClient::get(const std::string& name, const std::string& target) {
    const std::string request = "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    const auto begin = std::chrono::steady_clock::now();
    if (send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        throw std::runtime_error("the REST server has closed");
    std::string answer = receive();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (!answer.starts_with("HTTP/1.1 200")) throw std::runtime_error(target + ": " + answer);
    took_[name].push_back(took.count());
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

/// Head and content of one answer.
std::string RestClient::receive() {
    std::string received;
    std::size_t end = std::string::npos;
    while (received.size() < end) {
        std::array<char, 65536> piece{};
        const ssize_t count = recv(socket_.get(), piece.data(), piece.size(), 0);
        if (count <= 0) throw std::runtime_error("the REST server has closed");
        received.append(piece.data(), static_cast<std::size_t>(count));
        const std::size_t head = received.find("\r\n\r\n");
        if (end != std::string::npos || head == std::string::npos) continue;
        const std::size_t field = received.find("Content-Length: ");
        end = head + 4 + (field < head ? std::stoul(received.substr(field + 16)) : 0);
    }
    return received;
}

std::map<std::string, RestClient::Latencies> RestClient::latencies() const {
    std::map<std::string, Latencies> all;
    for (const auto& [name, took] : took_) {
        std::vector<double> sorted = took;
        std::ranges::sort(sorted);
        all[name] = {sorted.size(), sorted[sorted.size() / 2], sorted[sorted.size() * 99 / 100], sorted.back()};
    }
    return all;
}

}  // namespace rstwatch::bench
