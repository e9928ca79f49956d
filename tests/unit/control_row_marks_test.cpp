// SPDX-License-Identifier: Apache-2.0
#include "control/registry/row_marks.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

std::vector<std::size_t> all(const RowMarks& marks) {
    std::vector<std::size_t> found;
    for (std::size_t row = marks.next(0); row < marks.size(); row = marks.next(row + 1)) found.push_back(row);
    return found;
}

TEST(RowMarks, AreFoundInOrder) {
    RowMarks marks(1000);
    EXPECT_EQ(all(marks), (std::vector<std::size_t>{}));
    for (const std::size_t row : {999u, 0u, 63u, 64u, 500u}) marks.set(row);
    EXPECT_EQ(all(marks), (std::vector<std::size_t>{0, 63, 64, 500, 999}));
    marks.clear(64);
    marks.set(63);
    EXPECT_EQ(all(marks), (std::vector<std::size_t>{0, 63, 500, 999}));
    EXPECT_EQ(marks.next(501), 999u);
    EXPECT_EQ(marks.next(1000), marks.size());
}

}  // namespace
}  // namespace rstwatch::control
