// SPDX-License-Identifier: Apache-2.0
#include "control/classify/scanners.h"

#include <gtest/gtest.h>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::address;
using test::endpoint;
using test::IntervalData;
namespace flag = tally::record_flag;

/// Registry and scanners as the controller feeds them: the registry first.
class ScannersTest : public testing::Test {
  protected:
    void add(IntervalData& data) {
        registry_.add(data.interval);
        scanners_.add(data.interval, registry_, overlay_);
    }

    /// First contacts of client 1 with servers [first, first + count), a second apart.
    void contacts(std::uint32_t first, std::uint32_t count, Outcome outcome, std::uint16_t flags = 0) {
        for (std::uint32_t i = 0; i < count; ++i) {
            IntervalData data(clock_ / tally::second);
            if (flags & flag::accepted) data.accepted(endpoint(1, 1000), endpoint(first + i, 80), clock_);
            data.ended(endpoint(1, 1000), endpoint(first + i, 80), outcome, clock_, flags);
            add(data);
            clock_ += tally::second;
        }
    }

    std::int64_t reclassified() const { return overlay_.moved(Outcome::client_cancelled, Outcome::half_open_scan); }

    OutcomeOverlay overlay_;
    Registry registry_{config::Settings::Registry{}};
    Scanners scanners_{1000};
    tally::Time clock_ = 1'000'000;
};

TEST_F(ScannersTest, FourFailedFirstContactsMakeAScanner) {
    contacts(100, 3, Outcome::refused);
    EXPECT_TRUE(scanners_.scanners().empty());
    contacts(103, 1, Outcome::unanswered);
    ASSERT_EQ(scanners_.scanners().size(), 1u);
    const ScannerRow& scanner = *scanners_.scanners()[0];
    EXPECT_EQ(scanner.key, address(1));
    EXPECT_TRUE(scanner.by_contacts);
    EXPECT_FALSE(scanner.half_open);
    EXPECT_EQ(scanner.failed, 4u);
    EXPECT_EQ(scanner.first, 1'000'000u);
    EXPECT_EQ(scanner.last, 4'000'000u);
}

TEST_F(ScannersTest, OneServiceIsOneFirstContactHoweverOften) {
    for (int i = 0; i < 50; ++i) contacts(100, 1, Outcome::refused);
    EXPECT_TRUE(scanners_.scanners().empty()) << "a poller of a service that is down is no scanner";
}

TEST_F(ScannersTest, WhoGoesOnAskingForTheSameServicesIsNone) {
    contacts(100, 6, Outcome::refused);
    EXPECT_EQ(scanners_.scanners().size(), 1u) << "at first it looks like one";
    for (int i = 0; i < 4; ++i) contacts(100, 6, Outcome::refused);
    EXPECT_EQ(scanners_.scanners().size(), 1u);
    contacts(100, 3, Outcome::refused);
    EXPECT_EQ(scanners_.scanners().size(), 1u);
    contacts(103, 1, Outcome::refused);
    EXPECT_TRUE(scanners_.scanners().empty()) << "a monitor of six services that are down";
    contacts(200, 10, Outcome::refused);
    EXPECT_TRUE(scanners_.scanners().empty()) << "of more services";
}

TEST_F(ScannersTest, AMonitorThatTearsItsHandshakesDownIsNone) {
    contacts(100, 3, Outcome::client_cancelled, flag::half_open_reset);
    EXPECT_TRUE(scanners_.is_scanner(address(1)));
    for (int i = 0; i < 5; ++i) contacts(100, 3, Outcome::client_cancelled, flag::half_open_reset);
    EXPECT_FALSE(scanners_.is_scanner(address(1)));
    EXPECT_TRUE(scanners_.is_half_open_scanner(address(1))) << "its handshakes end as they did";
    EXPECT_EQ(reclassified(), 18);
    contacts(200, 10, Outcome::refused);
    EXPECT_FALSE(scanners_.is_scanner(address(1)));
}

TEST_F(ScannersTest, WhoComesBackNowAndThenGoesOnScanning) {
    for (int i = 0; i < 20; ++i) {
        contacts(100, 4, Outcome::unanswered);
        contacts(200 + 20 * static_cast<std::uint32_t>(i), 20, Outcome::unanswered);
        clock_ += 1000 * tally::second;
    }
    EXPECT_EQ(scanners_.scanners().size(), 1u);
}

TEST_F(ScannersTest, ContactsThatSucceedSpeakForTheClient) {
    contacts(100, 3, Outcome::refused);
    contacts(200, 2, Outcome::closed, flag::accepted);
    contacts(300, 2, Outcome::refused);
    EXPECT_TRUE(scanners_.scanners().empty());
    contacts(400, 1, Outcome::refused);
    EXPECT_EQ(scanners_.scanners().size(), 1u);
}

