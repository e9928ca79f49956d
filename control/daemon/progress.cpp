// SPDX-License-Identifier: Apache-2.0
#include "control/daemon/progress.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace rstwatch::control {
namespace {

constexpr auto patience = std::chrono::seconds(1);

std::uint64_t size_of(const config::Settings& settings) {
    std::uint64_t bytes = 0;
    for (const config::Port& port : settings.ports) {
        std::error_code failed;
        const auto size = std::filesystem::file_size(port.capture, failed);
        if (!failed) bytes += size;
    }
    return bytes >> 20;
}

}  // namespace

Progress::Progress(const config::Settings& settings) : terminal_(isatty(STDERR_FILENO) == 1) {
    if (terminal_) megabytes_ = size_of(settings);
}

Progress::~Progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::uint64_t packets) {
    const auto elapsed = std::chrono::duration<double>(Clock::now() - started_);
    if (!terminal_ || elapsed < patience) return;
    shown_ = true;
    std::fprintf(stderr, "\r\033[K%.1f million packets in %.0f s", static_cast<double>(packets) / 1e6, elapsed.count());
    if (megabytes_ > 0) std::fprintf(stderr, " (of %llu MiB)", static_cast<unsigned long long>(megabytes_));
    std::fflush(stderr);
}

}  // namespace rstwatch::control
