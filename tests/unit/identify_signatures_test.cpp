// SPDX-License-Identifier: Apache-2.0
// The signatures that are shipped: each finds what it is for, and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "dataplane/identify/signature_set.h"
#include "tests/unit/identify_examples.h"

namespace rstwatch::identify {
namespace {

using tally::Side;
using test::Example;
using test::payload_of;

/// What is carried by the other, too: the special one stands first.
const std::set<std::pair<std::string, std::string>> known_overlaps{
    {"websocket", "http"}, {"docker", "http"}, {"elasticsearch", "http"}, {"etcd", "http2"},
    {"grpc", "http2"},     {"etcd", "grpc"},   {"mariadb", "mysql"},      {"nfs", "sunrpc"}};

class ShippedSignatures : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        signatures = config::load_signatures(config::builtin_signatures(), "signatures.toml");
        for (const config::Diagnostic& error : signatures.errors) ADD_FAILURE() << to_string(error);
        loaded = LoadedSignatures::compile(signatures.all, "off");
        for (const config::Diagnostic& error : loaded.errors) ADD_FAILURE() << to_string(error);
        ASSERT_NE(loaded.set, nullptr);
        scanner = std::make_unique<Scanner>(*loaded.set);
    }
    static void TearDownTestSuite() {
        scanner.reset();
        loaded = {};
    }

    /// The numbers of the signatures that a connection with these payloads proves.
    static std::set<unsigned> found(const Example& example) {
        const SignatureBits client = scanner->scan(Side::client, payload_of(example.client));
        const SignatureBits server = scanner->scan(Side::server, payload_of(example.server));
        std::set<unsigned> numbers;
        for (unsigned number = 0; number < signatures.all.size(); ++number) {
            const bool either = client.test(number) || server.test(number);
            const bool both = client.test(number) && server.test(number);
            if (signatures.all[number].both ? both : either) numbers.insert(number);
        }
        return numbers;
    }

    static inline config::Signatures signatures;
    static inline LoadedSignatures loaded;
    static inline std::unique_ptr<Scanner> scanner;
};

TEST_F(ShippedSignatures, AreOfManyProtocols) {
    std::set<std::string> names;
    for (const config::Signature& signature : signatures.all) names.insert(signature.name);
    EXPECT_GE(names.size(), 70u);
}

TEST_F(ShippedSignatures, FindTheirExamplesFirst) {
    for (const Example& example : test::examples()) {
        const std::set<unsigned> numbers = found(example);
        ASSERT_FALSE(numbers.empty()) << example.name;
        EXPECT_EQ(signatures.all[*numbers.begin()].name, example.name);
    }
}

TEST_F(ShippedSignatures, FindNothingInExamplesOfOthers) {
    for (const Example& example : test::examples())
        for (const unsigned number : found(example)) {
            const std::string& name = signatures.all[number].name;
            EXPECT_TRUE(name == example.name || known_overlaps.contains({example.name, name}))
                << example.name << " is also found by " << name;
        }
}

/// Whoever adds a signature adds an example: each pattern of each signature must be needed by one.
TEST_F(ShippedSignatures, HaveAnExampleForEachOfTheirPatterns) {
    std::map<unsigned, std::set<Side>> shown;
    for (const Example& example : test::examples()) {
        const SignatureBits client = scanner->scan(Side::client, payload_of(example.client));
        const SignatureBits server = scanner->scan(Side::server, payload_of(example.server));
        for (unsigned number = 0; number < signatures.all.size(); ++number) {
            if (signatures.all[number].name != example.name) continue;
            if (client.test(number)) shown[number].insert(Side::client);
            if (server.test(number)) shown[number].insert(Side::server);
        }
    }
    for (unsigned number = 0; number < signatures.all.size(); ++number) {
        const config::Signature& signature = signatures.all[number];
        EXPECT_EQ(shown[number].contains(Side::client), !signature.client.expression.empty())
            << signature.name << ", line " << signature.place.line << ": client";
        EXPECT_EQ(shown[number].contains(Side::server), !signature.server.expression.empty())
            << signature.name << ", line " << signature.place.line << ": server";
    }
}

TEST_F(ShippedSignatures, FindNothingWhereDirectionsAreSwapped) {
    const std::set<std::string> alike{"ssh",
                                      "telnet",
                                      "vnc",
                                      "rsync",
                                      "bittorrent",
                                      "smb1",
                                      "smb2",
                                      "bgp",
                                      "xmpp",
                                      "amqp",
                                      "zabbix",
                                      "clickhouse",
                                      "elasticsearch-transport",
                                      "rtmp",
                                      "ethernet-ip",
                                      "iec-104",
                                      "modbus",
                                      "http2",
                                      "grpc",
                                      "etcd"};
    for (const Example& example : test::examples()) {
        if (alike.contains(example.name)) continue;
        for (const unsigned number : found({example.name, example.server, example.client}))
            EXPECT_TRUE(alike.contains(signatures.all[number].name))
                << "swapped " << example.name << " is found by " << signatures.all[number].name;
    }
}

TEST_F(ShippedSignatures, FindNothingInWhatIsNoneOfTheirs) {
    const std::vector<std::string> strangers{
        "",
        std::string(1, '\0'),
        std::string(1400, '\0'),
        std::string(1400, 'A'),
        std::string(1400, '\xff').replace(0, 2, "\x7f\x45"),
        "hello, world\r\n",
        "{\"jsonrpc\":\"2.0\",\"method\":\"status\"}\n",
        "<?xml version=\"1.0\"?><config/>",
        "\x1f\x8b\x08\x08",
        "200\r\n",
    };
    for (const std::string& client : strangers)
        for (const std::string& server : strangers)
            for (const unsigned number : found({"", client, server}))
                ADD_FAILURE() << signatures.all[number].name << " is found in " << client.substr(0, 20) << " / "
                              << server.substr(0, 20);
}

/// Whatever a payload is cut to, what is left of it is not taken for something else.
TEST_F(ShippedSignatures, TakeNoCutPayloadForAnother) {
    for (const Example& example : test::examples())
        for (std::size_t length = 0; length < std::min<std::size_t>(example.client.size(), 64); ++length) {
            const SignatureBits matches = scanner->scan(Side::client, payload_of(example.client.substr(0, length)));
            const unsigned first = (matches & loaded.set->alone()).first();
            if (first == SignatureBits::none) continue;
            const std::string& name = signatures.all[first].name;
            EXPECT_TRUE(name == example.name || known_overlaps.contains({example.name, name}))
                << example.name << " cut to " << length << " bytes is found by " << name;
        }
}

}  // namespace
}  // namespace rstwatch::identify
