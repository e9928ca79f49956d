// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/diagnosis.h"

#include <gtest/gtest.h>

#include <ctime>
#include <set>

#include "control/diagnose/narrate.h"
#include "control/diagnose/rule.h"
#include "control/diagnose/words.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

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
    facts.last_accepted_before = at(15, 2, 41);
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
        "listens there; it has not accepted any connection since it is watched. Start it, or correct the port.");
    facts.failed = 1;
    EXPECT_NE(diagnose(facts).sentence.find("refused 1 connection from"), std::string::npos);
}

TEST(Diagnosis, NamesTheDayOfWhatIsNotToday) {
    Facts facts = failing(Outcome::refused);
    facts.since -= 86400 * second;
    EXPECT_NE(diagnose(facts).sentence.find("since 2023-11-14 15:13:13;"), std::string::npos);
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
    return with(failing(Outcome::icmp_rejected), [&](Facts& f) {
        f.example->icmp_seen = true;
        f.example->icmp_type = 3;
        f.example->icmp_code = code;
        f.example->icmp_from = address(254);
    });
}

std::vector<Case> cases() {
    return {
        {"nothing_listens", failing(Outcome::refused), "nothing listens there"},
        {"device_refuses",
         with(failing(Outcome::refused_by_device),
              [](Facts& f) {
                  f.example->rst_ttl = 63;
                  f.example->server_ttl = 60;
              }),
         "a device in the path rejects in its name (3 hops nearer than the server)"},
        {"filter_forbids", icmp(13), "10.0.0.254 says: forbidden by a filter"},
        {"unreachable", icmp(1), "10.0.0.254 says: host unreachable"},
        {"dropped_for_some", with(failing(Outcome::unanswered), [](Facts& f) { f.succeeding = 2; }),
         "meanwhile 2 clients got through"},
        {"port_dropped", with(failing(Outcome::unanswered), [](Facts& f) { f.host_answers = true; }),
         "the host answers on other ports"},
        {"silent", failing(Outcome::unanswered), "nothing comes back at all"},
        {"accept_queue_full", failing(Outcome::listen_overflow), "its accept queue is full"},
        {"aborts_after_accept", failing(Outcome::reset_before_data_by_server), "accepts and then resets"},
        {"crashes_on_request", failing(Outcome::reset_without_response), "takes the request and dies of it"},
        {"crashes_on_request", failing(Outcome::closed_without_response), "takes the request and dies of it"},
        {"aborts_mid_stream", failing(Outcome::reset_mid_stream_by_server), "with data on the way"},
        {"idle_timeout", failing(Outcome::idle_reset), "idle connections are dropped"},
        {"restarted", failing(Outcome::peer_lost_state), "it restarted"},
        {"path_lost", failing(Outcome::blackholed), "no longer acknowledged"},
        {"path_lost", failing(Outcome::keepalive_timeout), "no longer acknowledged"},
        {"does_not_read", failing(Outcome::zero_window_stall), "does not read"},
        {"device_resets", failing(Outcome::reset_by_device), "a device in the path resets connections"},
        {"handshakes_abandoned", failing(Outcome::handshake_incomplete), "half-open"},
        {"client_gives_up", failing(Outcome::reset_without_response_by_client), "too slow"},
        {"client_cut_off", of_host(Outcome::unanswered, Direction::outgoing), "reaches nobody"},
        {"client_fails", of_host(Outcome::refused, Direction::outgoing), "as a client"},
        {"host_down", of_host(Outcome::unanswered, Direction::incoming), "silent on 3 ports"},
        {"host_fails", of_host(Outcome::refused, Direction::incoming), "mostly refused"},
        {"no_data", network(true, AlertScope::host), "delivers no packets"},
        {"network_cut_off", network(false, AlertScope::host),
         "4 hosts (10.0.0.1, 10.0.0.2, 10.0.0.3 and 1 more) fell silent together"},
        {"network_fails", network(false, AlertScope::service), "many services fail a little each"},
        {"healthy",
         with(failing(Outcome::undetermined),
              [](Facts& f) {
                  f.failing = false;
                  f.accepted = 1;
              }),
         "accepts connections"},
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
    narrate(alert, {book, registry, names});
    EXPECT_EQ(alert.service, names.name_of(alert.subject.endpoint).name);
    EXPECT_NE(alert.text.find("10.0.0.200:80"), std::string::npos) << alert.text;
    EXPECT_NE(alert.text.find("01:02:03"), std::string::npos) << alert.text;
}

}  // namespace
}  // namespace rstwatch::control
