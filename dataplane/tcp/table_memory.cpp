// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/table_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace rstwatch::tcp {
namespace {
constexpr std::size_t huge_page = 2u << 20;
constexpr std::size_t page = 4096;
}  // namespace

TableMemory::TableMemory(std::size_t bytes)
    : bytes_((bytes + huge_page - 1) / huge_page * huge_page),
      data_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (data_ == MAP_FAILED) throw std::bad_alloc();
    (void)madvise(data_, bytes_, MADV_HUGEPAGE);  // a wish; small pages do too
    auto* byte = static_cast<volatile std::uint8_t*>(data_);
    for (std::size_t i = 0; i < bytes_; i += page) byte[i] = 0;
}

TableMemory::~TableMemory() {
    munmap(data_, bytes_);
}

}  // namespace rstwatch::tcp
