// SPDX-License-Identifier: Apache-2.0
#include "control/readiness.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

StoreStatus good() {
    StoreStatus store;
    store.state = StoreStatus::State::ok;
    return store;
}

TEST(Readiness, OfADaemonThatHasCountedNothingIsNone) {
    EXPECT_EQ(what_fails(nullptr, good()).size(), 1u);
    EXPECT_TRUE(what_fails(std::make_shared<Snapshot>(), good()).empty());
}

TEST(Readiness, EndsWithThePacketsAndComesBackWithThem) {
    auto snapshot = std::make_shared<Snapshot>();
    Alert silence;
    silence.no_data = true;
    snapshot->alerts.push_back(silence);
    ASSERT_EQ(what_fails(snapshot, good()).size(), 1u);
    EXPECT_NE(what_fails(snapshot, good())[0].find("no packets"), std::string::npos);
    snapshot->alerts[0].until = 1;
    EXPECT_TRUE(what_fails(snapshot, good()).empty());
}

TEST(Readiness, NamesAStoreThatIsNotWritten) {
    StoreStatus store = good();
    store.state = StoreStatus::State::degraded;
    store.path = "/var/lib/x.db";
    store.reason = "no space left on device";
    EXPECT_EQ(what_fails(std::make_shared<Snapshot>(), store),
              std::vector<std::string>{"the store /var/lib/x.db is not written: no space left on device"});
    store.state = StoreStatus::State::off;
    EXPECT_TRUE(what_fails(std::make_shared<Snapshot>(), store).empty()) << "nobody wants one";
}

}  // namespace
}  // namespace rstwatch::control
