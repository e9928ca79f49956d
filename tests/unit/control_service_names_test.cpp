// SPDX-License-Identifier: Apache-2.0
#include "control/registry/service_names.h"

#include <gtest/gtest.h>

#include <fstream>

#include "control/registry/system_services.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::HeardFrom;
using tally::Time;
using test::endpoint;

constexpr Time start = 1'700'000'000 * tally::second;
constexpr tally::Application ssh = 0, tls = 1;

ServiceNames::Setup setup(std::size_t capacity = 4096) {
    ServiceNames::Setup setup;
    setup.applications = {"ssh", "tls"};
    setup.labels = config::load_services(
                       "'10.0.0.1:7211' = 'collector'\n'10.0.0.0/24:7211' = 'near'\n"
                       "':7211' = 'any'\n'10.0.0.1:22' = 'jump'\n"
                       "'10.0.0.1' = 'Labutil01'\n'10.0.0.0/24' = 'lab'\n",
                       "own.toml")
                       .all;
    setup.capacity = capacity;
    return setup;
}

tally::Identification heard(const tally::Endpoint& server, tally::Application application, HeardFrom from, Time time,
                            const std::string& detail, std::uint16_t client = 1) {
    tally::Identification found;
    found.server = server;
    found.client = endpoint(99, client);
    found.application = application;
    found.from = from;
    found.detail.append(detail);
    found.time = time;
    return found;
}

void add(ServiceNames& names, const std::vector<tally::Identification>& found) {
    MergedInterval interval;
    interval.identifications = found;
    names.add(interval);
}

std::string words(const ServiceName& name) {
    return std::string(name.name) + " " + std::string(control::name(name.source));
}

TEST(ServiceNames, HostsHaveNamesOfTheirOwn) {
    const ServiceNames names(setup());
    EXPECT_EQ(names.name_of_host(test::address(1)), "Labutil01");
    EXPECT_EQ(names.name_of_host(test::address(2)), "lab") << "of the prefix";
    EXPECT_EQ(names.name_of_host(test::address(256)), "");
    EXPECT_EQ(words(names.name_of(endpoint(1, 9999))), " none") << "a host's name is no service's";
    EXPECT_EQ(words(names.name_of({test::address(1), 0})), " none");
    EXPECT_EQ(ServiceDirectory().name_of_host(test::address(1)), "");
}

TEST(ServiceNames, LabelComesBeforeWhatItSpeaksAndThatBeforeThePort) {
    ServiceNames names(setup());
    add(names, {heard(endpoint(1, 22), ssh, HeardFrom::server, start, "SSH-2.0-x"),
                heard(endpoint(2, 22), tls, HeardFrom::server, start, "")});
    EXPECT_EQ(words(names.name_of(endpoint(1, 22))), "jump label");
    EXPECT_EQ(words(names.name_of(endpoint(2, 22))), "tls spoke");
    EXPECT_EQ(words(names.name_of(endpoint(3, 22))), "ssh port");
    EXPECT_EQ(words(names.name_of(endpoint(3, 27017))), "mongodb port");
    EXPECT_EQ(words(names.name_of(endpoint(3, 49999))), " none");
    EXPECT_EQ(names.identity_of(endpoint(1, 22))->detail, "SSH-2.0-x");
}

TEST(ServiceNames, TheLongestPrefixWins) {
    const ServiceNames names(setup());
    EXPECT_EQ(names.name_of(endpoint(1, 7211)).name, "collector");
    EXPECT_EQ(names.name_of(endpoint(2, 7211)).name, "near");
    EXPECT_EQ(names.name_of(endpoint(300, 7211)).name, "any");
}

TEST(ServiceNames, FirstWordCountsUnlessTheServerSpeaks) {
    ServiceNames names(setup());
    const tally::Endpoint server = endpoint(5, 443);
    add(names, {heard(server, tls, HeardFrom::client, start, "SNI a"),
                heard(server, tls, HeardFrom::client, start + 1, "SNI b")});
    EXPECT_EQ(names.identity_of(server)->detail, "SNI a");
    add(names,
        {heard(server, tls, HeardFrom::server, start + 2, "SNI c"),
         heard(server, ssh, HeardFrom::client, start + 3, "d"), heard(server, ssh, HeardFrom::server, start + 4, "e")});
    EXPECT_EQ(names.identity_of(server)->application, "tls");
    EXPECT_EQ(names.identity_of(server)->detail, "SNI c");
    EXPECT_EQ(names.identity_of(server)->seen, start + 2);
}

