// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>

namespace rstwatch::tcp {

/// Anonymous memory for a large table: touched page by page at construction so that no packet pays for a page fault,
/// and aligned so that all of it can lie in transparent huge pages, where the kernel grants them. Not in pages of
/// hugetlbfs: those are reserved for DPDK, and what they would save beyond these is not measurable. Throws
/// std::bad_alloc.
class TableMemory {
  public:
    static constexpr std::size_t huge_page = 2u << 20;

    explicit TableMemory(std::size_t bytes);
    ~TableMemory();
    TableMemory(const TableMemory&) = delete;
    TableMemory& operator=(TableMemory&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(mapping_, other.mapping_);
        std::swap(data_, other.data_);
        return *this;
    }

    void* data() const { return data_; }

  private:
    std::size_t bytes_;
    void* mapping_;  // begins less than a huge page before the data
    void* data_;
};

}  // namespace rstwatch::tcp
