// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/diagnosis.h"

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "control/diagnose/narrate.h"
#include "control/diagnose/rule.h"
#include "control/diagnose/words.h"
#include "control/openapi.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using namespace nlohmann::literals;
using tally::Outcome;
using tally::second;
using test::address;
using test::endpoint;

constexpr tally::Time day = 1'700'006'400 * second;  // 2023-11-15 00:00 UTC

class Utc : public testing::Environment {
    void SetUp() override {
        setenv("TZ", "UTC", 1);
        tzset();
    }
};
[[maybe_unused]] const auto* const utc = testing::AddGlobalTestEnvironment(new Utc);

tally::Time at(unsigned hours, unsigned minutes, unsigned seconds) {
    return day + ((hours * 60 + minutes) * 60 + seconds) * second;
}

/// A service that one client cannot use, 2 per second since 15:13:13.
Facts failing(Outcome cause) {
    Facts facts;
    facts.subject = {AlertScope::service, Direction::incoming, endpoint(200, 7211)};
    facts.now = at(15, 13, 20);
    facts.failing = true;
    facts.cause = cause;
    facts.failed = 14;
    facts.outcomes[tally::index(cause)] = 14;
    facts.per_second = 2;
    facts.since = at(15, 13, 13);
    facts.last = at(15, 13, 19);
    facts.clients = 1;
    facts.peers = {{{address(1), 0}, 14, 0}};
    facts.example.emplace();
    return facts;
}

/// The same of so many clients, that failed so often.
Facts from(std::uint64_t clients, std::uint64_t failed, Outcome cause) {
    Facts facts = failing(cause);
    facts.clients = clients;
    facts.failed = failed;
    return facts;
}

Facts of_host(Outcome cause, Direction direction) {
    Facts facts = failing(cause);
    facts.subject = {AlertScope::host, direction, {address(200), 0}};
    facts.host_failing_ports = 3;
    return facts;
}

TEST(Diagnosis, TellsTheWholeStoryInOneSentence) {
    Facts facts = failing(Outcome::refused);
    facts.subject.endpoint = {*tally::parse_address("127.0.0.1"), 7211};
    facts.peers[0].who = {*tally::parse_address("127.0.0.1"), 0};
    facts.service = "collector";
    facts.application = "tls";
    facts.accepted = 900;
    facts.last_accepted = at(15, 2, 41);
    const Diagnosis diagnosis = diagnose(facts);
    EXPECT_EQ(
        diagnosis.sentence,
        "127.0.0.1:7211 (collector) refuses 2.00 connections per second from 1 client (127.0.0.1) since 15:13:13; "
        "nothing listens there; it last accepted a connection at 15:02:41 and spoke TLS. Start it, or correct the "
        "port.");
    EXPECT_EQ(diagnosis.rule, "nothing_listens");
    EXPECT_EQ(diagnosis.next_step, "Start it, or correct the port.");
    ASSERT_FALSE(diagnosis.commands.empty());
    EXPECT_EQ(diagnosis.commands[0], "ss -ltnp 'sport = :7211'");
    ASSERT_EQ(diagnosis.considered.size(), 2u);
    EXPECT_EQ(diagnosis.evidence.at(0), "14 connection attempts failed since 15:13:13: 14 refused");
}

TEST(Diagnosis, OfWhatHasStoppedIsInThePast) {
    Facts facts = failing(Outcome::refused);
    facts.now = at(16, 0, 0);
    EXPECT_EQ(
        diagnose(facts).sentence,
        "10.0.0.200:7211 refused 14 connections from 1 client (10.0.0.1) since 15:13:13, last at 15:13:19; nothing "
        "listens there; it has not accepted any connection since it has been watched. Start it, or correct the port.");
    facts.failed = 1;
    EXPECT_NE(diagnose(facts).sentence.find("refused 1 connection from"), std::string::npos);
}

TEST(Diagnosis, OfWhatHappenedOnceTheTimeIsToldOnce) {
    Facts facts = failing(Outcome::refused);
    facts.now = at(16, 0, 0);
    facts.last = facts.since + second / 2;
    facts.failed = 1;
    EXPECT_TRUE(diagnose(facts).sentence.starts_with(
        "10.0.0.200:7211 refused 1 connection from 1 client (10.0.0.1) at 15:13:13; nothing listens there;"))
        << diagnose(facts).sentence;
}

