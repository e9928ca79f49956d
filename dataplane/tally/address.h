// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace rstwatch::tally {

/// An IPv6 address, or an IPv4 address in its IPv4-mapped form (RFC 4291 section 2.5.5.2), in network byte order: one
/// type for both families, so that no table treats one of them as an afterthought.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    static IpAddress v4(const std::uint8_t* four_bytes) {
        static_assert(std::endian::native == std::endian::little);
        std::uint32_t last;
        std::memcpy(&last, four_bytes, sizeof last);
        // In two words, as it is read again: a read of what several narrower writes have left has to wait for them.
        const std::uint64_t halves[2] = {0, std::uint64_t{last} << 32 | 0xffff0000};
        IpAddress address;
        std::memcpy(address.bytes.data(), halves, sizeof halves);
        return address;
    }
    static IpAddress v6(const std::uint8_t* sixteen_bytes) {
        IpAddress address;
        std::memcpy(address.bytes.data(), sixteen_bytes, 16);
        return address;
    }

    bool is_v4() const {
        static constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        return std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
    }

    /// The two halves as they lie in memory: for hashing and for an order that is total but means nothing.
    std::uint64_t first_half() const { return half(0); }
    std::uint64_t second_half() const { return half(8); }

    bool operator==(const IpAddress& other) const {
        return first_half() == other.first_half() && second_half() == other.second_half();
    }
    std::strong_ordering operator<=>(const IpAddress& other) const {
        // As the bytes compare, but two words at a time: sorting does this a lot.
        const auto compare = [](std::uint64_t mine, std::uint64_t its) {
            mine = __builtin_bswap64(mine);
            its = __builtin_bswap64(its);
            if (mine == its) return std::strong_ordering::equal;
            return mine < its ? std::strong_ordering::less : std::strong_ordering::greater;
        };
        const std::strong_ordering order = compare(first_half(), other.first_half());
        return std::is_eq(order) ? compare(second_half(), other.second_half()) : order;
    }

  private:
    std::uint64_t half(std::size_t offset) const {
        std::uint64_t value;
        std::memcpy(&value, bytes.data() + offset, sizeof value);
        return value;
    }
};

struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;

    auto operator<=>(const Endpoint&) const = default;
};

/// "10.0.0.1" or "2001:db8::1" (RFC 5952).
std::string to_string(const IpAddress& address);

/// "10.0.0.1:80" or "[2001:db8::1]:80".
std::string to_string(const Endpoint& endpoint);

/// The other way round: "10.0.0.1", "2001:db8::1"; nothing where the text is no address.
std::optional<IpAddress> parse_address(std::string_view text);

/// "10.0.0.1:80", "[2001:db8::1]:80"; nothing where the text is no endpoint.
std::optional<Endpoint> parse_endpoint(std::string_view text);

/// Multiply and fold (the 128-bit product's halves, exclusive or): mixes two words in one multiplication.
inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace rstwatch::tally
