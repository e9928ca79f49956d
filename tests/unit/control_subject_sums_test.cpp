// SPDX-License-Identifier: Apache-2.0
#include "control/history/subject_sums.h"

#include <gtest/gtest.h>

#include "control/history/digest_set.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using test::endpoint;

MinuteKey key(std::uint32_t server, tally::RowKind kind, std::uint64_t minute = 1000) {
    return {minute, Scope::service, kind, true, endpoint(server, 80)};
}

TEST(SubjectSums, KeepEveryKindOfEverySubjectApart) {
    SubjectSums sums;
    for (std::uint32_t server = 0; server < 5000; ++server)  // far more than it has room for at first
        for (tally::RowKind kind = 0; kind < 3; ++kind) sums.at(key(server, kind)).count += server + kind;
    EXPECT_EQ(sums.subjects().size(), 5000u);
    for (std::uint32_t server = 0; server < 5000; ++server) {
        for (tally::RowKind kind = 0; kind < 3; ++kind) {
            ASSERT_NE(sums.find(key(server, kind)), nullptr);
            EXPECT_EQ(sums.find(key(server, kind))->count, server + kind);
        }
        EXPECT_EQ(sums.find(key(server, 7)), nullptr);
    }
    EXPECT_EQ(sums.find(key(1, 0, 1001)), nullptr) << "another minute";
    EXPECT_EQ(sums.find({1000, Scope::incoming, 0, true, endpoint(1, 80)}), nullptr);
    EXPECT_EQ(sums.find({1000, Scope::service, 0, false, endpoint(1, 80)}), nullptr);
}

TEST(SubjectSums, WeightIsWhatWasCountedEitherWay) {
    SubjectSums sums;
    sums.at(key(1, 0)).count = 5;
    sums.at(key(1, 1)).count = -2;
    EXPECT_EQ(sums.weight(sums.subjects()[0]), 7u);
}

TEST(SubjectSums, NothingIsLeftWhenCleared) {
    SubjectSums sums;
    sums.at(key(1, 0)).count = 5;
    sums.clear();
    EXPECT_TRUE(sums.empty());
    EXPECT_EQ(sums.find(key(1, 0)), nullptr);
    EXPECT_EQ(sums.at(key(1, 0)).count, 0);
}

TEST(DigestSet, TellsWhatItHasMetUpToItsCapacity) {
    DigestSet set(3);
    EXPECT_TRUE(set.insert(0));
    EXPECT_FALSE(set.insert(0));
    EXPECT_TRUE(set.insert(7));
    EXPECT_TRUE(set.insert(7ULL << 60));
    EXPECT_TRUE(set.full());
    EXPECT_FALSE(set.insert(8));
    EXPECT_FALSE(set.contains(8));
    EXPECT_TRUE(set.contains(7));
    set.clear();
    EXPECT_FALSE(set.contains(7));
    EXPECT_TRUE(set.insert(8));
}

}  // namespace
}  // namespace rstwatch::control
