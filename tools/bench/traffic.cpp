// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/traffic.h"

#include <algorithm>
#include <cstring>

#include "tests/support/packet_builder.h"

namespace rstwatch::bench {
namespace {

using test::PacketBuilder;

constexpr std::array mixes{
    Mix{"mixed", "connections of all kinds, a third of them refused", Pattern::mixed, Clothes::ipv4, 0},
    Mix{"mixed-ipv6", "the same over IPv6", Pattern::mixed, Clothes::ipv6, 0},
    Mix{"mixed-vlan", "the same with a VLAN tag", Pattern::mixed, Clothes::vlan, 0},
    Mix{"mixed-vxlan", "the same with a VLAN tag and in VXLAN", Pattern::mixed, Clothes::vlan_vxlan, 0},
    Mix{"duplicates", "mixed, every packet twice", Pattern::doubled, Clothes::ipv4, 0},
    Mix{"refused", "ever new four-tuples, each refused", Pattern::refused, Clothes::ipv4, 0},
    Mix{"syn-flood", "ever new four-tuples, never answered", Pattern::syn_flood, Clothes::ipv4, 0},
    Mix{"data-500", "data of 500 connections in random order", Pattern::data_random, Clothes::ipv4, 500},
    Mix{"data-120k", "data of 120,000 connections in random order", Pattern::data_random, Clothes::ipv4, 120'000},
    Mix{"data-1m", "data of 1,000,000 connections in random order", Pattern::data_random, Clothes::ipv4, 1'000'000},
    Mix{"trains-120k", "data of 120,000 connections in the order of real traffic", Pattern::data_trains, Clothes::ipv4,
        120'000},
    Mix{"acks-120k", "acknowledgements of 120,000 connections in random order", Pattern::acks, Clothes::ipv4, 120'000},
};

enum class Kind : std::uint8_t { syn, syn_ack, ack, client_data, server_data, client_fin, server_fin, refusal, reset };
constexpr std::size_t kinds = 9;

constexpr std::uint64_t scrambled(std::uint64_t n) {
    n = (n ^ n >> 31) * 0x9e3779b97f4a7c15;
    n = (n ^ n >> 29) * 0xbf58476d1ce4e5b9;
    return n ^ n >> 32;
}

// One lane plays these lives one after the other; 20,000 lanes play at the same time, each at another place. By packets
// about what an office network with some failures shows: of 10 attempts 4 live well, 3 are refused, 1 is not answered,
// 2 are reset.
struct Step {
    std::uint8_t life;  ///< the number of the connection within the lane's round
    Kind kind;
    std::uint32_t client_sent;  ///< bytes, before this segment
    std::uint32_t server_sent;
};
constexpr std::uint32_t request = 1, answer = 1;  // sequence numbers: a batch in the cache holds no long payloads
constexpr auto good_life = [](std::uint8_t life) {
    return std::array{Step{life, Kind::syn, 0, 0},
                      Step{life, Kind::syn_ack, 0, 0},
                      Step{life, Kind::ack, 0, 0},
                      Step{life, Kind::client_data, 0, 0},
                      Step{life, Kind::server_data, request, 0},
                      Step{life, Kind::ack, request, answer},
                      Step{life, Kind::client_data, request, answer},
                      Step{life, Kind::server_data, 2 * request, answer},
                      Step{life, Kind::client_fin, 2 * request, 2 * answer},
                      Step{life, Kind::server_fin, 2 * request + 1, 2 * answer}};
};
constexpr auto refused_life = [](std::uint8_t life) {
    return std::array{Step{life, Kind::syn, 0, 0}, Step{life, Kind::refusal, 0, 0}};
};
constexpr auto reset_life = [](std::uint8_t life) {
    return std::array{Step{life, Kind::syn, 0, 0}, Step{life, Kind::syn_ack, 0, 0}, Step{life, Kind::ack, 0, 0},
                      Step{life, Kind::client_data, 0, 0}, Step{life, Kind::reset, request, 0}};
};
const std::vector<Step>& round_of_a_lane() {
    static const std::vector<Step> steps = [] {
        std::vector<Step> all;
        const auto add = [&all](const auto& life) { all.insert(all.end(), life.begin(), life.end()); };
        add(good_life(0));
        add(refused_life(1));
        add(good_life(2));
        add(reset_life(3));
        add(refused_life(4));
        add(good_life(5));
        all.insert(all.end(), 3, Step{6, Kind::syn, 0, 0});
        add(refused_life(7));
        add(good_life(8));
        add(reset_life(9));
        return all;
    }();
    return steps;
}
constexpr std::uint64_t lives_in_round = 10;
constexpr std::uint64_t lanes = 20'000;
constexpr std::uint64_t train = 16;

PacketBuilder dressed(Clothes clothes) {
    PacketBuilder builder;
    builder.ethernet();
    switch (clothes) {
        case Clothes::ipv4:
            return builder.ipv4("10.0.0.1", "172.16.0.1");
        case Clothes::ipv6:
            return builder.ipv6("2001:db8::1", "2001:db8::2");  // one prefix: only the last four bytes are put in
        case Clothes::vlan:
            return builder.vlan(10).ipv4("10.0.0.1", "172.16.0.1");
        case Clothes::vlan_vxlan:
            return builder.vlan(10)
                .ipv4("192.0.2.1", "192.0.2.2")
                .udp(50000, 4789)
                .vxlan(42)
                .ethernet()
                .ipv4("10.0.0.1", "172.16.0.1");
    }
    return builder;
}

PacketBuilder segment_of(Kind kind, Clothes clothes) {
    PacketBuilder builder = dressed(clothes).tcp(40000, 443).window(64240);
    switch (kind) {
        case Kind::syn:
            return builder.syn().mss(1460).sack_permitted().timestamps(1, 0).nop().window_scale(7);
        case Kind::syn_ack:
            return builder.syn().ack(1).mss(1460).sack_permitted().timestamps(1, 1).nop().window_scale(7);
        case Kind::client_data:
        case Kind::server_data:
            return builder.psh().ack(1).nop().nop().timestamps(1, 1).payload_of(1);
        case Kind::client_fin:
        case Kind::server_fin:
            return builder.fin().ack(1).nop().nop().timestamps(1, 1);
        case Kind::refusal:
            return builder.rst().ack(1).window(0);
        case Kind::reset:
            return builder.rst().ack(1);
        case Kind::ack:
            break;
    }
    return builder.ack(1).nop().nop().timestamps(1, 1);
}

bool is_by_server(Kind kind) {
    return kind == Kind::syn_ack || kind == Kind::server_data || kind == Kind::server_fin || kind == Kind::refusal ||
           kind == Kind::reset;
}

void put16(std::uint8_t* at, std::uint64_t value) {
    at[0] = static_cast<std::uint8_t>(value >> 8);
    at[1] = static_cast<std::uint8_t>(value);
}
void put32(std::uint8_t* at, std::uint64_t value) {
    put16(at, value >> 16);
    put16(at + 2, value);
}

}  // namespace

/// A frame of one kind, of which addresses, ports, numbers and checksum are put in for each packet.
struct Traffic::Template {
    test::Bytes bytes;
    std::size_t ip_at;
    std::size_t tcp_at;
};

struct Traffic::Segment {
    Kind kind;
    std::uint64_t connection;
    std::uint32_t client_sent;
    std::uint32_t server_sent;
};

std::span<const Mix> all_mixes() {
    return mixes;
}

Traffic::Traffic(const Mix& mix) : mix_(mix), sent_(mix.connections), slots_(batch_size * slot_size) {
    const std::size_t ip_header = mix.clothes == Clothes::ipv6 ? 40 : 20;
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        const PacketBuilder builder = segment_of(static_cast<Kind>(kind), mix.clothes);
        Template made{builder.build(), 0, 0};
        // The innermost headers are the only ones with these ports.
        const std::uint8_t ports[] = {40000 >> 8, 40000 & 0xff, 443 >> 8, 443 & 0xff};
        const auto found = std::search(made.bytes.begin(), made.bytes.end(), std::begin(ports), std::end(ports));
        made.tcp_at = static_cast<std::size_t>(found - made.bytes.begin());
        made.ip_at = made.tcp_at - ip_header;
        templates_.push_back(std::move(made));
    }
}

Traffic::~Traffic() = default;

std::uint64_t Traffic::opening() const {
    return std::uint64_t{mix_.connections} * 3;
}

std::span<const packet::Frame> Traffic::next(std::size_t count) {
    const std::uint64_t copies = mix_.pattern == Pattern::doubled ? 2 : 1;
    for (std::size_t i = 0; i < count; ++i, ++next_)
        frames_[i] = write(segment(next_ / copies), next_ / copies, &slots_[i * slot_size]);
    return std::span(frames_).first(count);
}

Traffic::Segment Traffic::segment(std::uint64_t number) {
    switch (mix_.pattern) {
        case Pattern::mixed:
        case Pattern::doubled:
            return life(number);
        case Pattern::refused:
            return {number % 2 == 0 ? Kind::syn : Kind::refusal, number / 2, 0, 0};
        case Pattern::syn_flood:
            return {Kind::syn, number, 0, 0};
        case Pattern::data_random:
        case Pattern::data_trains:
        case Pattern::acks:
            break;
    }
    return data(number);
}

Traffic::Segment Traffic::life(std::uint64_t number) const {
    const std::vector<Step>& steps = round_of_a_lane();
    const std::uint64_t lane = number % lanes;
    const std::uint64_t at = number / lanes + scrambled(lane) % steps.size();
    const Step& step = steps[at % steps.size()];
    const std::uint64_t round = at / steps.size();
    return {step.kind, (round * lanes + lane) * lives_in_round + step.life, step.client_sent, step.server_sent};
}

Traffic::Segment Traffic::data(std::uint64_t number) {
    if (number < opening()) {
        constexpr Kind handshake[] = {Kind::syn, Kind::syn_ack, Kind::ack};
        return {handshake[number % 3], number / 3, 0, 0};
    }
    number -= opening();
    const std::uint64_t draw = mix_.pattern == Pattern::data_trains ? number / train : number;
    const std::uint64_t connection = scrambled(draw) % mix_.connections;
    if (mix_.pattern == Pattern::acks) return {Kind::ack, connection, 0, 0};
    const bool by_server = scrambled(number) % 3 == 0;
    std::array<std::uint32_t, 2>& sent = sent_[connection];
    const Segment segment{by_server ? Kind::server_data : Kind::client_data, connection, sent[0], sent[1]};
    ++sent[by_server ? 1 : 0];
    return segment;
}

packet::Frame Traffic::write(const Segment& segment, std::uint64_t number, std::uint8_t* slot) const {
    const Template& base = templates_[static_cast<std::size_t>(segment.kind)];
    std::memcpy(slot, base.bytes.data(), base.bytes.size());
    const bool back = is_by_server(segment.kind);
    const std::uint64_t secret = scrambled(segment.connection + 1);
    const std::uint64_t server = secret % mix_.destinations;
    const std::size_t address = mix_.clothes == Clothes::ipv6 ? 16 : 4;
    std::uint8_t* source = slot + base.ip_at + (mix_.clothes == Clothes::ipv6 ? 8 : 12);
    std::uint8_t* of_client = (back ? source + address : source) + address - 4;
    std::uint8_t* of_server = (back ? source : source + address) + address - 4;
    put32(of_client, 10u << 24 | (segment.connection >> 14 & 0xffffff));
    put32(of_server, 172u << 24 | 16u << 16 | server);
    if (mix_.clothes != Clothes::ipv6) put16(slot + base.ip_at + 4, number % 65535 + 1);
    std::uint8_t* tcp = slot + base.tcp_at;
    put16(tcp + (back ? 2 : 0), 32768 + (segment.connection & 0x3fff));
    put16(tcp + (back ? 0 : 2), 443);
    const auto client_isn = static_cast<std::uint32_t>(secret >> 32), server_isn = static_cast<std::uint32_t>(secret);
    const bool opens = segment.kind == Kind::syn || segment.kind == Kind::syn_ack;
    const std::uint32_t client_next = client_isn + (segment.kind == Kind::syn ? 0 : 1) + segment.client_sent;
    const std::uint32_t server_next = server_isn + (opens ? 0 : 1) + segment.server_sent;
    put32(tcp + 4, segment.kind == Kind::refusal ? 0 : back ? server_next : client_next);
    if (segment.kind != Kind::syn) put32(tcp + 8, back ? client_next : server_next);
    put16(tcp + 16, scrambled(number) | 1);  // nobody verifies it; copies share it
    return {packet::LinkType::ethernet, slot, base.bytes.size(), base.bytes.size(), packet::unknown_length};
}

}  // namespace rstwatch::bench