TEST(Diagnosis, WhatRefusesEverybodySinceItWasAcceptedLastAcceptsNoOthers) {
    Facts facts = failing(Outcome::refused);
    facts.accepted = 3;
    facts.last_accepted = facts.since + second;  // one that was on its way when the first failed
    EXPECT_NE(diagnose(facts).sentence.find("nothing listens there; it last accepted a connection at 15:13:14."),
              std::string::npos)
        << diagnose(facts).sentence;
    facts.last_accepted = facts.last - second / 2;
    EXPECT_NE(diagnose(facts).sentence.find("; it accepts others."), std::string::npos) << diagnose(facts).sentence;
    facts.last_accepted = facts.since - second;
    EXPECT_NE(diagnose(facts).sentence.find("; it last accepted a connection at 15:13:12."), std::string::npos);
}

TEST(Diagnosis, NamesTheDayOfWhatIsNotToday) {
    Facts facts = failing(Outcome::refused);
    facts.since -= 86400 * second;
    EXPECT_NE(diagnose(facts).sentence.find("since 2023-11-14 15:13:13;"), std::string::npos);
}

TEST(Diagnosis, SaysForHowLongConnectionsWereIdle) {
    Facts facts = failing(Outcome::idle_reset);
    facts.idle_least = 350 * second;
    facts.idle_most = 350 * second + 400'000;
    EXPECT_EQ(
        diagnose(facts).sentence,
        "10.0.0.200:7211 loses 2.00 idle connections per second of 1 client (10.0.0.1) since 15:13:13; they were reset "
        "when they were used again after 5 min 50 s of silence: a device in the path, or the server, had forgotten "
        "them. Send keepalives more often than that, or raise the idle timeout of the device.");
    facts.idle_most = 372 * second;
    EXPECT_NE(diagnose(facts).sentence.find("after 5 min 50 s to 6 min 12 s of silence"), std::string::npos);
    EXPECT_EQ(diagnose(facts).evidence.back(),
              "connections had been idle for 5 min 50 s to 6 min 12 s before they were reset");
}

TEST(Diagnosis, NamesWhatADeviceMayHaveRead) {
    Facts facts = failing(Outcome::reset_by_device);
    facts.application = "tls";
    facts.detail = "SNI evil\x1b.example, ALPN h2,http/1.1";
    EXPECT_NE(diagnose(facts).sentence.find("; clients ask there for SNI evil\\u001b.example. Look"), std::string::npos)
        << diagnose(facts).sentence;
    facts.detail = "Host w1.example";
    EXPECT_NE(diagnose(facts).sentence.find("; clients ask there for Host w1.example. Look"), std::string::npos);
    facts.detail = "ALPN h2";
    EXPECT_EQ(diagnose(facts).sentence.find("clients ask"), std::string::npos);
}

TEST(Diagnosis, CallsHostsWhatTheOperatorCallsThem) {
    Facts facts = failing(Outcome::refused);
    facts.host = "Labutil01";
    EXPECT_TRUE(diagnose(facts).sentence.starts_with("10.0.0.200:7211 (Labutil01) refuses"));
    facts.service = "collector";
    facts.peer_hosts = {"till-3"};
    EXPECT_TRUE(
        diagnose(facts).sentence.starts_with("10.0.0.200:7211 (collector on Labutil01) refuses 2.00 connections per "
                                             "second from 1 client (10.0.0.1 till-3)"));
    Facts host = of_host(Outcome::unanswered, Direction::incoming);
    host.host = "Labutil01";
    EXPECT_TRUE(diagnose(host).sentence.starts_with("10.0.0.200 (Labutil01) does not answer"));
    Facts all = failing(Outcome::unanswered);
    all.subject = {};
    all.nested = {{AlertScope::host, Direction::incoming, {address(1), 0}},
                  {AlertScope::host, Direction::incoming, {address(2), 0}}};
    all.nested_hosts = {"", "till-3"};
    EXPECT_NE(diagnose(all).sentence.find("2 hosts (10.0.0.1, 10.0.0.2 till-3)"), std::string::npos);
}

struct Case {
    const char* rule;
    Facts facts;
    const char* says;  ///< part of the sentence
};

void PrintTo(const Case& one, std::ostream* out) {
    *out << one.rule;
}

class Rules : public testing::TestWithParam<Case> {};

