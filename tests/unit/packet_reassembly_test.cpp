// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/parser.h"
#include "dataplane/packet/reassembly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "dataplane/packet/defragment.h"
#include "tests/support/encapsulations.h"
#include "tests/unit/packet_parse.h"

namespace rstwatch::packet {
namespace {

using tally::PacketClass;
using tally::second;

/// Fragments in, and what is seen of the packet that comes out.
class Receiver {
  public:
    explicit Receiver(std::size_t datagrams = 16) : table(datagrams, 1) {}

    PacketView take(const Bytes& frame, tally::Time now = 0, std::size_t room = 2048) {
        const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[std::max(room, frame.size())]);
        std::copy(frame.begin(), frame.end(), exact.get());
        FrameBuffer buffer{LinkType::ethernet, exact.get(), frame.size(), std::max(room, frame.size())};
        PacketView view;
        parse({LinkType::ethernet, exact.get(), frame.size(), frame.size(), unknown_length}, ports, view);
        if (view.packet_class == PacketClass::fragment) defragment(buffer, table, ports, view, now);
        return view;
    }

    Reassembler table;
    TunnelPorts ports = TunnelPorts::standard();
};

PacketBuilder segment(PacketBuilder packet, std::size_t payload = 100) {
    return packet.tcp(40000, 80).syn().seq(7).window_scale(3).payload_of(payload);
}

void expect_segment(const PacketView& view, std::size_t payload = 100) {
    EXPECT_EQ(view.packet_class, PacketClass::tcp);
    EXPECT_TRUE(view.trackable);
    EXPECT_EQ(view.source_port, 40000);
    EXPECT_EQ(view.sequence, 7U);
    EXPECT_EQ(view.tcp_options, tcp_option::window_scale);
    EXPECT_EQ(view.payload_length, payload);
}

TEST(Reassembly, InAnyOrder) {
    for (const PacketBuilder& packet : {v4(), v6(), v6().hop_by_hop(), v4().ip_options({1, 1, 1, 0})}) {
        auto fragments = segment(packet).build_fragments(40);
        ASSERT_EQ(fragments.size(), 4U);
        std::sort(fragments.begin(), fragments.end());
        do {
            Receiver receiver;
            for (std::size_t i = 0; i < 3; ++i)
                EXPECT_EQ(receiver.take(fragments[i]).packet_class, PacketClass::fragment);
            expect_segment(receiver.take(fragments[3]));
            EXPECT_EQ(receiver.table.counts().completed, 1U);
            EXPECT_EQ(receiver.table.used(), 0U);
        } while (std::next_permutation(fragments.begin(), fragments.end()));
    }
}

TEST(Reassembly, FragmentsOfEightBytes) {
    const auto fragments = segment(v4(), 1000).build_fragments(8);
    Receiver receiver;
    for (std::size_t i = 0; i + 1 < fragments.size(); ++i)
        ASSERT_EQ(receiver.take(fragments[i]).packet_class, PacketClass::fragment);
    expect_segment(receiver.take(fragments.back()), 1000);
}

TEST(Reassembly, LongestDatagram) {
    for (const PacketBuilder& packet : {v4(), v6()}) {
        const bool is_v6 = packet.build().at(12) == 0x86;
        // In IPv6 the fragment header stays, and has its share of what the length field can say.
        const std::size_t payload = is_v6 ? 65535 - 24 - 8 : 65535 - 20 - 24;
        Receiver receiver;
        PacketView view;
        for (const Bytes& fragment : segment(packet, payload).build_fragments(1480)) view = receiver.take(fragment);
        expect_segment(view, payload);
        EXPECT_EQ(receiver.table.counts().completed, 1U);
    }
}

TEST(Reassembly, WithoutRoomForAllThatWasKept) {
    const auto fragments = segment(v4(), 1000).build_fragments(504);
    Receiver receiver;
    (void)receiver.take(fragments[1]);
    (void)receiver.take(fragments[2]);
    expect_segment(receiver.take(fragments[0], 0, fragments[0].size()), 1000);
    const auto small = segment(v4(), 100).build_fragments(8);
    Receiver tight;
    PacketView view;
    for (const Bytes& fragment : small) view = tight.take(fragment, 0, 0);
    EXPECT_EQ(view.packet_class, PacketClass::malformed);  // 4 bytes are all that there is room for
}

TEST(Reassembly, APieceMissing) {
    const auto fragments = segment(v4()).build_fragments(40);
    for (std::size_t missing = 0; missing < fragments.size(); ++missing) {
        Receiver receiver;
        for (std::size_t i = 0; i < fragments.size(); ++i) {
            if (i == missing) continue;
            EXPECT_EQ(receiver.take(fragments[i]).packet_class, PacketClass::fragment);
        }
        EXPECT_EQ(receiver.table.used(), 1U);
        EXPECT_EQ(receiver.table.counts().completed, 0U);
    }
}

TEST(Reassembly, APieceCutByTheCapture) {
    auto fragments = segment(v4()).build_fragments(40);
    fragments[1].pop_back();
    Receiver receiver;
    for (const Bytes& fragment : fragments) EXPECT_EQ(receiver.take(fragment).packet_class, PacketClass::fragment);
    EXPECT_EQ(receiver.table.counts().completed, 0U);
}

TEST(Reassembly, FirstCopyWins) {
    const auto fragments = segment(v4()).build_fragments(40);
    const auto forged = v4().tcp(1, 2).rst().payload_of(104).build_fragments(40);
    ASSERT_EQ(forged.size(), fragments.size());
    Receiver receiver;
    (void)receiver.take(fragments[0]);
    for (std::size_t i = 0; i < 3; ++i) (void)receiver.take(forged[i]);
    expect_segment(receiver.take(fragments[3]));
    Receiver other;
    (void)other.take(forged[0]);
    for (std::size_t i = 0; i < 3; ++i) (void)other.take(fragments[i]);
    EXPECT_EQ(other.take(fragments[3]).source_port, 1);
}

/// Overlaps that begin and end anywhere still cover each byte once.
TEST(Reassembly, OverlapsInPieces) {
    const Bytes whole = segment(v4(), 500).build();
    const std::span<const std::uint8_t> body = std::span(whole).subspan(34);
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        Receiver receiver;
        PacketView view;
        bool done = false;
        for (int piece = 0; piece < 400 && !done; ++piece) {
            const std::size_t at = random() % (body.size() / 8 + 1) * 8;
            const std::size_t size = std::min<std::size_t>((random() % 20 + 1) * 8, body.size() - at);
            PacketBuilder packet = v4().dont_fragment(false).ip_protocol(6).identification(9);
            packet.fragment_offset(static_cast<std::uint16_t>(at / 8)).more_fragments(at + size < body.size());
            view = receiver.take(packet.payload(body.subspan(at, size)).build());
            done = view.packet_class != PacketClass::fragment;
        }
        ASSERT_TRUE(done);
        expect_segment(view, 500);
    }
}

