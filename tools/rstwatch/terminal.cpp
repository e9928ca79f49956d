// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/terminal.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace rstwatch::cli {
namespace {

/// Set by a signal handler, hence neither a member nor an atomic of another kind.
volatile std::sig_atomic_t asked_to_end = 0;

void catch_end_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { asked_to_end = 1; };
    // No SA_RESTART: poll() is to return, so that the terminal is restored before the process ends.
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

bool is_quit_key(char key) {
    constexpr char control_c = 3;
    constexpr char control_d = 4;
    return key == 'q' || key == 'Q' || key == control_c || key == control_d;
}

}  // namespace

KeyInput::KeyInput() {
    catch_end_signals();
    has_keys_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!has_keys_) return;
    termios unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &unseen);
}

KeyInput::~KeyInput() {
    if (has_keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool KeyInput::wait_for_quit(std::chrono::milliseconds delay) {
    const auto end = std::chrono::steady_clock::now() + delay;
    while (asked_to_end == 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd input{has_keys_ ? STDIN_FILENO : -1, POLLIN, 0};
        const int ready = poll(&input, 1, static_cast<int>(left.count()));
        if (ready <= 0) continue;
        char key = 0;
        if (read(STDIN_FILENO, &key, 1) <= 0 || is_quit_key(key)) return true;
    }
    return true;
}

}  // namespace rstwatch::cli
