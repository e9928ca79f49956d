// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>

namespace rstwatch::cli {
namespace {

// Alternate screen, no cursor, no wrapping at the right edge (xterm control sequences, DECSET).
constexpr std::string_view enter_sequence = "\x1B[?1049h\x1B[?25l\x1B[?7l\x1B[2J";
constexpr std::string_view leave_sequence = "\x1B[0m\x1B[?7h\x1B[?25h\x1B[?1049l";

/// A wake-up that is no signal.
constexpr char woken = 0;

/// Ends of the program, a stop, a new size; then those of a program that is in error.
constexpr std::array orderly_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// What signal handlers need: written before they are installed.
std::array<int, 2> notices{-1, -1};  ///< pipe: a byte for each signal or wake-up
termios before{};
bool has_before = false;

/// All bytes, whatever interrupts it. Async-signal-safe.
bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) {
            pollfd writable{descriptor, POLLOUT, 0};
            poll(&writable, 1, -1);
            continue;
        }
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// Async-signal-safe: tcsetattr() and write() are.
void give_back() {
    write_all(STDOUT_FILENO, leave_sequence);
    if (has_before) tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

void notify(char byte) {
    const int saved = errno;
    // A full pipe wakes the reader, too.
    [[maybe_unused]] const auto count = write(notices[1], &byte, 1);
    errno = saved;
}

void on_fatal(int number) {
    give_back();
    // The handler was reset when it was entered (SA_RESETHAND), so this ends the process.
    raise(number);
}

void install(int number, struct sigaction& former) {
    struct sigaction action {};
    if (std::find(fatal_signals.begin(), fatal_signals.end(), number) != fatal_signals.end()) {
        action.sa_handler = on_fatal;
        action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    } else {
        action.sa_handler = [](int which) { notify(static_cast<char>(which)); };
        action.sa_flags = SA_RESTART;  // poll() returns all the same, because of the pipe
    }
    sigaction(number, &action, &former);
}

}  // namespace

Screen::Screen() {
    has_keys_ = tcgetattr(STDIN_FILENO, &before) == 0;
    has_before = has_keys_;
    if (pipe2(notices.data(), O_CLOEXEC | O_NONBLOCK) != 0) notices = {-1, -1};
    auto former = former_.begin();
    for (const int number : orderly_signals) install(number, *former++);
    for (const int number : fatal_signals) install(number, *former++);
    enter();
}

Screen::~Screen() {
    leave();
    auto former = former_.begin();
    for (const int number : orderly_signals) sigaction(number, &*former++, nullptr);
    for (const int number : fatal_signals) sigaction(number, &*former++, nullptr);
    for (int& end : notices) {
        close(end);
        end = -1;
    }
}

void Screen::enter() {
    if (has_keys_) {
        termios raw = before;
        // Signals stay: ^C and ^Z are the terminal's.
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
        raw.c_iflag &= ~static_cast<tcflag_t>(IXON);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    }
    write_all(STDOUT_FILENO, enter_sequence);
}

void Screen::leave() {
    give_back();
}

Screen::Size Screen::size() const {
    Size size;
    winsize window{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0) return size;
    size.rows = window.ws_row;
    size.columns = window.ws_col;
    return size;
}

bool Screen::show(const std::vector<std::string>& lines) {
    const auto rows = size().rows;
    // Synchronized update, where the terminal knows it; each line is erased behind what is new, never before it.
    std::string frame = "\x1B[?2026h\x1B[H";
    for (std::size_t i = 0; i < std::min(rows, lines.size()); ++i)
        frame += (i == 0 ? "" : "\r\n") + lines[i] + "\x1B[0m\x1B[K";
    frame += "\x1B[J\x1B[?2026l";
    return write_all(STDOUT_FILENO, frame);
}

void Screen::wake() {
    notify(woken);
}

void Screen::stop_process() {
    leave();
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    struct sigaction ours {};
    sigaction(SIGTSTP, &action, &ours);
    raise(SIGTSTP);  // of this thread, so it returns when the process is continued
    sigaction(SIGTSTP, &ours, nullptr);
    enter();
}

bool Screen::take_notices(Event& event) {
    std::array<char, 64> bytes{};
    const auto count = read(notices[0], bytes.data(), bytes.size());
    for (std::size_t i = 0; i < static_cast<std::size_t>(std::max<ssize_t>(count, 0)); ++i) {
        switch (bytes[i]) {
            case SIGTSTP:
                stop_process();
                break;
            case SIGCONT:
                enter();  // after a SIGSTOP, which nobody sees coming, the terminal is as the shell left it
                break;
            case SIGINT:
            case SIGTERM:
            case SIGHUP:
            case SIGQUIT:
                event.end = true;
                break;
            default:
                break;
        }
    }
    return count > 0;
}

Screen::Event Screen::wait(std::chrono::milliseconds limit) {
    // Time for the rest of a sequence to come, over slow lines as well.
    constexpr std::chrono::milliseconds for_the_rest{50};
    Event event;
    std::array<pollfd, 2> sources{{{notices[0], POLLIN, 0}, {has_keys_ ? STDIN_FILENO : -1, POLLIN, 0}}};
    const auto patience = decoder_.undecided() ? std::min(limit, for_the_rest) : limit;
    const int ready = poll(sources.data(), sources.size(), static_cast<int>(patience.count()));
    if (ready == 0) event.keys = decoder_.settle();
    if (ready <= 0) return event;
    if (sources[0].revents != 0) take_notices(event);
    if (sources[1].revents != 0) {
        std::array<char, 256> bytes{};
        const auto count = read(STDIN_FILENO, bytes.data(), bytes.size());
        if (count > 0)
            event.keys = decoder_.feed({bytes.data(), static_cast<std::size_t>(count)});
        else if (count == 0 || errno != EINTR)
            event.end = true;
    }
    return event;
}

}  // namespace rstwatch::cli
