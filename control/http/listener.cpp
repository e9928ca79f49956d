// SPDX-License-Identifier: Apache-2.0
#include "control/http/listener.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "control/http/listen_address.h"
#include "control/http/socket_holder.h"
#include "control/http/socket_path.h"

namespace rstwatch::control::http {
namespace {

constexpr int backlog = 1024;
constexpr int socket_type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

std::string text_of(const Holder& holder) {
    return (holder.command.empty() ? "a process" : holder.command) + " (pid " + std::to_string(holder.pid) + ")";
}

Error tcp_error(std::string_view text, const ListenAddress& address, int number) {
    const auto what = "cannot listen on " + std::string(text) + ": ";
    if (number != EADDRINUSE)
        return Error{what + std::strerror(number) + "; choose another address with --listen ADDRESS:PORT"};
    constexpr auto remedy = "; stop it, or choose another address with --listen ADDRESS:PORT";
    if (const auto holder = find_tcp_holder(address)) return Error{what + "in use by " + text_of(*holder) + remedy};
    return Error{what + "in use by a process of another user, which `sudo ss -ltnp sport = :" +
                 std::to_string(address.port) + "` names" + remedy};
}

std::uint16_t bound_port(int socket) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
    return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                               : reinterpret_cast<sockaddr_in&>(storage).sin_port);
}

std::optional<sockaddr_un> unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos)
        return std::nullopt;
    path.copy(address.sun_path, path.size());
    return address;
}

/// Makes room at `path`, or says why that must not be done.
std::optional<Error> remove_stale(const std::string& path, const sockaddr_un& address) {
    const auto what = "cannot listen on unix:" + path + ": ";
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return std::nullopt;
    if (!S_ISSOCK(status.st_mode))
        return Error{what + "a file that is no socket is there; move it away, or choose another with --socket PATH"};

    const FileDescriptor probe(socket(AF_UNIX, socket_type, 0));
    if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
        // EAGAIN: its queue is full, so somebody listens, though this end has no credentials to look at.
        const auto holder = find_unix_holder(probe.get());
        return Error{what + "in use by " + (holder ? text_of(*holder) : "another process") +
                     "; stop it, or choose another with --socket PATH"};
    }
    if (errno != ECONNREFUSED)
        return Error{what + "a socket is there already: " + std::strerror(errno) +
                     "; remove it, or choose another with --socket PATH"};
    if (unlink(path.c_str()) != 0)
        return Error{what + "cannot remove the socket that a process left behind: " + std::strerror(errno) +
                     "; remove it, or choose another with --socket PATH"};
    return std::nullopt;
}

}  // namespace

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
    struct stat status {};
    if (lstat(path_.c_str(), &status) != 0) return;
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

SocketFile::~SocketFile() {
    if (path_.empty()) return;
    struct stat status {};
    if (lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
        unlink(path_.c_str());
}

std::variant<TcpListener, Error> listen_tcp(std::string_view text) {
    auto parsed = parse_listen_address(text);
    if (auto* error = std::get_if<Error>(&parsed)) return std::move(*error);
    const auto& address = std::get<ListenAddress>(parsed);

    TcpListener listener;
    listener.socket = FileDescriptor(socket(address.storage.ss_family, socket_type, 0));
    if (!listener.socket) return tcp_error(text, address, errno);
    const int yes = 1;
    // Without it a restart would have to wait until the last connections have left TIME-WAIT.
    setsockopt(listener.socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener.socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 ||
        listen(listener.socket.get(), backlog) != 0)
        return tcp_error(text, address, errno);
    listener.port = bound_port(listener.socket.get());
    return listener;
}

std::variant<UnixListener, Error> listen_unix(const std::string& path) {
    const auto address = unix_address(path);
    if (!address)
        return Error{"cannot listen on unix:" + path + ": a socket's path must have 1 to " +
                     std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes; choose another with --socket PATH"};
    if (auto error = prepare_socket_directory(path)) return *error;
    if (auto error = remove_stale(path, *address)) return *error;

    const auto failed = [&](int number) {
        return Error{"cannot listen on unix:" + path + ": " + std::strerror(number) +
                     "; choose another with --socket PATH"};
    };
    UnixListener listener;
    listener.socket = FileDescriptor(socket(AF_UNIX, socket_type, 0));
    if (!listener.socket) return failed(errno);
    if (bind(listener.socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
        return failed(errno);
    listener.file = SocketFile(path);
    // Nobody can connect before listen(), so the mode that bind() gave the file never matters.
    if (chmod(path.c_str(), 0660) != 0 || listen(listener.socket.get(), backlog) != 0) return failed(errno);
    return listener;
}

}  // namespace rstwatch::control::http
