// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/stop_signals.h"

#include <semaphore.h>

#include <atomic>
#include <csignal>
#include <utility>

namespace rstwatch::control {
namespace {

std::function<void()> on_stop;
std::atomic<bool> stop_requested{false};
sem_t stop_semaphore;  // of the calls that a signal handler may make (signal-safety(7))

void handle(int) {
    stop_requested.store(true, std::memory_order_relaxed);
    on_stop();
    sem_post(&stop_semaphore);
}

void set_handler(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals(std::function<void()> request_stop) {
    on_stop = std::move(request_stop);
    sem_init(&stop_semaphore, 0, 0);
    set_handler(handle);
    signal(SIGPIPE, SIG_IGN);  // who has gone shows where he is written to
}

StopSignals::~StopSignals() {
    set_handler(SIG_DFL);
}

bool StopSignals::requested() const {
    return stop_requested.load(std::memory_order_relaxed);
}

void StopSignals::wait() const {
    while (!requested()) sem_wait(&stop_semaphore);
}

}  // namespace rstwatch::control
