// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/table_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace rstwatch::tcp {
namespace {

TEST(TableMemory, BeginsWhereAHugePageMay) {
    // Of several one is aligned by chance sooner or later.
    const TableMemory first(1), second(3 * TableMemory::huge_page / 2), third(5 << 20);
    for (const TableMemory* memory : {&first, &second, &third})
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory->data()) % TableMemory::huge_page, 0U);
}

TEST(TableMemory, IsZeroedAndWritableToItsEnd) {
    const std::size_t size = 3 * TableMemory::huge_page;
    const TableMemory memory(size);
    auto* bytes = static_cast<std::uint8_t*>(memory.data());
    EXPECT_EQ(bytes[0], 0);
    EXPECT_EQ(bytes[size - 1], 0);
    std::memset(bytes, 0xff, size);
    EXPECT_EQ(bytes[size - 1], 0xff);
}

}  // namespace
}  // namespace rstwatch::tcp