TEST(Reassembly, PiecesThatContradictTheEnd) {
    const auto piece = [](std::uint16_t units, std::size_t size, bool more) {
        PacketBuilder packet = v4().dont_fragment(false).ip_protocol(17).identification(9).more_fragments(more);
        return packet.fragment_offset(units).payload_of(size).build();
    };
    Receiver receiver;
    (void)receiver.take(piece(2, 8, false));                                            // ends at 24
    EXPECT_EQ(receiver.take(piece(3, 8, true)).packet_class, PacketClass::fragment);    // beyond it
    EXPECT_EQ(receiver.take(piece(1, 80, false)).packet_class, PacketClass::fragment);  // ends elsewhere, later
    EXPECT_EQ(receiver.take(piece(0, 16, true)).packet_class, PacketClass::other_ip);
    Receiver other;
    (void)other.take(piece(4, 8, true));  // there is something up to 40
    EXPECT_EQ(other.take(piece(1, 8, false)).packet_class, PacketClass::fragment);
    (void)other.take(piece(0, 32, true));
    EXPECT_EQ(other.table.used(), 1U);
    EXPECT_EQ(other.take(piece(5, 8, false)).packet_class, PacketClass::other_ip);
}

TEST(Reassembly, KeysAreKeptApart) {
    const auto one = segment(v4()).build_fragments(48, 1);
    const std::vector<PacketBuilder> others = {v4().ip_protocol(17),
                                               PacketBuilder().ethernet().ipv4("10.0.0.2", "10.0.0.1"),
                                               PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.3")};
    Receiver receiver;
    (void)receiver.take(one[0]);
    (void)receiver.take(segment(v4()).build_fragments(48, 2)[1]);
    (void)receiver.take(segment(v6()).build_fragments(48, 1)[1]);
    for (const PacketBuilder& other : others) (void)receiver.take(segment(other).build_fragments(48, 1)[1]);
    EXPECT_EQ(receiver.table.counts().completed, 0U);
    EXPECT_EQ(receiver.table.used(), 6U);
    (void)receiver.take(one[1]);
    expect_segment(receiver.take(one[2]));
}

TEST(Reassembly, PatienceEnds) {
    const auto fragments = segment(v4()).build_fragments(48);
    Receiver receiver;
    (void)receiver.take(fragments[0], 5 * second);
    (void)receiver.take(fragments[1], 35 * second - 1);
    expect_segment(receiver.take(fragments[2], 35 * second - 1));
    (void)receiver.take(fragments[0], 100 * second);
    (void)receiver.take(fragments[1], 100 * second);
    EXPECT_EQ(receiver.take(fragments[2], 130 * second).packet_class, PacketClass::fragment);
    EXPECT_EQ(receiver.table.used(), 2U);
    receiver.table.expire(130 * second);
    EXPECT_EQ(receiver.table.used(), 1U);
    EXPECT_EQ(receiver.table.counts().timed_out, 1U);
    receiver.table.expire(160 * second);
    EXPECT_EQ(receiver.table.used(), 0U);
    EXPECT_EQ(receiver.table.counts().timed_out, 2U);
}

TEST(Reassembly, TheOldestGivesWay) {
    Receiver receiver(16);
    const auto first_of = [](std::uint32_t id) { return segment(v4()).build_fragments(48, id)[0]; };
    for (std::uint32_t id = 0; id < 20; ++id) (void)receiver.take(first_of(id), id);
    EXPECT_EQ(receiver.table.used(), 16U);
    EXPECT_EQ(receiver.table.counts().evicted, 4U);
    for (std::uint32_t id = 0; id < 20; ++id) {
        const auto fragments = segment(v4()).build_fragments(48, id);
        if (id < 4) continue;
        (void)receiver.take(fragments[1], 20);
        expect_segment(receiver.take(fragments[2], 20));
    }
    EXPECT_EQ(receiver.table.counts().completed, 16U);
}

/// Fragments of what a tunnel carries, and of the tunnel's own packets, and both at once.
TEST(Reassembly, InTunnels) {
    for (const test::Encapsulation& how : test::all_encapsulations()) {
        for (const bool is_v6 : {false, true}) {
            if (!(is_v6 ? how.ipv6 : how.ipv4)) continue;
            SCOPED_TRACE(how.name);
            PacketBuilder packet = PacketBuilder().ethernet();
            how.add_headers(packet);
            packet = is_v6 ? packet.ipv6("2001:db8::1", "2001:db8::2") : packet.ipv4("10.0.0.1", "10.0.0.2");
            Receiver receiver;
            PacketView view;
            for (const Bytes& fragment : segment(packet, 3000).build_fragments(1200)) {
                EXPECT_FALSE(view.trackable);
                view = receiver.take(fragment);
            }
            expect_segment(view, 3000);
            EXPECT_EQ(tally::name(view.tunnel), how.tunnel);
            EXPECT_EQ(view.tunnel_id, how.id);
        }
    }
}

/// A fragment of a packet that was itself cut on the way through the tunnel.
TEST(Reassembly, FragmentsInFragments) {
    Receiver receiver;
    PacketView view;
    std::uint32_t id = 100;
    for (const Bytes& inner : segment(PacketBuilder().ipv4("10.0.0.1", "10.0.0.2"), 600).build_fragments(320)) {
        PacketBuilder outer = v4().ip_protocol(4);
        for (const Bytes& fragment : outer.payload(inner).build_fragments(160, id++)) {
            EXPECT_FALSE(view.trackable);
            view = receiver.take(fragment);
        }
    }
    expect_segment(view, 600);
    EXPECT_EQ(receiver.table.counts().completed, 3U);
}

TEST(Reassembly, IcmpErrorInFragments) {
    const PacketBuilder quoted = segment(v4(), 500);
    const auto fragments =
        PacketBuilder().ethernet().ipv4("10.0.0.254", "10.0.0.1").icmp_error(3, 1, quoted).build_fragments(256);
    Receiver receiver;
    (void)receiver.take(fragments[1]);
    (void)receiver.take(fragments[2]);
    const PacketView view = receiver.take(fragments[0]);
    EXPECT_EQ(view.packet_class, PacketClass::icmp_error);
    EXPECT_TRUE(view.trackable);
}

}  // namespace
}  // namespace rstwatch::packet
