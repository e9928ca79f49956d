// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace rstwatch::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int reader_interval_ms = 20;
constexpr auto drain_limit = std::chrono::seconds(1);  // for output that a grandchild may still hold open

/// A file descriptor that closes itself.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    void close() {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
    }
    int get() const { return number_; }
    bool open() const { return number_ >= 0; }

  private:
    int number_ = -1;
};

struct Pipe {
    Descriptor read, write;

    Pipe() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
        read = Descriptor(ends[0]);
        write = Descriptor(ends[1]);
    }
};

/// The environment of the child: this one's, changed as the options say.
std::vector<std::string> child_environment(const std::vector<std::string>& changes) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
    for (const std::string& change : changes) {
        const std::string name = change.substr(0, change.find('='));
        std::erase_if(all,
                      [&](const std::string& entry) { return entry.compare(0, name.size() + 1, name + "=") == 0; });
        if (name != change) all.push_back(change);
    }
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (std::string& each : strings) result.push_back(each.data());
    result.push_back(nullptr);
    return result;
}

struct ChildDescriptors {
    int in, out, err, failure;
};

/// Between fork and exec only what is safe after a fork of a process with threads.
[[noreturn]] void become(char* const* arguments, char* const* environment, const char* directory,
                         ChildDescriptors descriptors) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(descriptors.in, STDIN_FILENO);
    dup2(descriptors.out, STDOUT_FILENO);
    dup2(descriptors.err, STDERR_FILENO);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    if (directory == nullptr || chdir(directory) == 0) execvpe(arguments[0], arguments, environment);
    const int error = errno;
    (void)!write(descriptors.failure, &error, sizeof error);
    _exit(127);
}

}  // namespace

struct BackgroundProcess::State {
    pid_t pid = -1;
    Descriptor in, out, err;
    std::string input;

    std::thread reader;
    mutable std::mutex mutex;  // guards what follows: the reader writes, the test reads
    std::condition_variable changed;
    std::string out_text, err_text;
    bool ended = false;
    int status = 0;
    double cpu_seconds = 0;

    void start(std::vector<std::string> command, const ProcessOptions& options);
    void read_until_the_end();
    void read_some(Descriptor& from, std::string& to);
    void write_some(std::size_t& written);
    bool reap();
    bool wait_until(const std::function<bool()>& done, std::chrono::milliseconds limit);
    bool wait_for_text(const std::string& in_text, std::string_view text, std::chrono::milliseconds limit);
    void kill_all() const;
    ProcessResult result() const;
};

void BackgroundProcess::State::start(std::vector<std::string> command, const ProcessOptions& options) {
    if (command.empty()) throw std::invalid_argument("an empty command");
    Pipe to_in, from_out, from_err, failure;
    std::vector<std::string> environment = child_environment(options.environment);
    const std::vector<char*> arguments = pointers(command);
    const std::vector<char*> variables = pointers(environment);
    const char* directory = options.directory.empty() ? nullptr : options.directory.c_str();
    pid = fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0)
        become(arguments.data(), variables.data(), directory,
               {to_in.read.get(), from_out.write.get(), from_err.write.get(), failure.write.get()});
    setpgid(pid, pid);  // both do it, so that it is done whoever comes first
    failure.write.close();
    int error = 0;
    if (read(failure.read.get(), &error, sizeof error) == sizeof error) {
        waitpid(pid, nullptr, 0);
        throw std::runtime_error("cannot run " + command[0] + ": " + std::strerror(error));
    }
    in = std::move(to_in.write);
    out = std::move(from_out.read);
    err = std::move(from_err.read);
    for (const Descriptor* each : {&in, &out, &err}) fcntl(each->get(), F_SETFL, O_NONBLOCK);
    input = options.input;
    reader = std::thread([this] { read_until_the_end(); });
}

void BackgroundProcess::State::read_some(Descriptor& from, std::string& to) {
    std::array<char, 65536> buffer;
    const ssize_t size = read(from.get(), buffer.data(), buffer.size());
    if (size > 0) {
        const std::lock_guard lock(mutex);
        to.append(buffer.data(), static_cast<std::size_t>(size));
        changed.notify_all();
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        from.close();
    }
}

