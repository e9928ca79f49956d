// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/replaced_connections.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace rstwatch::tcp {
namespace {

using Digests = std::vector<std::uint64_t>;

/// The connections under test, and what they hand out.
class Replaced : public testing::Test {
  protected:
    Digests remember(std::uint64_t digest) {
        Connection connection;
        connection.digest = digest;
        connection.phase = Phase::established;
        return settled([&](auto&& settle) { kept_->remember(connection, settle); });
    }
    Digests take(std::uint64_t digest) {
        return settled([&](auto&& settle) { kept_->take(digest, settle); });
    }
    Digests take_all() {
        return settled([&](auto&& settle) { kept_->take_all(settle); });
    }

  private:
    template <typename Call>
    static Digests settled(Call&& call) {
        Digests digests;
        call([&](const Connection& each) { digests.push_back(each.digest); });
        return digests;
    }

    std::unique_ptr<ReplacedConnections> kept_ = std::make_unique<ReplacedConnections>();
};

Digests from_to(std::uint64_t first, std::uint64_t last) {
    Digests digests;
    for (std::uint64_t each = first; each <= last; ++each) digests.push_back(each);
    return digests;
}

TEST_F(Replaced, HandsOutOnceWhatWasKept) {
    remember(1);
    remember(2);
    remember(1);
    EXPECT_EQ(take(3), Digests{});
    EXPECT_EQ(take(1), (Digests{1, 1}));
    EXPECT_EQ(take(1), Digests{});
    EXPECT_EQ(take_all(), Digests{2});
    EXPECT_EQ(take_all(), Digests{});
}

TEST_F(Replaced, OldestGivesWayWhenFull) {
    for (std::uint64_t each = 1; each <= 64; ++each) EXPECT_EQ(remember(each), Digests{}) << each;
    EXPECT_EQ(remember(65), Digests{1});
    EXPECT_EQ(remember(66), Digests{2});
    EXPECT_EQ(take(2), Digests{});
    EXPECT_EQ(take_all(), from_to(3, 66));
}

TEST_F(Replaced, PlaceOfWhatWasTakenIsFree) {
    for (const std::uint64_t each : from_to(1, 64)) remember(each);
    EXPECT_EQ(take(1), Digests{1});
    EXPECT_EQ(remember(65), Digests{});
    EXPECT_EQ(remember(66), Digests{2});
}

}  // namespace
}  // namespace rstwatch::tcp
