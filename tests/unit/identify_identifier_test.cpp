// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/identifier.h"

#include <gtest/gtest.h>

#include "tests/unit/identify_examples.h"

namespace rstwatch::identify {
namespace {

using tally::HeardFrom;
using tally::Side;
using tally::Time;

constexpr Time start = 1'700'000'000 * tally::second;

tally::Endpoint endpoint(std::uint8_t host, std::uint16_t port) {
    const std::uint8_t bytes[] = {10, 0, 0, host};
    return {tally::IpAddress::v4(bytes), port};
}

const LoadedSignatures& shipped() {
    static const LoadedSignatures loaded =
        LoadedSignatures::compile(config::load_signatures(config::builtin_signatures(), "signatures.toml").all, "off");
    return loaded;
}

/// One core that hears what is said to 10.0.0.1.
class IdentifierTest : public testing::Test {
  protected:
    explicit IdentifierTest(std::size_t services = 1024, std::size_t waiting = 1024, unsigned tries = 0,
                            std::size_t results = 1024)
        : exchange_(0, 4, capacity(results)),
          tally_(exchange_, tally::WhenFull::lose),
          services_({services, 3600 * tally::second, tries}),
          identifier_(*shipped().set, services_, waiting, tally_) {
        tally_.open(tally::interval_of(start));
    }

    static tally::BankCapacity capacity(std::size_t results) {
        tally::BankCapacity capacity{};
        capacity.destinations = capacity.clients = capacity.records = 16;
        capacity.identifications = results;
        return capacity;
    }

