// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/http/file_descriptor.h"

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

/// The program with its arguments and environment, all of it made before the fork: the test has threads, and whatever
/// these had locked just then, the allocator for one, stays locked in the child for ever (fork(2)).
class Program {
  public:
    Program(std::vector<std::string> arguments, std::vector<std::string> environment)
        : parts_(std::make_shared<const Parts>(std::move(arguments), std::move(environment))) {}

    /// In a fork of the test. This copy of it must not hold the other ends of the pipes open.
    [[noreturn]] void become() const {
        close_range(STDERR_FILENO + 1, ~0U, 0);
        execve(RSTWATCH_PATH, parts_->argument_pointers.data(), parts_->environment_pointers.data());
        _exit(127);
    }

  private:
    struct Parts {
        Parts(std::vector<std::string> arguments_given, std::vector<std::string> environment_given)
            : arguments(std::move(arguments_given)),
              environment(std::move(environment_given)),
              argument_pointers(pointers(arguments)),
              environment_pointers(pointers(environment)) {}

        static std::vector<char*> pointers(std::vector<std::string>& texts) {
            std::vector<char*> all;
            for (std::string& text : texts) all.push_back(text.data());
            all.push_back(nullptr);
            return all;
        }

        std::vector<std::string> arguments, environment;
        std::vector<char*> argument_pointers, environment_pointers;
    };

    std::shared_ptr<const Parts> parts_;
};

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
        const Program program = this->program();
        const auto child = fork_clean();
        if (child == 0) become(program, in[0], output_.empty() ? out[1] : open(output_.c_str(), O_WRONLY), err[1]);
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
        const Program program = this->program();
        const auto child = fork_clean();
        if (child == 0) become(program, slave.get(), slave.get(), slave.get());
        if (!keys.empty()) {
            pollfd screen{master.get(), POLLIN, 0};
            EXPECT_EQ(poll(&screen, 1, 20'000), 1);
            EXPECT_EQ(write(master.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
        }
        const int code = wait_for(child);
        fcntl(master.get(), F_SETFL, O_NONBLOCK);
        return {.exit_code = code, .out = drain(master.get()), .err = {}};
    }

    Program program() const {
        std::map<std::string, std::string> variables;
        for (char** each = environ; *each != nullptr; ++each) {
            const std::string variable = *each;
            const std::size_t end = variable.find('=');
            variables[variable.substr(0, end)] = variable.substr(std::min(end, variable.size() - 1) + 1);
        }
        for (const auto* name : {"RSTWATCH_SERVER", "RSTWATCHD", "NO_COLOR"}) variables.erase(name);
        variables["TZ"] = "UTC0";
        variables["TERM"] = "xterm";
        for (const auto& [name, value] : environment_) variables[name] = value;
        std::vector<std::string> environment;
        for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
        return {arguments_, std::move(environment)};
    }

  private:
    [[noreturn]] static void become(const Program& program, int in, int out, int err) {
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        program.become();
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
