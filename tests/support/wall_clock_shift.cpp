// SPDX-License-Identifier: Apache-2.0
// To be preloaded (ld.so(8)): shows a program a wall clock that is ahead by as many seconds as the file says that
// WALL_CLOCK_SHIFT names, so that a test can set it without setting that of the machine.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace {

long shift() {
    const char* path = std::getenv("WALL_CLOCK_SHIFT");
    const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[32] = "";
    const ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    return size > 0 ? std::strtol(text, nullptr, 10) : 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    using Function = int (*)(clockid_t, timespec*);
    static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "clock_gettime"));
    const int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += shift();
    return result;
}
