// SPDX-License-Identifier: Apache-2.0
// The tables' memory for fuzzers, in place of dataplane/tcp/table_memory.cpp: exactly as much as was asked for, so that
// the sanitizer sees an access behind it, and without the pages of 2 MiB that a new table for each input would have to
// touch.
#include "dataplane/tcp/table_memory.h"

#include <cstring>
#include <new>

namespace rstwatch::tcp {
namespace {
constexpr std::align_val_t cache_line{64};
}

TableMemory::TableMemory(std::size_t bytes) : bytes_(bytes), data_(::operator new(bytes, cache_line)) {
    std::memset(data_, 0, bytes_);
}

TableMemory::~TableMemory() {
    ::operator delete(data_, cache_line);
}

}  // namespace rstwatch::tcp
