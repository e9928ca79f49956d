// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/signals.h"

#include <semaphore.h>
#include <time.h>

#include <atomic>
#include <csignal>
#include <utility>

namespace rstwatch::control {
namespace {

std::function<void()> on_stop;
std::atomic<bool> stop_is_requested{false};
std::atomic<bool> reload_is_requested{false};
sem_t something_came;  // of the calls that a signal handler may make (signal-safety(7))

void handle_stop(int) {
    stop_is_requested.store(true, std::memory_order_relaxed);
    on_stop();
    sem_post(&something_came);
}

void handle_reload(int) {
    reload_is_requested.store(true, std::memory_order_relaxed);
    sem_post(&something_came);
}

void set_handler(int number, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(number, &action, nullptr);
}

}  // namespace

Signals::Signals(std::function<void()> request_stop, bool reloads) : reloads_(reloads) {
    on_stop = std::move(request_stop);
    sem_init(&something_came, 0, 0);
    set_handler(SIGTERM, handle_stop);
    set_handler(SIGINT, handle_stop);
    if (reloads_) set_handler(SIGHUP, handle_reload);
    signal(SIGPIPE, SIG_IGN);  // who has gone shows where he is written to
}

Signals::~Signals() {
    set_handler(SIGTERM, SIG_DFL);
    set_handler(SIGINT, SIG_DFL);
    if (reloads_) set_handler(SIGHUP, SIG_IGN);  // one that comes too late is nobody's death
}

bool Signals::stop_requested() const {
    return stop_is_requested.load(std::memory_order_relaxed);
}

bool Signals::take_reload_request() const {
    if (!reload_is_requested.load(std::memory_order_relaxed)) return false;
    return reload_is_requested.exchange(false, std::memory_order_relaxed);
}

void Signals::wait_for(std::chrono::milliseconds time) const {
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &end);
    const auto nanoseconds = std::chrono::nanoseconds(time).count() + end.tv_nsec;
    end.tv_sec += nanoseconds / 1'000'000'000;
    end.tv_nsec = nanoseconds % 1'000'000'000;
    sem_clockwait(&something_came, CLOCK_MONOTONIC, &end);
}

}  // namespace rstwatch::control
