// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/packet/packet_view.h"

namespace rstwatch::bench {

/// Packets that are judged together, made together: few enough to lie in the first-level cache when the clock starts.
inline constexpr std::size_t batch_size = 128;

/// What every packet is wrapped in.
enum class Clothes : std::uint8_t { ipv4, ipv6, vlan, vlan_vxlan };

/// Which packets follow each other.
enum class Pattern : std::uint8_t {
    mixed,        ///< lives of all kinds, 20,000 at a time: see traffic.cpp
    doubled,      ///< the same, and every packet twice, as a mirror of both sides of a switch delivers it
    refused,      ///< SYN and RST of ever new four-tuples
    syn_flood,    ///< SYNs of ever new four-tuples, never answered
    data_random,  ///< data of established connections, which of them is anybody's guess
    data_trains,  ///< the same in the order of real traffic: some segments of one connection, then of another
    acks          ///< acknowledgements of established connections, without data
};

struct Mix {
    std::string_view name;
    std::string_view sentence;
    Pattern pattern;
    Clothes clothes;
    std::uint32_t connections;            ///< established ones, for data
    std::uint32_t destinations = 20'000;  ///< that connections go to
};

/// All that can be measured.
std::span<const Mix> all_mixes();

/// An endless, repeatable sequence of packets. Making them takes little memory, so that it does not push the tables out
/// of the cache: for data what each side has sent, else nothing.
class Traffic {
  public:
    explicit Traffic(const Mix& mix);
    ~Traffic();
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    /// Packets that open the connections which data is sent on; 0 for other patterns.
    std::uint64_t opening() const;

    /// Makes the next `count` packets, at most batch_size of them.
    std::span<const packet::Frame> next(std::size_t count);

  private:
    struct Template;
    struct Segment;

    Segment segment(std::uint64_t number);
    Segment life(std::uint64_t number) const;
    Segment data(std::uint64_t number);
    packet::Frame write(const Segment& segment, std::uint64_t number, std::uint8_t* slot) const;

    static constexpr std::size_t slot_size = 192;  // a stride that does not crowd into few sets of the cache

    Mix mix_;
    std::vector<Template> templates_;
    std::vector<std::array<std::uint32_t, 2>> sent_;  // by connection: bytes of the client, of the server
    std::uint64_t next_ = 0;
    std::vector<std::uint8_t> slots_;
    std::array<packet::Frame, batch_size> frames_{};
};

}  // namespace rstwatch::bench