TEST_F(ScannersTest, DestinationsThatAcceptedAnybodyDoNotCount) {
    for (std::uint32_t server = 100; server < 120; ++server) {
        IntervalData data;
        data.accepted(endpoint(2, 1), endpoint(server, 80), 1)
            .ended(endpoint(2, 1), endpoint(server, 80), Outcome::closed, 2);
        add(data);
    }
    contacts(100, 20, Outcome::refused);
    EXPECT_TRUE(scanners_.scanners().empty()) << "an outage of many services makes its clients no scanners";
}

TEST_F(ScannersTest, OnlyAnswersOfThePathAndTheHostCount) {
    contacts(100, 10, Outcome::handshake_incomplete);
    contacts(200, 10, Outcome::client_cancelled);
    contacts(300, 10, Outcome::undetermined);
    contacts(400, 10, Outcome::midstream);
    EXPECT_TRUE(scanners_.scanners().empty());
}

TEST_F(ScannersTest, MidstreamIsNoAttempt) {
    contacts(400, 10, Outcome::midstream);
    contacts(100, 4, Outcome::icmp_rejected);
    ASSERT_EQ(scanners_.scanners().size(), 1u);
    EXPECT_EQ(scanners_.scanners()[0]->failed, 4u);
}

TEST_F(ScannersTest, HandshakesTornDownAtThreeServicesAreReclassified) {
    contacts(100, 1, Outcome::client_cancelled, flag::half_open_reset);
    contacts(100, 1, Outcome::client_cancelled, flag::half_open_reset);
    contacts(101, 1, Outcome::client_cancelled, flag::half_open_reset);
    EXPECT_FALSE(scanners_.is_half_open_scanner(address(1)));
    EXPECT_EQ(reclassified(), 0);
    contacts(102, 1, Outcome::client_cancelled, flag::half_open_reset);
    EXPECT_TRUE(scanners_.is_half_open_scanner(address(1)));
    EXPECT_EQ(reclassified(), 4) << "those at the first two services as well";
    contacts(103, 1, Outcome::client_cancelled, flag::half_open_reset);
    EXPECT_EQ(reclassified(), 5);

    std::uint64_t scans = 0, cancelled = 0;
    for (const RegistryRow& row : registry_.destinations().rows()) {
        scans += row.count(Outcome::half_open_scan);
        cancelled += row.count(Outcome::client_cancelled);
    }
    EXPECT_EQ(scans, 5u);
    EXPECT_EQ(cancelled, 0u);
    ASSERT_EQ(registry_.clients().size(), 1u);
    EXPECT_EQ(registry_.clients().rows()[0].count(Outcome::half_open_scan), 5u);
    ASSERT_EQ(scanners_.scanners().size(), 1u);
    EXPECT_TRUE(scanners_.scanners()[0]->half_open);
}

TEST_F(ScannersTest, OrdinaryCancellationsStayWhatTheyAre) {
    contacts(100, 10, Outcome::client_cancelled);
    contacts(200, 3, Outcome::client_cancelled, flag::half_open_reset);
    EXPECT_EQ(reclassified(), 3);
}

TEST_F(ScannersTest, OtherOutcomesWithTheFlagAreNotReclassified) {
    contacts(100, 5, Outcome::half_open_scan, flag::half_open_reset);
    EXPECT_EQ(reclassified(), 0) << "they are scans already";
}

TEST_F(ScannersTest, ClientsAreJudgedApart) {
    IntervalData data;
    for (std::uint32_t client = 1; client <= 3; ++client)
        data.ended(endpoint(client, 1), endpoint(100 + client, 80), Outcome::client_cancelled, client,
                   flag::half_open_reset);
    for (std::uint32_t client = 1; client <= 4; ++client)
        data.ended(endpoint(client, 1), endpoint(200 + client, 80), Outcome::refused, client);
    add(data);
    EXPECT_EQ(reclassified(), 0);
    EXPECT_TRUE(scanners_.scanners().empty());
}

TEST_F(ScannersTest, ScannersAreListedByTheirFailures) {
    for (std::uint32_t client = 1; client <= 3; ++client) {
        IntervalData data;
        for (std::uint32_t i = 0; i < 4 + client % 2; ++i)
            data.ended(endpoint(client, 1), endpoint(client * 100 + i, 80), Outcome::refused, i);
        add(data);
    }
    const auto found = scanners_.scanners();
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0]->key, address(1));
    EXPECT_EQ(found[1]->key, address(3));
    EXPECT_EQ(found[2]->key, address(2));
}

TEST_F(ScannersTest, MemoryIsBounded) {
    Scanners few(16);
    IntervalData data;
    for (std::uint32_t client = 0; client < 1000; ++client)
        data.ended(endpoint(client, 1), endpoint(5000, 80), Outcome::refused, client);
    for (std::uint32_t i = 0; i < 1000; ++i)
        data.ended(endpoint(2000, 1), endpoint(10000 + i, 80), Outcome::refused, i);
    registry_.add(data.interval);
    few.add(data.interval, registry_, overlay_);
    ASSERT_EQ(few.scanners().size(), 1u);
    EXPECT_EQ(few.scanners()[0]->key, address(2000));
    EXPECT_EQ(few.scanners()[0]->failed, 1000u);
}

}  // namespace
}  // namespace rstwatch::control
