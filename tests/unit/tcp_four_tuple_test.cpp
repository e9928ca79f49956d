// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/four_tuple.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "tests/support/packet_builder.h"

namespace rstwatch::tcp {
namespace {

packet::PacketView view(const char* source, std::uint16_t source_port, const char* destination,
                        std::uint16_t destination_port) {
    const auto address = [](const char* text) {
        const test::Bytes bytes = test::address_bytes(text);
        return bytes.size() == 4 ? tally::IpAddress::v4(bytes.data()) : tally::IpAddress::v6(bytes.data());
    };
    packet::PacketView made;
    made.source = address(source);
    made.destination = address(destination);
    made.source_port = source_port;
    made.destination_port = destination_port;
    return made;
}

constexpr HashSecret secret;

TEST(FourTuple, BothDirectionsHaveOneDigest) {
    const auto expect_equal = [](const packet::PacketView& one, const packet::PacketView& other) {
        const Digest there = digest(one, 0, secret), back = digest(other, 0, secret);
        EXPECT_EQ(there.value, back.value);
        EXPECT_NE(there.source_is_low, back.source_is_low);
    };
    expect_equal(view("10.0.0.1", 40000, "10.0.0.2", 80), view("10.0.0.2", 80, "10.0.0.1", 40000));
    expect_equal(view("10.0.0.1", 80, "10.0.0.1", 81), view("10.0.0.1", 81, "10.0.0.1", 80));
    expect_equal(view("2001:db8::1", 40000, "2001:db8::2", 80), view("2001:db8::2", 80, "2001:db8::1", 40000));
    expect_equal(view("2001:db8::1", 1, "2001:db9::1", 1), view("2001:db9::1", 1, "2001:db8::1", 1));
}

TEST(FourTuple, EachPartCounts) {
    std::set<std::uint64_t> digests;
    digests.insert(digest(view("10.0.0.1", 40000, "10.0.0.2", 80), 0, secret).value);
    digests.insert(digest(view("10.0.0.1", 40000, "10.0.0.2", 80), 1, secret).value);
    digests.insert(digest(view("10.0.0.1", 40001, "10.0.0.2", 80), 0, secret).value);
    digests.insert(digest(view("10.0.0.1", 40000, "10.0.0.2", 81), 0, secret).value);
    digests.insert(digest(view("10.0.0.3", 40000, "10.0.0.2", 80), 0, secret).value);
    digests.insert(digest(view("10.0.0.1", 40000, "10.0.0.4", 80), 0, secret).value);
    digests.insert(digest(view("10.0.0.1", 80, "10.0.0.2", 40000), 0, secret).value);
    digests.insert(digest(view("::a00:1", 40000, "::a00:2", 80), 0, secret).value);
    HashSecret other;
    other.words[0] ^= 2;
    digests.insert(digest(view("10.0.0.1", 40000, "10.0.0.2", 80), 0, other).value);
    EXPECT_EQ(digests.size(), 9U);
}

TEST(FourTuple, SpreadsNeighboursOverSetsAndTags) {
    std::set<std::uint64_t> sets, tags;
    for (std::uint16_t port = 1; port <= 4096; ++port) {
        const std::uint64_t value = digest(view("10.0.0.1", port, "10.0.0.2", 80), 0, secret).value;
        sets.insert(value >> 16 & 0xff);
        tags.insert(value & 0xffff);
    }
    EXPECT_EQ(sets.size(), 256U);
    EXPECT_GT(tags.size(), 3800U);  // of 65536; about 3970 are to be expected of a random function
}

TEST(FourTuple, DomainIsWhatIsConfigured) {
    packet::PacketView packet = view("10.0.0.1", 1, "10.0.0.2", 80);
    packet.vlan = {100, 200};
    packet.tunnel_id = 0xFFFFFFFF;
    EXPECT_EQ(domain_of(packet, DomainBy::nothing), 0U);
    EXPECT_EQ(domain_of(packet, DomainBy::vlan), 100U);
    EXPECT_EQ(domain_of(packet, DomainBy::tunnel), 0xFFFFFFFFU);
    std::set<std::uint64_t> digests;
    for (const std::uint32_t domain : {0U, 1U, 100U, 0x10000U, 0xFFFFFFFFU}) {
        const Digest made = digest(packet, domain, secret);
        EXPECT_EQ(made.domain, domain);
        digests.insert(made.value);
    }
    EXPECT_EQ(digests.size(), 5U);
}

TEST(FourTuple, EverySecretIsAnother) {
    const HashSecret one = HashSecret::random(), other = HashSecret::random();
    for (int i = 0; i < 4; ++i) {
        EXPECT_NE(one.words[i], other.words[i]);
        EXPECT_NE(one.words[i], secret.words[i]);
        EXPECT_EQ(one.words[i] & 1, 1U);
    }
}

}  // namespace
}  // namespace rstwatch::tcp
