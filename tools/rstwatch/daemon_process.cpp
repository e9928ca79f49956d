// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/daemon_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace rstwatch::cli {
namespace {

std::string start_error(const std::string& path, int number) {
    return "cannot run " + path + ": " + std::strerror(number) +
           "; rstwatchd must be beside rstwatch or in ../sbin, or where the environment variable RSTWATCHD says";
}

/// The argument vector as the kernel wants it. It points into `path` and `arguments`.
std::vector<char*> vector_of(std::string& path, std::vector<std::string>& arguments) {
    std::vector<char*> pointers{path.data()};
    for (auto& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::string read_to_end(int descriptor) {
    std::string text;
    std::array<char, 65536> bytes{};
    for (;;) {
        const auto count = read(descriptor, bytes.data(), bytes.size());
        if (count > 0) text.append(bytes.data(), static_cast<std::size_t>(count));
        if (count == 0 || (count < 0 && errno != EINTR)) return text;
    }
}

void wait_for(pid_t child, DaemonResult& result) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) {
        result.exit_code = 1;
        result.ended_by = strsignal(WTERMSIG(status));
    } else {
        result.exit_code = WEXITSTATUS(status);
    }
}

}  // namespace

std::string daemon_path() {
    const char* given = std::getenv("RSTWATCHD");
    if (given != nullptr && *given != '\0') return given;
    std::error_code error;
    const auto directory = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    const auto beside = directory / "rstwatchd";
    const auto installed = directory.parent_path() / "sbin" / "rstwatchd";
    return !std::filesystem::exists(beside, error) && std::filesystem::exists(installed, error) ? installed : beside;
}

std::string exec_daemon(const std::vector<std::string>& arguments) {
    auto path = daemon_path();
    auto copies = arguments;
    execv(path.c_str(), vector_of(path, copies).data());
    return start_error(path, errno);
}

std::variant<DaemonResult, std::string> run_daemon(const std::vector<std::string>& arguments) {
    auto path = daemon_path();
    auto copies = arguments;
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return start_error(path, errno);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    pid_t child = 0;
    const int error = posix_spawn(&child, path.c_str(), &actions, nullptr, vector_of(path, copies).data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);

    DaemonResult result;
    if (error == 0) {
        result.output = read_to_end(ends[0]);
        wait_for(child, result);
    }
    close(ends[0]);
    if (error != 0) return start_error(path, error);
    return result;
}

}  // namespace rstwatch::cli
