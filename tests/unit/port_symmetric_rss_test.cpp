// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/symmetric_rss.h"

#include <gtest/gtest.h>
#include <rte_thash.h>

#include <array>
#include <random>

namespace rstwatch::port {
namespace {

packet::PacketView tuple(std::mt19937& random, bool v6) {
    const auto address = [&] {
        std::array<std::uint8_t, 16> bytes;
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
        return v6 ? tally::IpAddress::v6(bytes.data()) : tally::IpAddress::v4(bytes.data());
    };
    packet::PacketView view;
    view.source = address();
    view.destination = address();
    view.source_port = static_cast<std::uint16_t>(random());
    view.destination_port = static_cast<std::uint16_t>(random());
    return view;
}

std::uint32_t big_endian(const std::uint8_t* bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

/// What DPDK's bit-by-bit Toeplitz hash says with the same key.
std::uint32_t reference(const packet::PacketView& view) {
    std::vector<std::uint32_t> words;
    for (const tally::IpAddress* address : {&view.source, &view.destination})
        for (std::size_t at = address->is_v4() ? 12 : 0; at < 16; at += 4)
            words.push_back(big_endian(address->bytes.data() + at));
    words.push_back(std::uint32_t{view.source_port} << 16 | view.destination_port);
    const std::vector<std::uint8_t> key = symmetric_rss_key(52);
    return rte_softrss(words.data(), static_cast<std::uint32_t>(words.size()), key.data());
}

TEST(SymmetricRss, EqualsTheToeplitzHash) {
    std::mt19937 random(1);
    for (int i = 0; i < 2000; ++i) {
        const packet::PacketView view = tuple(random, i % 2 == 1);
        ASSERT_EQ(symmetric_rss_hash(view), reference(view)) << i;
    }
}

TEST(SymmetricRss, BothDirectionsHaveOneHash) {
    std::mt19937 random(2);
    for (int i = 0; i < 2000; ++i) {
        packet::PacketView view = tuple(random, i % 2 == 1);
        const std::uint32_t there = symmetric_rss_hash(view);
        std::swap(view.source, view.destination);
        std::swap(view.source_port, view.destination_port);
        ASSERT_EQ(symmetric_rss_hash(view), there) << i;
    }
}

TEST(SymmetricRss, KeyRepeatsForAnyLength) {
    EXPECT_EQ(symmetric_rss_key(0).size(), 0U);
    EXPECT_EQ(symmetric_rss_key(5), (std::vector<std::uint8_t>{0x6d, 0x5a, 0x6d, 0x5a, 0x6d}));
    EXPECT_EQ(symmetric_rss_key(40).size(), 40U);
    EXPECT_EQ(symmetric_rss_key(52).back(), 0x5a);
}

TEST(SymmetricRss, OwnerFollowsTheRedirectionTable) {
    EXPECT_EQ(owner_of(0xFFFFFFFF, 1), 0U);
    EXPECT_EQ(owner_of(5, 2), 1U);
    EXPECT_EQ(owner_of(127, 3), 1U);
    EXPECT_EQ(owner_of(128, 3), 0U);  // the first entry again
    EXPECT_EQ(owner_of(129, 3), 1U);
}

TEST(SymmetricRss, SpreadsOverAllOwners) {
    std::mt19937 random(3);
    std::array<int, 4> share{};
    for (int i = 0; i < 4000; ++i) ++share[owner_of(symmetric_rss_hash(tuple(random, i % 2 == 1)), 4)];
    for (const int count : share) {
        EXPECT_GT(count, 800);
        EXPECT_LT(count, 1200);
    }
}

}  // namespace
}  // namespace rstwatch::port
