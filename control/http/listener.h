// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "control/http/error.h"
#include "control/http/file_descriptor.h"

namespace rstwatch::control::http {

/// A TCP socket that listens, non-blocking.
struct TcpListener {
    FileDescriptor socket;
    std::uint16_t port = 0;  ///< the one bound, also where 0 was asked for
};

/// A file that is removed with this object, unless somebody has put another in its place.
class SocketFile {
  public:
    SocketFile() = default;
    /// `path` exists and belongs to the caller.
    explicit SocketFile(std::string path);
    SocketFile(SocketFile&& other) noexcept { swap(other); }
    SocketFile& operator=(SocketFile&& other) noexcept {
        swap(other);
        return *this;
    }
    ~SocketFile();

  private:
    void swap(SocketFile& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(device_, other.device_);
        std::swap(inode_, other.inode_);
    }

    std::string path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

/// A Unix socket that listens, non-blocking, mode 0660.
struct UnixListener {
    SocketFile file;
    FileDescriptor socket;
};

/// Listens on ADDRESS:PORT. When the address is in use the error names who holds it where that can be known.
[[nodiscard]] std::variant<TcpListener, Error> listen_tcp(std::string_view address);

/// Listens at `path`, and creates its directory. A socket file that nobody answers at is left over from a process that
/// died and is replaced; one that somebody answers at, or a file that is no socket, is an error.
[[nodiscard]] std::variant<UnixListener, Error> listen_unix(const std::string& path);

}  // namespace rstwatch::control::http
