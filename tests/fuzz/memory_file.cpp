// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/memory_file.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

std::span<const std::uint8_t> contents;

/// What dup() shares: where the next read begins.
struct OpenFile {
    std::size_t offset = 0;
    int descriptors = 0;
};
constexpr int first_descriptor = 1 << 20;  // the kernel's own never get that high here
constexpr int most = 8;
std::array<OpenFile, most> files;
std::array<OpenFile*, most> descriptors{};

OpenFile* memory_file(int descriptor) {
    const int index = descriptor - first_descriptor;
    return index >= 0 && index < most ? descriptors[static_cast<std::size_t>(index)] : nullptr;
}

int describe(OpenFile* file) {
    const auto free = std::find(descriptors.begin(), descriptors.end(), nullptr);
    if (free == descriptors.end()) {
        errno = EMFILE;
        return -1;
    }
    *free = file;
    ++file->descriptors;
    return first_descriptor + static_cast<int>(free - descriptors.begin());
}

int open_memory() {
    const auto free = std::find_if(files.begin(), files.end(), [](const OpenFile& file) { return !file.descriptors; });
    free->offset = 0;
    return describe(&*free);
}

/// The C library's own, or the sanitizer's in front of it.
template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void set_memory_file(std::span<const std::uint8_t> bytes) {
    contents = bytes;
}

int open_memory_descriptors() {
    return most - static_cast<int>(std::count(descriptors.begin(), descriptors.end(), nullptr));
}

extern "C" {

ssize_t __interceptor_read(int descriptor, void* buffer, size_t size);
FILE* __interceptor_fopen(const char* path, const char* mode);

int open(const char* path, int flags, ...) {
    if (std::strcmp(path, memory_path) == 0) return open_memory();
    static const auto real = next<int(const char*, int, ...)>("open");
    va_list arguments;
    va_start(arguments, flags);
    const int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return real(path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
    if (std::strcmp(path, memory_path) != 0) return __interceptor_fopen(path, mode);
    return fmemopen(const_cast<std::uint8_t*>(contents.data()), contents.size(), mode);
}

int dup(int descriptor) {
    if (OpenFile* file = memory_file(descriptor)) return describe(file);
    static const auto real = next<int(int)>("dup");
    return real(descriptor);
}

int fstat(int descriptor, struct stat* status) {
    if (memory_file(descriptor) != nullptr) {
        *status = {};
        status->st_mode = S_IFREG | S_IRUSR;
        status->st_size = static_cast<off_t>(contents.size());
        return 0;
    }
    static const auto real = next<int(int, struct stat*)>("fstat");
    return real(descriptor, status);
}

off64_t lseek64(int descriptor, off64_t offset, int whence) noexcept {
    if (OpenFile* file = memory_file(descriptor)) {
        const auto base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file->offset : contents.size();
        file->offset = base + static_cast<std::size_t>(offset);
        return static_cast<off64_t>(file->offset);
    }
    static const auto real = next<off64_t(int, off64_t, int)>("lseek64");
    return real(descriptor, offset, whence);
}

ssize_t read(int descriptor, void* buffer, size_t size) {
    if (OpenFile* file = memory_file(descriptor)) {
        const std::size_t start = std::min(file->offset, contents.size());
        const std::size_t length = std::min(size, contents.size() - start);
        std::memcpy(buffer, contents.data() + start, length);
        file->offset = start + length;
        return static_cast<ssize_t>(length);
    }
    return __interceptor_read(descriptor, buffer, size);
}

int close(int descriptor) {
    if (OpenFile* file = memory_file(descriptor)) {
        --file->descriptors;
        descriptors[static_cast<std::size_t>(descriptor - first_descriptor)] = nullptr;
        return 0;
    }
    static const auto real = next<int(int)>("close");
    return real(descriptor);
}

}  // extern "C"
