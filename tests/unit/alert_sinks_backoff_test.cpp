// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/backoff.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace rstwatch::control {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, DoublesUpToItsLimitAndVaries) {
    Backoff backoff({milliseconds(1'000), milliseconds(60'000)}, 7);
    std::int64_t whole = 1'000;
    for (int i = 0; i < 20; ++i) {
        const auto pause = backoff.next().count();
        EXPECT_GE(pause, whole / 2);
        EXPECT_LE(pause, whole);
        whole = std::min<std::int64_t>(2 * whole, 60'000);
    }
    backoff.reset();
    EXPECT_LE(backoff.next().count(), 1'000);
    Backoff other({milliseconds(1'000'000), milliseconds(1'000'000)}, 8);
    Backoff third({milliseconds(1'000'000), milliseconds(1'000'000)}, 9);
    EXPECT_NE(other.next(), third.next()) << "two that failed together come back apart";
}

}  // namespace
}  // namespace rstwatch::control