    /// As the tracker does: only where something may be new.
    void say(std::uint16_t port, std::uint16_t client, Side from, const std::string& text, Time time,
             bool reset = false) {
        const tally::Endpoint server = endpoint(1, port);
        if (!(reset ? services_.wants_words(server, time) : services_.wants_payload(server, time))) return;
        identifier_.hear({server,
                          endpoint(2, client),
                          std::uint64_t{port} << 16 | client,
                          from,
                          reset,
                          {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                          time});
        ++heard_;
    }

    /// "application detail" of what was found, in order.
    std::vector<std::string> found() {
        identifier_.book_losses();
        tally_.open(++interval_ + tally::interval_of(start));
        std::vector<std::string> words;
        while (tally::IntervalBank* bank = exchange_.take_full()) {
            for (const tally::Identification& each : bank->identifications) {
                const bool known = each.application != tally::no_application;
                const char* from = each.from == HeardFrom::server   ? "server"
                                   : each.from == HeardFrom::client ? "client"
                                                                    : "reset";
                words.push_back(std::string(from) + " " + (known ? (*shipped().set)[each.application].name : "-") +
                                " " + std::string(each.detail.view()));
            }
            losses_.identifications_dropped += bank->losses.identifications_dropped;
            losses_.services_forgotten += bank->losses.services_forgotten;
            losses_.payloads_forgotten += bank->losses.payloads_forgotten;
            exchange_.give_back(bank);
        }
        return words;
    }

    using Found = std::vector<std::string>;

    tally::BankExchange exchange_;
    tally::CoreTally tally_;
    KnownServices services_;
    Identifier identifier_;
    tally::Losses losses_;
    tally::Interval interval_ = 0;
    int heard_ = 0;
};

const std::string hello = test::client_hello("collector.example", {"h2"});

TEST_F(IdentifierTest, WhatTheServerConfirmsKeepsTheWordsOfTheClient) {
    say(7211, 1, Side::client, hello, start);
    say(7211, 1, Side::server, test::server_hello(), start + 1);
    EXPECT_EQ(found(),
              (Found{"client tls SNI collector.example, ALPN h2", "server tls SNI collector.example, ALPN h2"}));
}

TEST_F(IdentifierTest, AServiceIsHeardUntilItsServerHasSpoken) {
    for (std::uint16_t client = 1; client < 5; ++client) say(7211, client, Side::client, hello, start + client);
    EXPECT_EQ(found().size(), 1u);
    say(7211, 4, Side::server, test::server_hello(), start + 100);
    EXPECT_EQ(found(), (Found{"server tls SNI collector.example, ALPN h2"}));
    heard_ = 0;
    say(7211, 5, Side::client, hello, start + 200);
    say(7211, 5, Side::server, "SSH-2.0-x\r\n", start + 201);
    EXPECT_EQ(heard_, 0);
    EXPECT_EQ(found(), Found{});
}

TEST_F(IdentifierTest, AnHourLaterItIsHeardAgain) {
    say(22, 1, Side::server, "SSH-2.0-old\r\n", start);
    say(22, 2, Side::server, "SSH-2.0-new\r\n", start + 3600 * tally::second);
    EXPECT_EQ(found(), (Found{"server ssh SSH-2.0-old", "server ssh SSH-2.0-new"}));
}

TEST_F(IdentifierTest, WeakPatternsNeedBothDirectionsOfOneConnection) {
    const std::string query = "\x05\x01", answer("\x05\x00", 2);
    const std::string request = query + std::string(1, '\0');
    say(1080, 1, Side::client, request, start);
    say(1080, 2, Side::server, answer, start + 1);
    EXPECT_EQ(found(), Found{});
    say(1080, 1, Side::server, answer, start + 2);
    EXPECT_EQ(found(), (Found{"server socks5 "}));
}

TEST_F(IdentifierTest, AServerThatSpeaksFirstIsMatchedWithItsClient) {
    say(21, 1, Side::server, "220 welcome\r\n", start);
    say(21, 1, Side::client, "USER anonymous\r\n", start + 1);
    EXPECT_EQ(found(), (Found{"server ftp 220 welcome"}));
}

TEST_F(IdentifierTest, WhatTheServerSaysWeighsMoreThanWhatAClientAsksFor) {
    say(80, 1, Side::client, hello, start);
    say(80, 1, Side::server, "HTTP/1.1 400 Bad Request\r\n\r\n", start + 1);
    EXPECT_EQ(found(), (Found{"client tls SNI collector.example, ALPN h2", "server http "}));
}

TEST_F(IdentifierTest, WordsOfAResetAreKeptOnce) {
    say(80, 1, Side::server, "blocked by policy 17", start, true);
    say(80, 2, Side::server, "something else", start + 1, true);
    EXPECT_EQ(found(), (Found{"reset - blocked by policy 17"}));
    say(80, 3, Side::server, "HTTP/1.1 200 OK\r\n\r\n", start + 2);
    EXPECT_EQ(found(), (Found{"server http "}));
}

/// Else it would depend on the spread over cores which of them is told.
TEST_F(IdentifierTest, WhatComesInTheSameMicrosecondIsToldTwice) {
    say(22, 1, Side::server, "SSH-2.0-a\r\n", start);
    say(22, 2, Side::server, "SSH-2.0-b\r\n", start);
    say(22, 3, Side::server, "SSH-2.0-c\r\n", start + 1);
    EXPECT_EQ(found(), (Found{"server ssh SSH-2.0-a", "server ssh SSH-2.0-b"}));
}

class FullTables : public IdentifierTest {
  protected:
    FullTables() : IdentifierTest(4, 4, 3, 2) {}
};

TEST_F(FullTables, ResultsThatFindNoRoomAreCounted) {
    for (std::uint16_t port = 1; port <= 5; ++port) say(port, 1, Side::server, "SSH-2.0-x\r\n", start + port);
    EXPECT_EQ(found().size(), 2u);
    EXPECT_EQ(losses_.identifications_dropped, 3u);
    EXPECT_EQ(losses_.services_forgotten, 1u);
}

TEST_F(FullTables, AServiceThatGaveWayIsIdentifiedAgain) {
    for (std::uint16_t port = 1; port <= 5; ++port) say(port, 1, Side::server, "SSH-2.0-x\r\n", start + port);
    (void)found();
    say(5, 2, Side::server, "SSH-2.0-x\r\n", start + 10);
    EXPECT_EQ(found(), Found{});
    say(1, 2, Side::server, "SSH-2.0-x\r\n", start + 11);
    EXPECT_EQ(found().size(), 1u);
}

TEST_F(FullTables, ConnectionsThatGaveWayAreCounted) {
    for (std::uint16_t client = 1; client <= 6; ++client)
        say(client, 4, Side::client, std::string("\x05\x01\x00", 3), start + client);
    (void)found();
    EXPECT_EQ(losses_.payloads_forgotten, 2u);
    for (std::uint16_t client = 3; client <= 6; ++client)
        say(client, 4, Side::server, std::string("\x05\x00", 2), start + 10 + client);
    const std::size_t told = found().size();
    EXPECT_EQ(told + losses_.identifications_dropped, 4u);
}

TEST_F(FullTables, AServiceThatSaysNothingKnownIsGivenUp) {
    for (int i = 0; i < 10; ++i) say(7, 1, Side::server, "what nobody knows", start + static_cast<Time>(i) + 1);
    EXPECT_EQ(heard_, 3);
}

}  // namespace
}  // namespace rstwatch::identify
