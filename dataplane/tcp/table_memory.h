// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace rstwatch::tcp {

/// Anonymous memory for a large table: touched page by page at construction so that no packet pays for a page fault,
/// in transparent huge pages where the kernel grants them. Throws std::bad_alloc.
class TableMemory {
  public:
    explicit TableMemory(std::size_t bytes);
    ~TableMemory();
    TableMemory(const TableMemory&) = delete;
    TableMemory& operator=(const TableMemory&) = delete;

    void* data() const { return data_; }

  private:
    std::size_t bytes_;
    void* data_;
};

}  // namespace rstwatch::tcp
