// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/tls.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/identify_examples.h"

namespace rstwatch::identify {
namespace {

using test::client_hello;

/// In memory of exactly this size, so that a sanitizer sees whoever reads on.
std::string describe(const std::string& text) {
    const auto bytes = std::make_unique<std::uint8_t[]>(text.size());
    std::copy(text.begin(), text.end(), bytes.get());
    return std::string(describe_client_hello({bytes.get(), text.size()}).view());
}

TEST(ClientHello, SaysServerNameAndProtocols) {
    EXPECT_EQ(describe(client_hello("collector.example", {"h2", "http/1.1"})),
              "SNI collector.example, ALPN h2,http/1.1");
    EXPECT_EQ(describe(client_hello("collector.example", {})), "SNI collector.example");
    EXPECT_EQ(describe(client_hello("", {"h2"})), "ALPN h2");
    EXPECT_EQ(describe(client_hello("", {})), "");
}

TEST(ClientHello, LongNamesAreCut) {
    EXPECT_EQ(describe(client_hello(std::string(255, 'a'), {"h2"})), "SNI " + std::string(115, 'a'));
}

TEST(ClientHello, CutAnywhereIsNoMoreThanItSays) {
    const std::string whole = client_hello("collector.example", {"h2"});
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const std::string said = describe(whole.substr(0, length));
        EXPECT_TRUE(said.empty() || said == "SNI collector.example") << length << ": " << said;
    }
}

/// Every byte that could be a length says something else: nothing is read behind the end, nothing else comes out.
TEST(ClientHello, LiesAboutLengthsAreSeenThrough) {
    const std::string whole = client_hello("collector.example", {"h2"});
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const int lie : {0, 1, 2, 0x7f, 0xff}) {
            std::string lying = whole;
            lying[at] = static_cast<char>(lie);
            (void)describe(lying);
        }
    const std::size_t record = 3, message = 7;
    std::string lying = whole;
    lying[record] = lying[record + 1] = '\0';
    EXPECT_EQ(describe(lying), "");
    lying = whole;
    lying[message] = lying[message + 1] = '\0';
    EXPECT_EQ(describe(lying), "");
    lying = whole;
    lying[record] = lying[record + 1] = '\xff';  // more than there is: the rest comes in later segments
    EXPECT_EQ(describe(lying), "SNI collector.example, ALPN h2");
}

TEST(ClientHello, NothingElseIsOne) {
    EXPECT_EQ(describe(""), "");
    EXPECT_EQ(describe(test::server_hello()), "");
    EXPECT_EQ(describe("GET / HTTP/1.1\r\n"), "");
}

}  // namespace
}  // namespace rstwatch::identify
