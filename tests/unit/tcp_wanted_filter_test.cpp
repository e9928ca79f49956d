// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/wanted_filter.h"

#include <gtest/gtest.h>

namespace rstwatch::tcp {
namespace {

constexpr packet::TupleFold connection{0x123456789abcdef, 0x1234};
constexpr packet::TupleFold other{0x123456789abcdef, 0x1235};
constexpr packet::TupleFold of_same_hash{0x123456789abcdee, 0x1235};  // the ports are laid over the addresses

TEST(WantedFilter, WantsWhatWasAddedUntilItIsRemoved) {
    WantedFilter filter;
    EXPECT_FALSE(filter.has(connection));
    filter.add(connection);
    EXPECT_TRUE(filter.has(connection));
    EXPECT_FALSE(filter.has(other));
    filter.remove(connection);
    EXPECT_FALSE(filter.has(connection));
}

TEST(WantedFilter, ConnectionsThatShareAHashDoNotTakeItFromEachOther) {
    WantedFilter filter;
    filter.add(connection);
    filter.add(of_same_hash);
    filter.remove(connection);
    EXPECT_TRUE(filter.has(of_same_hash));
    filter.remove(of_same_hash);
    EXPECT_FALSE(filter.has(connection));
}

TEST(WantedFilter, CounterThatWasNotQuiteFullComesDownAgain) {
    WantedFilter filter;
    for (int i = 0; i < 0xfffe; ++i) filter.add(connection);
    for (int i = 0; i < 0xfffe; ++i) filter.remove(connection);
    EXPECT_FALSE(filter.has(connection));
}

TEST(WantedFilter, CounterThatWasEverFullStays) {
    WantedFilter filter;
    for (int i = 0; i < 0xffff; ++i) filter.add(connection);
    for (int i = 0; i < 0xffff; ++i) filter.remove(connection);
    EXPECT_TRUE(filter.has(connection));
    filter.add(connection);
    EXPECT_TRUE(filter.has(connection));
}

}  // namespace
}  // namespace rstwatch::tcp
