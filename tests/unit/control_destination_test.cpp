// SPDX-License-Identifier: Apache-2.0
// What is told of services, of hosts as servers and as clients.
#include "control/export/destination.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using tally::second;
using test::address;
using test::endpoint;
using test::IntervalData;

constexpr tally::Interval first_second = 1'700'000'000;

ServiceNames::Setup names_setup() {
    ServiceNames::Setup setup;
    setup.labels = config::load_services("'10.0.0.200' = 'db-1'\n'10.0.0.200:80' = 'shop'\n", "own.toml").all;
    setup.capacity = 16;
    return setup;
}

class DestinationDocument : public testing::Test {
  protected:
    /// Two connections are accepted in each of so many seconds, after a millisecond each, and answered.
    void work(std::uint64_t seconds) {
        for (std::uint64_t i = 0; i < seconds; ++i) {
            IntervalData data(now_);
            const tally::Time time = tally::interval_start(now_);
            for (const std::uint32_t client : {1u, 2u}) {
                data.accepted(endpoint(client, 40000), shop, time + 1000).from_hops(3);
                data.interval.contacts.back().began = time;
                data.ended(endpoint(client, 40000), shop, Outcome::closed, time + 5000);
                data.interval.records.back().server_bytes = 7;
            }
            take(data);
        }
    }
    /// One client is refused by another port in each of so many seconds.
    void refuse(std::uint64_t seconds) {
        for (std::uint64_t i = 0; i < seconds; ++i) {
            IntervalData data(now_);
            data.ended(endpoint(3, 40000), ledger, Outcome::refused, tally::interval_start(now_));
            take(data);
        }
    }
    void take(IntervalData& data) {
        registry_.add(data.interval);
        scanners_.add(data.interval, registry_, overlay_);
        failures_.follow(data.interval, scanners_);
        ++now_;
    }
    Knowledge knowledge() { return {registry_, failures_, scanners_, baselines_, names_}; }
    Json service(const tally::Endpoint& of) { return destination_json(knowledge(), of).value_or(Json()); }
    Json host(std::uint32_t number) { return host_json(knowledge(), address(number)).value_or(Json()); }

    static config::Settings::Registry settings() {
        config::Settings::Registry settings;
        settings.failures = 256;
        return settings;
    }

    const tally::Endpoint shop = endpoint(200, 80), ledger = endpoint(200, 5432);
    tally::Interval now_ = first_second;
    OutcomeOverlay overlay_;
    Registry registry_{settings()};
    Scanners scanners_{100};
    FailureBook failures_{settings()};
    HopBaselines baselines_{100};
    ServiceNames names_{names_setup()};
};

TEST_F(DestinationDocument, OfAServiceThatNeverFailedTheRatesAreKnown) {
    work(20);
    const Json json = service(shop);
    EXPECT_EQ(json["failing"], nullptr);
    ASSERT_EQ(json["rates"].size(), 5u);
    for (const Json& rate : json["rates"]) {
        EXPECT_EQ(rate["failed_per_second"], 0.0);
        EXPECT_EQ(rate["accepted_per_second"], 2.0) << "of what was watched\n" << rate;
        EXPECT_EQ(rate["covered_seconds"], std::min(rate["seconds"].get<int>(), 20));
    }
    EXPECT_EQ(json["handshake"], Json({{"median_seconds", 0.001}, {"samples", 15}}));
    EXPECT_EQ(json["host"], "db-1");
    EXPECT_EQ(json["service"], "shop");
    const std::string sentence = json["diagnosis"]["sentence"];
    EXPECT_TRUE(
        sentence.starts_with("10.0.0.200:80 (shop on db-1) accepts connections; it last accepted a connection at"))
        << sentence;
}

TEST_F(DestinationDocument, RatesSayBothWhatFailsAndWhatIsAccepted) {
    work(10);
    refuse(10);
    const Json accepts = service(shop)["rates"], refuses = service(ledger)["rates"];
    EXPECT_EQ(accepts[0]["accepted_per_second"], 0.0) << "not in the last ten seconds";
    EXPECT_EQ(accepts[1]["accepted_per_second"], 1.0);
    EXPECT_EQ(refuses[0]["failed_per_second"], 1.0);
    EXPECT_EQ(refuses[1]["failed_per_second"], 0.5);
    EXPECT_EQ(refuses[1]["accepted_per_second"], 0.0);
}

