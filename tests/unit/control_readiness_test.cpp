// SPDX-License-Identifier: Apache-2.0
#include "control/readiness.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

using Sentences = std::vector<std::string>;

StoreStatus good() {
    StoreStatus store;
    store.state = StoreStatus::State::ok;
    return store;
}

/// Of a live daemon that receives packets on one port.
std::shared_ptr<Snapshot> receiving() {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->totals.packets.received = 1;
    snapshot->totals.last_interval = 99;
    tally::PortStatus port;
    port.source = "eth1";
    port.received = 1;
    snapshot->ports.push_back(port);
    snapshot->port_activity.push_back({.last_packet = 58 * tally::second, .silent = false});
    return snapshot;
}

TEST(Readiness, OfADaemonThatHasCountedNothingIsNone) {
    EXPECT_EQ(what_fails(nullptr, good()).size(), 1u);
    EXPECT_TRUE(what_fails(receiving(), good()).empty());
}

TEST(Readiness, NoFailuresAmongNoPacketsAreNoHealth) {
    const auto snapshot = receiving();
    snapshot->totals.packets.received = 0;
    ASSERT_EQ(what_fails(snapshot, good()).size(), 1u);
    EXPECT_NE(what_fails(snapshot, good())[0].find("no packet has been received yet"), std::string::npos);
    snapshot->replay = true;
    EXPECT_TRUE(what_fails(snapshot, good()).empty()) << "a capture may be empty";
}

TEST(Readiness, EndsWithThePacketsAndComesBackWithThem) {
    const auto snapshot = receiving();
    Alert silence;
    silence.no_data = true;
    snapshot->alerts.push_back(silence);
    ASSERT_EQ(what_fails(snapshot, good()).size(), 1u);
    EXPECT_NE(what_fails(snapshot, good())[0].find("no packets"), std::string::npos);
    snapshot->alerts[0].until = 1;
    EXPECT_TRUE(what_fails(snapshot, good()).empty());
}

TEST(Readiness, NamesAPortThatFallsSilent) {
    const auto snapshot = receiving();
    snapshot->port_activity[0].silent = true;
    EXPECT_EQ(what_fails(snapshot, good()),
              Sentences{"port eth1 has fallen silent: no packet for 42 s; see whether the switch still mirrors to it"});
}

TEST(Readiness, NamesAPortWithoutALink) {
    const auto snapshot = receiving();
    snapshot->ports[0].link_up = true;
    EXPECT_TRUE(what_fails(snapshot, good()).empty());
    snapshot->ports[0].link_up = false;
    snapshot->port_activity[0].silent = true;
    EXPECT_EQ(what_fails(snapshot, good()), Sentences{"port eth1 has no link: see its cable, and the switch's port"})
        << "that is why it is silent";
}

TEST(Readiness, EndsWhereOneDirectionIsMissing) {
    const auto snapshot = receiving();
    snapshot->span.one_way = true;
    snapshot->span.text = "only requests are seen";
    EXPECT_EQ(what_fails(snapshot, good()), Sentences{"the mirror shows one direction only: only requests are seen"});
    snapshot->replay = true;
    EXPECT_TRUE(what_fails(snapshot, good()).empty()) << "a capture is what it is";
}

TEST(Readiness, NamesAStoreThatIsNotWritten) {
    StoreStatus store = good();
    store.state = StoreStatus::State::degraded;
    store.path = "/var/lib/x.db";
    store.reason = "no space left on device";
    EXPECT_EQ(what_fails(receiving(), store),
              Sentences{"the store /var/lib/x.db is not written: no space left on device"});
    store.state = StoreStatus::State::off;
    EXPECT_TRUE(what_fails(receiving(), store).empty()) << "nobody wants one";
}

}  // namespace
}  // namespace rstwatch::control