void BackgroundProcess::State::write_some(std::size_t& written) {
    const ssize_t size = write(in.get(), input.data() + written, input.size() - written);
    if (size > 0) written += static_cast<std::size_t>(size);
    const bool failed = size < 0 && errno != EAGAIN && errno != EINTR;
    if (failed || written == input.size()) in.close();
}

/// True once the process is no more; its status is then known.
bool BackgroundProcess::State::reap() {
    int now = 0;
    rusage used{};
    if (wait4(pid, &now, WNOHANG, &used) != pid) return false;
    const std::lock_guard lock(mutex);
    status = now;
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    return true;
}

void BackgroundProcess::State::read_until_the_end() {
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    std::size_t written = 0;
    if (input.empty()) in.close();
    bool reaped = false;
    Clock::time_point give_up = Clock::time_point::max();
    while ((out.open() || err.open() || !reaped) && Clock::now() < give_up) {
        std::array<pollfd, 3> wanted{{{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}, {in.get(), POLLOUT, 0}}};
        poll(wanted.data(), wanted.size(), reader_interval_ms);  // closed ones are -1, which poll ignores
        if (wanted[0].revents != 0) read_some(out, out_text);
        if (wanted[1].revents != 0) read_some(err, err_text);
        if (wanted[2].revents != 0) write_some(written);
        if (!reaped && reap()) {
            reaped = true;
            give_up = Clock::now() + drain_limit;
        }
    }
    const std::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
}

/// Waits for `done`, which is called with the mutex held. False when the limit passed.
bool BackgroundProcess::State::wait_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, limit, done);
}

bool BackgroundProcess::State::wait_for_text(const std::string& in_text, std::string_view text,
                                             std::chrono::milliseconds limit) {
    const auto found = [&] { return in_text.find(text) != std::string::npos; };
    wait_until([&] { return ended || found(); }, limit);
    const std::lock_guard lock(mutex);
    return found();
}

void BackgroundProcess::State::kill_all() const {
    kill(-pid, SIGKILL);
}

ProcessResult BackgroundProcess::State::result() const {
    const std::lock_guard lock(mutex);
    ProcessResult result;
    result.out = out_text;
    result.err = err_text;
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    result.cpu_seconds = cpu_seconds;
    return result;
}

BackgroundProcess::BackgroundProcess(const std::vector<std::string>& command, const ProcessOptions& options)
    : state_(std::make_unique<State>()) {
    state_->start(command, options);
}

BackgroundProcess::~BackgroundProcess() {
    state_->kill_all();  // also children that outlived it
    state_->reader.join();
}

bool BackgroundProcess::wait_for_err(std::string_view text, std::chrono::milliseconds limit) {
    return state_->wait_for_text(state_->err_text, text, limit);
}

bool BackgroundProcess::wait_for_out(std::string_view text, std::chrono::milliseconds limit) {
    return state_->wait_for_text(state_->out_text, text, limit);
}

std::string BackgroundProcess::out() const {
    const std::lock_guard lock(state_->mutex);
    return state_->out_text;
}

std::string BackgroundProcess::err() const {
    const std::lock_guard lock(state_->mutex);
    return state_->err_text;
}

pid_t BackgroundProcess::pid() const {
    return state_->pid;
}

bool BackgroundProcess::running() const {
    const std::lock_guard lock(state_->mutex);
    return !state_->ended;
}

void BackgroundProcess::send_signal(int number) {
    if (running()) kill(state_->pid, number);
}

ProcessResult BackgroundProcess::wait(std::chrono::milliseconds limit) {
    const bool in_time = state_->wait_until([this] { return state_->ended; }, limit);
    if (!in_time) {
        state_->kill_all();
        state_->wait_until([this] { return state_->ended; }, std::chrono::seconds(10));
    }
    ProcessResult result = state_->result();
    result.timed_out = !in_time;
    return result;
}

ProcessResult BackgroundProcess::terminate(std::chrono::milliseconds limit) {
    send_signal(SIGTERM);
    return wait(limit);
}

ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
    return BackgroundProcess(command, options).wait(options.deadline);
}

}  // namespace rstwatch::test