TEST_P(Rules, AreRecognisedAndSpeak) {
    const Diagnosis diagnosis = diagnose(GetParam().facts);
    EXPECT_EQ(diagnosis.rule, GetParam().rule);
    EXPECT_NE(diagnosis.sentence.find(GetParam().says), std::string::npos) << diagnosis.sentence;
    for (const std::string& text : {diagnosis.sentence, diagnosis.next_step})
        EXPECT_EQ(text.find('{'), std::string::npos) << text;
    for (const std::string& command : diagnosis.commands) EXPECT_EQ(command.find('{'), std::string::npos) << command;
    for (const auto& [cause, why_not] : diagnosis.considered)
        EXPECT_EQ(why_not.find('{'), std::string::npos) << why_not;
}

Facts with(Facts facts, const std::function<void(Facts&)>& change) {
    change(facts);
    return facts;
}

Facts network(bool no_data, AlertScope nested) {
    Facts facts = failing(Outcome::undetermined);
    facts.subject = {};
    facts.no_data = no_data;
    for (std::uint32_t i = 1; i <= 4; ++i) facts.nested.push_back({nested, Direction::incoming, endpoint(i, 0)});
    return facts;
}

Facts icmp(std::uint8_t code) {
    return with(failing(Outcome::icmp_rejected), [&](Facts& f) { f.icmp = {address(254), 3, code, true}; });
}

std::vector<Case> cases() {
    return {
        {"nothing_listens", failing(Outcome::refused), "nothing listens there"},
        {"device_refuses",
         with(failing(Outcome::refused_by_device),
              [](Facts& f) {
                  f.example->rst_ttl = 63;
                  f.server_hops = 4;
              }),
         "a device in the path rejects in its name (3 hops nearer than the server)"},
        {"filter_forbids", icmp(13), "10.0.0.254 says: forbidden by a filter"},
        {"unreachable", icmp(1), "10.0.0.254 says: host unreachable"},
        {"dropped_for_some", with(failing(Outcome::unanswered), [](Facts& f) { f.succeeding = 2; }),
         "it is this client only: meanwhile 2 other clients got through"},
        {"port_dropped", with(failing(Outcome::unanswered), [](Facts& f) { f.host_answers = true; }),
         "the host answers on other ports"},
        {"silent", failing(Outcome::unanswered), "nothing comes back at all"},
        {"queue_full_or_silent", failing(Outcome::listen_overflow),
         "its accept queue is full, or the host has gone silent altogether"},
        {"accept_queue_full", with(failing(Outcome::listen_overflow), [](Facts& f) { f.kernel_answers = true; }),
         "its accept queue is full: the kernel"},
        {"accept_queue_full", with(failing(Outcome::listen_overflow), [](Facts& f) { f.host_answers = true; }),
         "its accept queue is full: the kernel"},
        {"accept_queue_full", with(failing(Outcome::listen_overflow), [](Facts& f) { f.succeeding = 1; }),
         "its accept queue is full: the kernel"},
        {"aborts_after_accept", failing(Outcome::reset_before_data_by_server), "accepts and then resets"},
        {"crashes_on_request", failing(Outcome::reset_without_response), "takes the request and dies of it"},
        {"crashes_on_request", failing(Outcome::closed_without_response), "takes the request and dies of it"},
        {"aborts_mid_stream", failing(Outcome::reset_mid_stream_by_server), "with data on the way"},
        {"idle_timeout", failing(Outcome::idle_reset), "after a time of silence"},
        {"restarted", failing(Outcome::peer_lost_state), "it restarted"},
        {"path_lost", failing(Outcome::blackholed), "no longer acknowledged"},
        {"path_lost", failing(Outcome::keepalive_timeout), "no longer acknowledged"},
        {"does_not_read", failing(Outcome::zero_window_stall), "does not read"},
        {"device_resets",
         with(failing(Outcome::reset_by_device),
              [](Facts& f) {
                  f.example->rst_ttl = 128;
                  f.example->server_ttl = 63;
                  f.application = "tls";
                  f.detail = "SNI shop.example";
              }),
         "resets connections after their first data (1 hop nearer than the server); clients ask there for SNI "
         "shop.example."},
        {"handshakes_abandoned", failing(Outcome::handshake_incomplete), "half-open"},
        {"probed", with(failing(Outcome::refused), [](Facts& f) { f.scanners_alone = true; }),
         "is probed by 1 client (10.0.0.1), 2.00 times per second, since 15:13:13; nobody else asks for it"},
        {"nothing_listens",
         with(failing(Outcome::refused),
              [](Facts& f) {
                  f.scanners_alone = true;
                  f.accepted = 1;
              }),
         "nothing listens there"},
        {"flooded", from(37'525, 37'600, Outcome::unanswered),
         "is sent 2.00 SYNs per second by 37525 clients (10.0.0.1 and 37524 more) since 15:13:13; each address tries "
         "about once"},
        {"flooded", from(1000, 1499, Outcome::handshake_incomplete), "forged addresses"},
        {"silent", from(1000, 1500, Outcome::unanswered), "nothing comes back at all"},
        {"silent", from(999, 999, Outcome::unanswered), "nothing comes back at all"},
        {"silent", with(from(1000, 1000, Outcome::unanswered), [](Facts& f) { f.accepted = 1; }),
         "nothing comes back at all"},
        {"client_gives_up", failing(Outcome::reset_without_response_by_client), "too slow"},
        {"client_cut_off", of_host(Outcome::unanswered, Direction::outgoing), "reaches nobody"},
        {"client_fails", of_host(Outcome::refused, Direction::outgoing), "as a client"},
        {"host_down", of_host(Outcome::unanswered, Direction::incoming), "silent on 3 ports"},
        {"host_down",
         with(of_host(Outcome::icmp_rejected, Direction::incoming),
              [](Facts& f) {
                  f.icmp = {address(254), 3, 1, true};
              }),
         "down, or cut off; 10.0.0.254 says: host unreachable. See"},
        {"host_fails", of_host(Outcome::refused, Direction::incoming), "mostly refused"},
        {"no_data", network(true, AlertScope::host), "delivers no packets"},
        {"network_cut_off", network(false, AlertScope::host),
         "4 hosts (10.0.0.1, 10.0.0.2, 10.0.0.3 and 1 more) fell silent together"},
        {"network_fails", network(false, AlertScope::service), "many services fail a little each: 4 services ("},
        {"healthy",
         with(failing(Outcome::undetermined),
              [](Facts& f) {
                  f.failing = false;
                  f.last = 0;
                  f.accepted = 1;
                  f.last_accepted = at(15, 13, 19);
              }),
         "accepts connections; it last accepted a connection at 15:13:19. Nothing"},
        {"unknown", with(failing(Outcome::undetermined), [](Facts& f) { f.failing = false; }), "shows no failures"},
    };
}