TEST(ServiceNames, AnHourLaterItMaySpeakSomethingElse) {
    ServiceNames names(setup());
    const tally::Endpoint server = endpoint(5, 443);
    const Time later = start + 3600 * tally::second;
    add(names, {heard(server, tls, HeardFrom::server, start, "")});
    add(names, {heard(server, ssh, HeardFrom::client, later, "")});
    EXPECT_EQ(names.identity_of(server)->application, "tls");  // a client may ask for anything
    add(names, {heard(server, ssh, HeardFrom::server, later + 1, "")});
    EXPECT_EQ(names.identity_of(server)->application, "ssh");
}

TEST(ServiceNames, WordsOfAResetAreNoApplication) {
    ServiceNames names(setup());
    const tally::Endpoint server = endpoint(5, 443);
    add(names, {heard(server, tally::no_application, HeardFrom::reset, start, "blocked")});
    EXPECT_EQ(words(names.name_of(server)), "https port");
    EXPECT_EQ(names.identity_of(server)->reset_text, "blocked");
    add(names, {heard(server, tls, HeardFrom::client, start, "")});
    EXPECT_EQ(words(names.name_of(server)), "tls spoke");
    EXPECT_EQ(names.identity_of(server)->reset_text, "blocked");
}

TEST(ServiceNames, ADirectoryStaysAsItWas) {
    ServiceNames names(setup());
    add(names, {heard(endpoint(5, 443), tls, HeardFrom::server, start, "")});
    const ServiceDirectory before = names.directory();
    for (std::uint16_t port = 1; port < 1000; ++port)
        add(names, {heard(endpoint(5, port), ssh, HeardFrom::server, start + 3600 * tally::second, "")});
    EXPECT_EQ(words(before.name_of(endpoint(5, 443))), "tls spoke");
    EXPECT_EQ(before.identity_of(endpoint(5, 442)), nullptr);
    EXPECT_EQ(words(names.directory().name_of(endpoint(5, 443))), "ssh spoke");
    EXPECT_EQ(words(names.name_of(endpoint(5, 442))), "ssh spoke");
    EXPECT_EQ(words(ServiceDirectory().name_of(endpoint(5, 443))), " none");
}

TEST(ServiceNames, WhatFindsNoRoomDisplacesTheOldest) {
    ServiceNames names(setup(256));
    for (std::uint16_t port = 1; port <= 1000; ++port)
        add(names, {heard(endpoint(5, port), ssh, HeardFrom::server, start + port, "")});
    EXPECT_LE(names.size(), names.capacity());
    EXPECT_EQ(names.size() + names.evicted(), 1000u);
    EXPECT_NE(names.identity_of(endpoint(5, 1000)), nullptr);
}

TEST(ServiceNames, WhatWasKnownBeforeARestartComesBack) {
    ServiceNames before(setup()), after(setup());
    add(before, {heard(endpoint(5, 443), tls, HeardFrom::server, start, "SNI a"),
                 heard(endpoint(5, 22), ssh, HeardFrom::server, start, "old")});
    add(after, {heard(endpoint(5, 22), ssh, HeardFrom::server, start + 9, "new")});
    before.for_each([&](const tally::Endpoint& server, const Identity& identity) { after.restore(server, identity); });
    EXPECT_EQ(after.identity_of(endpoint(5, 443))->detail, "SNI a");
    EXPECT_EQ(after.identity_of(endpoint(5, 22))->detail, "new");
    EXPECT_EQ(after.size(), 2u);
}

TEST(SystemServices, AreReadAsServicesSays) {
    const rstwatch::test::TempDir directory;
    std::ofstream(directory / "services") << "# comment\nssh\t\t22/tcp\t\t# SSH\ndomain 53/udp\nweb 8123/tcp www\n"
                                             "broken\nzero 0/tcp\nlarge 70000/tcp\n";
    const auto services = system_services(directory / "services");
    ASSERT_EQ(services.size(), 2u);
    EXPECT_EQ(services[0].name, "ssh");
    EXPECT_EQ(services[1].port, 8123);
    EXPECT_TRUE(system_services(directory / "nothing").empty());
}

TEST(ServiceNames, OtherLabelsChangeNothingThatWasGivenAway) {
    const tally::Endpoint service = endpoint(200, 7299);
    ServiceNames names(setup());
    const auto labels = [](const char* text) { return config::load_services(text, "test").all; };
    names.set_labels(labels("\":7299\" = \"collector\""));
    const ServiceDirectory before = names.directory();
    names.set_labels(labels("\":7299\" = \"ledger\""));
    EXPECT_EQ(words(names.name_of(service)), "ledger label");
    EXPECT_EQ(words(names.directory().name_of(service)), "ledger label");
    EXPECT_EQ(words(before.name_of(service)), "collector label");
    EXPECT_EQ(words(names.name_of(endpoint(200, 22))), words(before.name_of(endpoint(200, 22))));
}

}  // namespace
}  // namespace rstwatch::control
