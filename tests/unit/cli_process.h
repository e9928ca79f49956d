// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/http/file_descriptor.h"
#include "tools/rstwatch/command_line.h"

namespace rstwatch::cli {

/// What a program left behind.
struct Outcome {
    int exit_code = -1;
    std::string out;  ///< on a terminal: what the screen showed, standard error included
    std::string err;
};

inline std::string drain(int descriptor) {
    std::string text;
    std::array<char, 4096> bytes{};
    for (;;) {
        const auto count = read(descriptor, bytes.data(), bytes.size());
        if (count > 0) text.append(bytes.data(), static_cast<std::size_t>(count));
        // The master of a pseudo terminal reports EIO when the other end is closed.
        if (count == 0 || (count < 0 && errno != EINTR)) return text;
    }
}

/// Runs the CLI as a process of its own, with the streams and the environment that a test wants.
class Cli {
  public:
    explicit Cli(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
        arguments_.insert(arguments_.begin(), "rstwatch");
    }

    Cli& with(std::string name, std::string value) {
        environment_.insert_or_assign(std::move(name), std::move(value));
        return *this;
    }

    /// Standard input; nothing by default.
    Cli& reading(std::string input) {
        input_ = std::move(input);
        return *this;
    }

    /// A file instead of the pipe of standard output.
    Cli& writing_to(std::string path) {
        output_ = std::move(path);
        return *this;
    }

    Outcome in_pipes() {
        std::array<int, 2> in{}, out{}, err{};
        for (auto* ends : {&in, &out, &err}) EXPECT_EQ(pipe2(ends->data(), O_CLOEXEC), 0);
        const auto child = fork_clean();
        if (child == 0) become(in[0], output_.empty() ? out[1] : open(output_.c_str(), O_WRONLY), err[1]);
        for (const int end : {in[0], out[1], err[1]}) close(end);
        EXPECT_EQ(write(in[1], input_.data(), input_.size()), static_cast<ssize_t>(input_.size()));
        close(in[1]);
        // Standard error is short in every test, so it fits into its pipe until its turn comes.
        Outcome outcome{.exit_code = -1, .out = drain(out[0]), .err = drain(err[0])};
        outcome.exit_code = wait_for(child);
        close(out[0]);
        close(err[0]);
        return outcome;
    }

    /// On a pseudo terminal, where `keys` are typed once something is on the screen.
    Outcome on_terminal(const std::string& keys = {}) {
        const control::http::FileDescriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        EXPECT_EQ(grantpt(master.get()), 0);
        EXPECT_EQ(unlockpt(master.get()), 0);
        const control::http::FileDescriptor slave(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
        const auto child = fork_clean();
        if (child == 0) become(slave.get(), slave.get(), slave.get());
        if (!keys.empty()) {
            pollfd screen{master.get(), POLLIN, 0};
            EXPECT_EQ(poll(&screen, 1, 20'000), 1);
            EXPECT_EQ(write(master.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
        }
        const int code = wait_for(child);
        fcntl(master.get(), F_SETFL, O_NONBLOCK);
        return {.exit_code = code, .out = drain(master.get()), .err = {}};
    }

    /// Runs the CLI in this process, which must be a fork of the test, and returns its exit code.
    int run_here() const {
        // This copy of the test process must not hold the other ends of the pipes open.
        close_range(STDERR_FILENO + 1, ~0U, 0);
        for (const auto* name : {"RSTWATCH_SERVER", "RSTWATCHD", "NO_COLOR"}) unsetenv(name);
        setenv("TZ", "UTC0", 1);
        setenv("TERM", "xterm", 1);
        for (const auto& [name, value] : environment_) setenv(name.c_str(), value.c_str(), 1);
        std::vector<const char*> pointers;
        for (const auto& argument : arguments_) pointers.push_back(argument.c_str());
        return run(static_cast<int>(pointers.size()), pointers.data());
    }

  private:
    [[noreturn]] void become(int in, int out, int err) {
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        const int code = run_here();
        std::cout.flush();
        _exit(code);
    }

    /// fork() with nothing in the buffers that both would write.
    static pid_t fork_clean() {
        std::cout.flush();
        std::fflush(nullptr);
        return fork();
    }

    static int wait_for(pid_t child) {
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::vector<std::string> arguments_;
    std::map<std::string, std::string> environment_;
    std::string input_;
    std::string output_;
};

}  // namespace rstwatch::cli