INSTANTIATE_TEST_SUITE_P(Diagnosis, Rules, testing::ValuesIn(cases()));

TEST(Diagnosis, EveryRuleHasACase) {
    std::set<std::string_view> tested, all;
    for (const Case& each : cases()) tested.insert(each.rule);
    for (const Rule& rule : rules()) all.insert(rule.name);
    EXPECT_EQ(tested, all);
}

TEST(Diagnosis, TheApiNamesEveryRule) {
    const auto api = nlohmann::json::parse(openapi_document);
    std::set<std::string> named, all;
    for (const auto& rule : api.at("/components/schemas/Diagnosis/properties/rule/enum"_json_pointer))
        named.insert(rule.get<std::string>());
    for (const Rule& rule : rules()) all.emplace(rule.name);
    EXPECT_EQ(named, all);
}

TEST(Diagnosis, ClientsAreCountedAndTheFirstAreNamed) {
    Facts facts = failing(Outcome::refused);
    facts.clients = 3;
    facts.peers = {{{address(1), 0}, 5, 0}, {{address(2), 0}, 3, 0}, {{address(3), 0}, 1, 0}};
    EXPECT_EQ(clients_in_words(facts), "3 clients (10.0.0.1, 10.0.0.2 and 10.0.0.3)");
    facts.clients = 120;
    EXPECT_EQ(clients_in_words(facts), "120 clients (10.0.0.1, 10.0.0.2 and 118 more)");
    facts.peers.clear();
    EXPECT_EQ(clients_in_words(facts), "120 clients");
}

TEST(Diagnosis, AnAlertSaysWhoHowMuchSinceWhenAndWhy) {
    const config::Settings settings;
    const FailureBook book(settings.registry);
    const Registry registry(settings.registry);
    Alert alert;
    alert.subject = {AlertScope::service, Direction::incoming, endpoint(200, 80)};
    alert.level = AlertLevel::warn;
    alert.per_second = 2.5;
    alert.since = at(1, 2, 3);
    ServiceNames::Setup setup;
    setup.capacity = 16;
    const ServiceNames names(std::move(setup));
    const HopBaselines baselines(16);
    const Scanners scanners(16);
    narrate(alert, {book, registry, names, baselines, scanners});
    EXPECT_EQ(alert.service, names.name_of(alert.subject.endpoint).name);
    EXPECT_NE(alert.text.find("10.0.0.200:80"), std::string::npos) << alert.text;
    EXPECT_NE(alert.text.find("01:02:03"), std::string::npos) << alert.text;
}

