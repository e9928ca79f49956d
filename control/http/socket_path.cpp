// SPDX-License-Identifier: Apache-2.0
#include "control/http/socket_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace rstwatch::control::http {

std::string default_socket_path() {
    if (geteuid() == 0) return "/run/rstwatch/rstwatch.sock";
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/rstwatch.sock";
    return "/tmp/rstwatch-" + std::to_string(geteuid()) + "/rstwatch.sock";
}

std::optional<Error> prepare_socket_directory(const std::string& socket_path) {
    const auto directory = std::filesystem::path(socket_path).parent_path().string();
    if (directory.empty()) return std::nullopt;
    const mode_t mode = geteuid() == 0 ? 0755 : 0700;
    if (mkdir(directory.c_str(), mode) != 0 && errno != EEXIST)
        return Error{"cannot create " + directory + " for the socket " + socket_path + ": " + std::strerror(errno) +
                     "; create it, or choose another with --socket PATH"};
    struct stat status {};
    // lstat: a symbolic link counts as its owner's doing, wherever it leads.
    if (lstat(directory.c_str(), &status) != 0)
        return Error{"cannot look at " + directory + ": " + std::strerror(errno)};
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return Error{"will not create the socket " + socket_path + ": " + directory + " belongs to user " +
                     std::to_string(status.st_uid) + ", who could replace it; choose another with --socket PATH"};
    return std::nullopt;
}

}  // namespace rstwatch::control::http
