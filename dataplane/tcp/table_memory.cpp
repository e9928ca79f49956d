// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/table_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <memory>
#include <new>

namespace rstwatch::tcp {
namespace {
constexpr std::size_t page = 4096;
}  // namespace

TableMemory::TableMemory(std::size_t bytes)
    : bytes_((bytes + huge_page - 1) / huge_page * huge_page),
      // Kernels before 6.7 align nothing by themselves, and what is not aligned lies in small pages at both ends.
      mapping_(mmap(nullptr, bytes_ + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    data_ = mapping_;
    std::size_t room = bytes_ + huge_page;
    std::align(huge_page, bytes_, data_, room);
    (void)madvise(data_, bytes_, MADV_HUGEPAGE);  // a wish; small pages do too
    auto* byte = static_cast<volatile std::uint8_t*>(data_);
    for (std::size_t i = 0; i < bytes_; i += page) byte[i] = 0;
}

TableMemory::~TableMemory() {
    munmap(mapping_, bytes_ + huge_page);
}

}  // namespace rstwatch::tcp
