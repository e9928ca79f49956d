// SPDX-License-Identifier: Apache-2.0
#include "control/heap.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace rstwatch::control {

void keep_freed_memory() {
    mallopt(M_MMAP_THRESHOLD, 256 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    mallopt(M_ARENA_MAX, 1);
}

// A stretch that was taken at once and given back, untouched, is what the heap goes on from.
void prefer_huge_pages(std::size_t bytes) {
    constexpr std::size_t small_page = 4096;
    const std::unique_ptr<void, decltype(&std::free)> taken(std::malloc(bytes), &std::free);
    if (!taken) return;
    const std::size_t before = small_page - reinterpret_cast<std::uintptr_t>(taken.get()) % small_page;
    (void)madvise(static_cast<char*>(taken.get()) + before, (bytes - before) / small_page * small_page, MADV_HUGEPAGE);
}

// As mallopt(3) and the real-time Linux wiki ("Dynamic memory allocation") have it: what was touched once stays in the
// process if nothing is trimmed, and serves every thread if all of them share one arena.
void reserve_heap(std::size_t bytes) {
    if (bytes == 0) return;
    constexpr std::size_t piece = 4 << 20;  // less than what would be mapped apart from the heap
    mallopt(M_TRIM_THRESHOLD, -1);
    std::vector<std::unique_ptr<char[]>> pieces;
    pieces.reserve((bytes + piece - 1) / piece);
    for (std::size_t taken = 0; taken < bytes; taken += piece) {
        const std::size_t size = std::min(piece, bytes - taken);
        char* touched = pieces.emplace_back(new char[size]).get();
        std::memset(touched, 1, size);
        asm volatile("" : : "r"(touched) : "memory");  // nobody reads it, so that it need not be written otherwise
    }
}

std::size_t heap_in_use() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

}  // namespace rstwatch::control