/// 10.0.0.200:7211 was refused 14 times, from 15:13:13 to 15:13:33.
Alert ended() {
    Alert alert;
    alert.subject = {AlertScope::service, Direction::incoming, endpoint(200, 7211)};
    alert.peak_level = AlertLevel::warn;
    alert.peak_per_second = 2.4;
    alert.failed = 14;
    alert.since = at(15, 13, 13);
    alert.until = at(15, 13, 33);
    alert.cause = Outcome::refused;
    alert.clients = 1;
    alert.service = "collector";
    alert.text = "10.0.0.200:7211 (collector) refuses 2.00 connections per second";
    return alert;
}

std::string told(Alert alert) {
    const config::Settings settings;
    const FailureBook book(settings.registry);
    const Registry registry(settings.registry);
    const ServiceNames names({});
    const HopBaselines baselines(16);
    const Scanners scanners(16);
    narrate(alert, {book, registry, names, baselines, scanners});
    return alert.text;
}

TEST(Diagnosis, AnAlertThatIsOverSaysFromWhenToWhenHowManyAndHowMuchAtMost) {
    EXPECT_EQ(told(ended()),
              "10.0.0.200:7211 (collector) refused 14 connections from 1 client from 2023-11-15 15:13:13 to 2023-11-15 "
              "15:13:33, at most 2.40 per second.");
}

TEST(Diagnosis, SoDoThoseOfHostsOfTheNetworkAndOfSilence) {
    Alert alert = ended();
    alert.service = "";
    alert.subject = {AlertScope::host, Direction::incoming, {address(200), 0}};
    alert.cause = Outcome::unanswered;
    EXPECT_EQ(told(alert).substr(0, 53), "10.0.0.200 did not answer 14 connection attempts of 1");
    const AlertSubject host = alert.subject;
    alert.subject = {};
    alert.nested = {host, {AlertScope::host, Direction::incoming, {address(201), 0}}};
    EXPECT_EQ(told(alert).substr(0, 38), "The network lost 14 connections from 2");
    alert.nested = {{AlertScope::service, Direction::incoming, endpoint(200, 80)}};
    EXPECT_EQ(told(alert).substr(0, 40), "The network failed 14 connections from 2");
    alert = Alert{};
    alert.no_data = true;
    alert.since = at(15, 13, 13);
    alert.until = at(15, 13, 33);
    EXPECT_EQ(told(alert), "The network delivered no packets from 2023-11-15 15:13:13 to 2023-11-15 15:13:33.");
}

TEST(Diagnosis, WhatIsUsualIsSaidWithWhatItRestsOn) {
    AlertBaseline baseline;
    baseline.level = AlertLevel::warn;
    baseline.deviation = 12.34;
    baseline.usual = {std::log1p(0.02 * 60), 0.3, Usual::Basis::hour_of_week, 4, 5 * 24 + 14};
    EXPECT_EQ(usual_in_words(baseline),
              "Usual for Saturday 14:00 is 0.02 per second (median of 4 weeks), which this exceeds by 12.3 standard "
              "deviations.");
    baseline.level = AlertLevel::none;
    EXPECT_EQ(usual_in_words(baseline), "Usual for Saturday 14:00 is 0.02 per second (median of 4 weeks).");
    baseline.usual.basis = Usual::Basis::hour_of_day;
    EXPECT_EQ(usual_in_words(baseline), "Usual for 14:00 is 0.02 per second (median of 4 days).");
    baseline.usual.basis = Usual::Basis::recent;
    baseline.usual.level = 0;
    EXPECT_EQ(usual_in_words(baseline), "Usual of late is 0.00 per second.");
    baseline.usual.level = std::log1p(0.0012 * 60);
    EXPECT_EQ(usual_in_words(baseline), "Usual of late is 0.0012 per second.");
    Alert alert = ended();
    alert.baseline = baseline;
    EXPECT_TRUE(told(alert).ends_with("at most 2.40 per second. Usual of late is 0.0012 per second."));
}

}  // namespace
}  // namespace rstwatch::control
