// SPDX-License-Identifier: Apache-2.0
#include "control/export/connections.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using nlohmann::json;
using tally::Outcome;
using test::address;
using test::endpoint;

json parsed(const tally::AttemptRecord& record) {
    return json::parse(connection_json(record));
}

TEST(ConnectionJson, HasEveryField) {
    tally::AttemptRecord record =
        test::record(endpoint(2, 40000), endpoint(1, 7211), Outcome::refused, 1'500'000'000'000'001);
    record.end = record.start + 250;
    record.zeek_state = tally::ZeekState::REJ;
    record.syn_count = 3;
    record.rst_count = 2;
    record.client_bytes = 5'000'000'000;
    record.server_bytes = 7;
    record.rst_by = tally::RstBy::server;
    record.rst_shape = tally::RstShape::no_socket;
    const json expected = {{"client", "10.0.0.2:40000"},
                           {"server", "10.0.0.1:7211"},
                           {"start", 1500000000.000001},
                           {"end", 1500000000.000251},
                           {"outcome", "refused"},
                           {"zeek_state", "REJ"},
                           {"flags", json::array()},
                           {"syn", 3},
                           {"rst", 2},
                           {"client_bytes", 5'000'000'000},
                           {"server_bytes", 7},
                           {"rst_by", "server"},
                           {"rst_shape", "no_socket"}};
    EXPECT_EQ(parsed(record), expected);
}

TEST(ConnectionJson, SaysWhatCarriedIt) {
    tally::AttemptRecord record = test::record(endpoint(2, 40000), endpoint(1, 7211), Outcome::refused, 1);
    EXPECT_FALSE(parsed(record).contains("tunnel"));
    record.tunnel = tally::Tunnel::six_in_four;
    EXPECT_EQ(parsed(record)["tunnel"], "6in4");
}

TEST(ConnectionJson, Ipv6EndpointsAreInBrackets) {
    std::uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8};
    bytes[15] = 1;
    tally::AttemptRecord record =
        test::record({tally::IpAddress::v6(bytes), 40000}, {tally::IpAddress::v6(bytes), 443}, Outcome::closed, 1);
    EXPECT_EQ(parsed(record)["client"], "[2001:db8::1]:40000");
    EXPECT_EQ(parsed(record)["server"], "[2001:db8::1]:443");
}

TEST(ConnectionJson, SaysWhoReset) {
    tally::AttemptRecord record = test::record(endpoint(2, 1), endpoint(1, 2), Outcome::reset_by_device, 1);
    EXPECT_FALSE(parsed(record).contains("rst_by"));
    for (const auto& [by, name] : {std::pair{tally::RstBy::client, "client"}, std::pair{tally::RstBy::server, "server"},
                                   std::pair{tally::RstBy::device, "device"}}) {
        record.rst_by = by;
        record.rst_shape = tally::RstShape::abort;
        EXPECT_EQ(parsed(record)["rst_by"], name);
        EXPECT_EQ(parsed(record)["rst_shape"], "abort");
    }
}

TEST(ConnectionJson, NamesEveryFlagOnce) {
    namespace flag = tally::record_flag;
    const std::vector<std::pair<std::uint16_t, std::string>> names{{flag::injected, "injected"},
                                                                   {flag::rst_ignored, "rst_ignored"},
                                                                   {flag::gap, "gap"},
                                                                   {flag::one_way, "one_way"},
                                                                   {flag::duplicate_seen, "duplicate_seen"},
                                                                   {flag::simultaneous_open, "simultaneous_open"},
                                                                   {flag::tfo, "tfo"}};
    tally::AttemptRecord record = test::record(endpoint(2, 1), endpoint(1, 2), Outcome::closed, 1);
    for (const auto& [bit, name] : names) {
        record.flags = bit;
        EXPECT_EQ(parsed(record)["flags"], json::array({name}));
    }
    record.flags = 0xffff;
    EXPECT_GE(parsed(record)["flags"].size(), names.size());
}

TEST(ConnectionJson, IcmpAndVlanOnlyWhereSeen) {
    tally::AttemptRecord record = test::record(endpoint(2, 1), endpoint(1, 2), Outcome::icmp_rejected, 1);
    EXPECT_FALSE(parsed(record).contains("icmp"));
    EXPECT_FALSE(parsed(record).contains("vlan"));
    record.icmp_seen = true;
    record.icmp_type = 3;
    record.icmp_code = 13;
    record.icmp_from = address(254);
    record.vlan = {100, 7};
    record.vlan_count = 1;
    EXPECT_EQ(parsed(record)["icmp"], (json{{"type", 3}, {"code", 13}, {"from", "10.0.0.254"}}));
    EXPECT_EQ(parsed(record)["vlan"], json::array({100}));
    record.vlan_count = 5;  // the two outermost are known
    EXPECT_EQ(parsed(record)["vlan"], json::array({100, 7}));
}

TEST(ConnectionJson, EveryOutcomeAndZeekStateHasItsName) {
    tally::AttemptRecord record = test::record(endpoint(2, 1), endpoint(1, 2), Outcome::closed, 1);
    for (const Outcome outcome : tally::all_outcomes()) {
        record.outcome = outcome;
        EXPECT_EQ(parsed(record)["outcome"], std::string(tally::name(outcome)));
    }
    static constexpr const char* states[] = {"S0",   "S1",     "SF",    "REJ", "S2",  "S3", "RSTO",
                                             "RSTR", "RSTOS0", "RSTRH", "SH",  "SHR", "OTH"};
    for (std::size_t i = 0; i < std::size(states); ++i) {
        record.zeek_state = static_cast<tally::ZeekState>(i);
        EXPECT_EQ(parsed(record)["zeek_state"], states[i]);
    }
}

/// What a log writes, as text.
template <typename Write>
std::string written(Write&& write) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* memory = open_memstream(&text, &size);
    write(memory);
    std::fclose(memory);
    std::string result(text, size);
    std::free(text);
    return result;
}

