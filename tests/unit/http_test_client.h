// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "control/http/file_descriptor.h"

// A client of the HTTP server that says what a test wants, byte for byte.
namespace rstwatch::control::http::test {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Upper bound for what must happen at all: reached only when a test fails.
inline constexpr milliseconds patience{20'000};

/// A deadline so short that a test can wait for it.
inline constexpr milliseconds soon{300};

/// A client that sends exactly the bytes a test wants.
class Client {
  public:
    static Client over_tcp(std::uint16_t port, const char* source = "127.0.0.1", int receive_buffer = 0) {
        Client client(AF_INET);
        if (receive_buffer > 0)
            setsockopt(client.socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        inet_pton(AF_INET, source, &address.sin_addr);
        EXPECT_EQ(bind(client.socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
        address.sin_port = htons(port);
        EXPECT_EQ(connect(client.socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return client;
    }

    static Client over_unix(const std::string& path) {
        Client client(AF_UNIX);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(connect(client.socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        return client;
    }

    /// False when the server has closed.
    bool send(std::string_view bytes) {
        return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
    }

    void end_sending() { shutdown(socket_.get(), SHUT_WR); }

    /// Everything until the server closes.
    std::string read_to_end() {
        while (receive()) {
        }
        return std::exchange(received_, {});
    }

    /// One response: its head, and its content unless `head_only`.
    std::string read_response(bool head_only = false) {
        std::size_t end = std::string::npos;
        while ((end = received_.find("\r\n\r\n")) == std::string::npos)
            if (!receive()) return std::exchange(received_, {});
        end += 4;
        const auto field = received_.find("Content-Length: ");
        if (!head_only && field < end) end += std::stoul(received_.substr(field + 16));
        while (received_.size() < end)
            if (!receive()) break;
        auto response = received_.substr(0, end);
        received_.erase(0, end);
        return response;
    }

    /// Everything up to and with `text`; what was there when the server closes or says nothing more.
    std::string read_until(std::string_view text) {
        std::size_t at = std::string::npos;
        while ((at = received_.find(text)) == std::string::npos)
            if (!receive()) return std::exchange(received_, {});
        auto read = received_.substr(0, at + text.size());
        received_.erase(0, read.size());
        return read;
    }

    std::string get(const std::string& path) {
        send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return read_response();
    }

    /// Waits for `events` without reading; false when they did not come in time.
    bool wait_for(short events, milliseconds limit = patience) const {
        pollfd entry{socket_.get(), events, 0};
        return poll(&entry, 1, static_cast<int>(limit.count())) == 1;
    }

  private:
    explicit Client(int family) : socket_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

    bool receive() {
        if (!wait_for(POLLIN)) {
            ADD_FAILURE() << "the server neither answered nor closed";
            return false;
        }
        char bytes[65536];
        const auto count = recv(socket_.get(), bytes, sizeof bytes, 0);
        if (count > 0) received_.append(bytes, static_cast<std::size_t>(count));
        return count > 0;
    }

    FileDescriptor socket_;
    std::string received_;
};

inline std::string status_line(const std::string& response) {
    return response.substr(0, response.find("\r\n"));
}

inline std::string body_of(const std::string& response) {
    const auto end = response.find("\r\n\r\n");
    return end == std::string::npos ? "" : response.substr(end + 4);
}

}  // namespace rstwatch::control::http::test
