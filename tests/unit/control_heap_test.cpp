// SPDX-License-Identifier: Apache-2.0
#include "control/heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace rstwatch::control {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool heap_is_glibc = false;
#else
constexpr bool heap_is_glibc = true;
#endif

/// KiB of the process that are no file's (proc_pid_status(5)).
long anonymous() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon:")) return std::stol(line.substr(8));
    return 0;
}

/// Pieces of the sizes that tables have.
std::vector<std::unique_ptr<char[]>> take(std::size_t bytes) {
    std::vector<std::unique_ptr<char[]>> taken;
    std::size_t sum = 0;
    for (std::size_t size = 24; sum < bytes; sum += size, size = size < 200'000 ? size * 3 : 24) {
        taken.emplace_back(new char[size]);
        std::fill_n(taken.back().get(), size, 'x');
    }
    return taken;
}

/// Exit code 0: as it should be; else the number of what is not.
[[noreturn]] void use_the_reserve() {
    constexpr std::size_t reserve = 64 << 20, used = 32 << 20;
    constexpr long chance = 1024;  // KiB: of the stack of a thread, and of the vectors
    keep_freed_memory();
    reserve_heap(reserve);
    const long before = anonymous();
    const std::size_t in_use = heap_in_use();
    {
        const auto mine = take(used);
        if (heap_in_use() < in_use + used) std::_Exit(2);
        if (anonymous() > before + chance) std::_Exit(3);
    }
    std::thread([] { const auto others = take(used); }).join();
    if (anonymous() > before + chance) std::_Exit(4);
    if (anonymous() < before - chance) std::_Exit(5);
    if (heap_in_use() > in_use + 65536) std::_Exit(6);
    std::_Exit(0);
}

/// True if the kernel was told to back what lies here with huge pages (VmFlags in proc_pid_smaps(5)).
bool wants_huge_pages(const void* here) {
    const auto address = reinterpret_cast<std::uintptr_t>(here);
    std::ifstream maps("/proc/self/smaps");
    bool is_there = false;
    for (std::string line; std::getline(maps, line);) {
        unsigned long begin = 0, end = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) is_there = begin <= address && address < end;
        if (is_there && line.starts_with("VmFlags:")) return (line + ' ').find(" hg ") != std::string::npos;
    }
    return false;
}

[[noreturn]] void grow_in_huge_pages() {
    constexpr std::size_t table = 16 << 20;
    keep_freed_memory();
    const std::size_t in_use = heap_in_use();
    prefer_huge_pages(64 << 20);
    if (heap_in_use() > in_use + 65536) std::_Exit(2);
    const std::unique_ptr<char[]> first(new char[table]), second(new char[table]);
    for (const char* begin : {first.get(), second.get()})
        if (!wants_huge_pages(begin + table / 2)) std::_Exit(3);
    std::_Exit(0);
}

TEST(Heap, GrowsInHugePagesWhereTheyArePreferred) {
    if (!heap_is_glibc) GTEST_SKIP() << "the sanitizer has a heap of its own";
    if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled")) GTEST_SKIP() << "this kernel has none";
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_EXIT(grow_in_huge_pages(), testing::ExitedWithCode(0), "");
    testing::GTEST_FLAG(death_test_style) = "fast";
}

// In a process of its own, as the daemon does it at its start: the threads of other tests have arenas of their own.
TEST(Heap, WhatFitsIntoTheReserveMakesTheProcessNoLarger) {
    if (!heap_is_glibc) GTEST_SKIP() << "the sanitizer has a heap of its own";
    testing::GTEST_FLAG(death_test_style) = "threadsafe";
    EXPECT_EXIT(use_the_reserve(), testing::ExitedWithCode(0), "");
    testing::GTEST_FLAG(death_test_style) = "fast";
}

}  // namespace
}  // namespace rstwatch::control