TEST(ConnectionLog, SortsByStartAndTuple) {
    ConnectionLog log;
    log.add({test::record(endpoint(2, 2), endpoint(1, 80), Outcome::refused, 30),
             test::record(endpoint(2, 1), endpoint(1, 80), Outcome::refused, 20)});
    log.add({test::record(endpoint(1, 9), endpoint(1, 80), Outcome::refused, 20)});
    log.settle(Scanners(1), {}, {});
    const json all = json::parse(written([&](std::FILE* out) { log.write_array(out); }));
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0]["client"], "10.0.0.1:9");
    EXPECT_EQ(all[1]["client"], "10.0.0.2:1");
    EXPECT_EQ(all[2]["client"], "10.0.0.2:2");
}

TEST(ConnectionLog, WritesAnEmptyArrayAndNoLines) {
    ConnectionLog log;
    EXPECT_EQ(json::parse(written([&](std::FILE* out) { log.write_array(out); })), json::array());
    EXPECT_EQ(written([&](std::FILE* out) { log.write_lines(out); }), "");
}

TEST(ConnectionLog, WritesOneLineEach) {
    ConnectionLog log;
    for (std::uint16_t i = 0; i < 5; ++i) log.add({test::record(endpoint(2, i), endpoint(1, 80), Outcome::refused, i)});
    std::istringstream lines(written([&](std::FILE* out) { log.write_lines(out); }));
    std::string line;
    int count = 0;
    while (std::getline(lines, line)) {
        EXPECT_TRUE(json::parse(line).is_object());
        ++count;
    }
    EXPECT_EQ(count, 5);
}

TEST(ConnectionLog, AppliesWhatWasLearntLater) {
    Registry registry{config::Settings::Registry{}};
    Scanners scanners(10);
    test::IntervalData data;
    for (std::uint32_t server = 1; server <= 3; ++server)
        data.ended(endpoint(9, 1), endpoint(100 + server, 80), Outcome::client_cancelled, server,
                   tally::record_flag::half_open_reset);
    data.ended(endpoint(9, 2), endpoint(100, 80), Outcome::client_cancelled, 9);
    registry.add(data.interval);
    OutcomeOverlay overlay;
    scanners.add(data.interval, registry, overlay);
    ConnectionLog log;
    log.add(data.interval.records);
    log.settle(scanners, {}, {});
    const json all = json::parse(written([&](std::FILE* out) { log.write_array(out); }));
    ASSERT_EQ(all.size(), 4u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(all[i]["outcome"], "half_open_scan");
    EXPECT_EQ(all[3]["outcome"], "client_cancelled") << "one without the mark of a scan stays what it is";
}

TEST(ConnectionLog, WhereOnlyClientsAreSeenSilenceMayBeARefusal) {
    for (const tally::Side side : {tally::Side::client, tally::Side::server}) {
        ConnectionLog log;
        log.add({test::record(endpoint(2, 1), endpoint(1, 80), Outcome::unanswered, 20),
                 test::record(endpoint(2, 2), endpoint(1, 80), Outcome::closed, 30)});
        SpanFacts span;
        span.one_way = true;
        span.only_side = side;
        log.settle(Scanners(1), span, {});
        const json all = json::parse(written([&](std::FILE* out) { log.write_array(out); }));
        const bool doubtful = side == tally::Side::client;
        EXPECT_EQ(all[0]["flags"], doubtful ? json::array({"one_way"}) : json::array());
        EXPECT_EQ(all[1]["flags"], json::array());
    }
}

}  // namespace
}  // namespace rstwatch::control