TEST_F(DestinationDocument, OfAFailureThatGaveWayTheRateIsNotKnown) {
    refuse(1);
    const FailureBook forgetful{settings()};
    const Knowledge known{registry_, forgetful, scanners_, baselines_, names_};
    EXPECT_EQ((*destination_json(known, ledger))["rates"][0]["failed_per_second"], nullptr);
}

TEST_F(DestinationDocument, OfAHostIsToldWhatItsServicesAre) {
    work(10);
    refuse(10);
    const Json incoming = host(200)["incoming"];
    EXPECT_EQ(incoming["outcomes"], Json({{"refused", 10}, {"closed", 20}}));
    EXPECT_EQ(incoming["verdicts"], 30);
    EXPECT_EQ(incoming["accepted"]["count"], 20);
    EXPECT_EQ(incoming["accepted"]["last"], static_cast<double>(first_second + 9) + 0.001);
    EXPECT_EQ(incoming["last_response"], static_cast<double>(first_second + 9) + 0.005);
    EXPECT_EQ(incoming["first_seen"], static_cast<double>(first_second) + 0.001);
    EXPECT_EQ(incoming["rates"][1]["accepted_per_second"], 1.0);
    EXPECT_EQ(incoming["rates"][1]["failed_per_second"], 0.5);
    EXPECT_EQ(incoming["handshake"]["median_seconds"], 0.001);
    EXPECT_EQ(incoming["failing"]["top_clients"][0]["address"], "10.0.0.3");
    EXPECT_EQ(host(200)["host"], "db-1");
    EXPECT_EQ(host(200)["outgoing"], nullptr);
}

TEST_F(DestinationDocument, OfAClientIsToldWhatIsToldOfAService) {
    work(10);
    refuse(10);
    const Json good = host(1)["outgoing"], bad = host(3)["outgoing"];
    EXPECT_EQ(good["accepted"]["count"], 10);
    EXPECT_EQ(good["last_response"], static_cast<double>(first_second + 9) + 0.005);
    EXPECT_EQ(good["rates"][1]["accepted_per_second"], 0.5);
    EXPECT_EQ(good["rates"][1]["failed_per_second"], 0.0);
    EXPECT_EQ(good["handshake"]["median_seconds"], 0.001);
    EXPECT_EQ(bad["rates"][1]["failed_per_second"], 0.5);
    EXPECT_EQ(bad["failing"]["top_servers"][0],
              Json({{"address", "10.0.0.200"}, {"port", 5432}, {"count", 10}, {"error", 0}}));
    EXPECT_EQ(host(3)["incoming"], nullptr);
}

TEST_F(DestinationDocument, ServicesHostsAndClientsHaveTheSameMembers) {
    work(1);
    refuse(1);
    const auto members = [](const Json& json, std::initializer_list<const char*> own) {
        std::set<std::string> names;
        for (const auto& [name, value] : json.items()) names.insert(name);
        for (const char* name : own) names.erase(name);
        return names;
    };
    const auto of_service =
        members(service(shop), {"address", "port", "service", "service_source", "host", "identity", "diagnosis"});
    EXPECT_EQ(of_service, members(host(200)["incoming"], {"services", "services_left_off", "diagnosis"}));
    EXPECT_EQ(of_service, members(host(3)["outgoing"], {"diagnosis"}));
}

TEST_F(DestinationDocument, OfWhatIsKnownFromBeforeARestartNothingIsMadeUp) {
    work(1);
    registry_.resume(endpoint(201, 80), 0, 0, 0, false, 0);
    const Json json = service(endpoint(201, 80));
    EXPECT_EQ(json["first_seen"], nullptr);
    EXPECT_EQ(json["accepted"]["last"], nullptr);
    EXPECT_EQ(json["rates"][0]["accepted_per_second"], 0.0);
}

}  // namespace
}  // namespace rstwatch::control
