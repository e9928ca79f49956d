// SPDX-License-Identifier: Apache-2.0
#include "control/store/store_path.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace rstwatch::control {
namespace {

TEST(StorePath, IsWhatTheSettingSays) {
    EXPECT_EQ(store_path("/srv/x.db", false), "/srv/x.db");
    EXPECT_EQ(store_path("/srv/x.db", true), "/srv/x.db");
    EXPECT_EQ(store_path("off", false), "");
}

TEST(StorePath, AReplayHasNoneUnlessItIsNamed) {
    EXPECT_EQ(store_path("", true), "");
}

TEST(StorePath, DependsOnWhoRunsTheDaemon) {
    if (geteuid() == 0) {
        EXPECT_EQ(store_path("", false), "/var/lib/rstwatch/rstwatch.db");
        return;
    }
    setenv("HOME", "/home/someone", 1);
    setenv("XDG_STATE_HOME", "/state", 1);
    EXPECT_EQ(store_path("", false), "/state/rstwatch/rstwatch.db");
    setenv("XDG_STATE_HOME", "not/absolute", 1);
    EXPECT_EQ(store_path("", false), "/home/someone/.local/state/rstwatch/rstwatch.db");
}

}  // namespace
}  // namespace rstwatch::control
