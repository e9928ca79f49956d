// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::test {

struct ProcessOptions {
    std::string input;                     ///< given to stdin, which is then closed
    std::vector<std::string> environment;  ///< "NAME=VALUE", added to or instead of this process's; "NAME" removes
    std::string directory;                 ///< to run in; this process's if empty
    std::chrono::milliseconds deadline{60'000};  ///< then it is killed, with all its children
};

struct ProcessResult {
    std::string out;
    std::string err;
    int exit_code = -1;  ///< -1 if a signal ended it
    int signal = 0;      ///< that signal
    bool timed_out = false;
    double cpu_seconds = 0;  ///< user and system: how long it took does not tell how much else ran beside it
};

/// Runs a command (found through PATH) to its end. Throws std::runtime_error if it cannot be started.
ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options = {});

/// A command that goes on while the test does other things. It never outlives this object: the destructor kills it and
/// its children. Its output is read all the time, so it never stops on a full pipe.
class BackgroundProcess {
  public:
    explicit BackgroundProcess(const std::vector<std::string>& command, const ProcessOptions& options = {});
    BackgroundProcess(const BackgroundProcess&) = delete;
    BackgroundProcess& operator=(const BackgroundProcess&) = delete;
    ~BackgroundProcess();

    /// Waits until `text` was written. False if the process ended, or `limit` passed, without it.
    bool wait_for_err(std::string_view text, std::chrono::milliseconds limit = std::chrono::seconds(10));
    bool wait_for_out(std::string_view text, std::chrono::milliseconds limit = std::chrono::seconds(10));

    std::string out() const;  ///< so far
    std::string err() const;
    pid_t pid() const;
    bool running() const;
    void send_signal(int number);

    /// Waits for its end. After `limit` it is killed, and `timed_out` says so.
    ProcessResult wait(std::chrono::milliseconds limit = std::chrono::seconds(60));

    /// SIGTERM, then wait().
    ProcessResult terminate(std::chrono::milliseconds limit = std::chrono::seconds(10));

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace rstwatch::test
