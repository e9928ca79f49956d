// SPDX-License-Identifier: Apache-2.0
#include "tests/replay/lives.h"

#include <algorithm>
#include <random>

namespace rstwatch::test {
namespace {

using C = Conversation;
constexpr auto client = C::Side::client;
constexpr auto server = C::Side::server;

/// As a scanner's own SYN looks.
C& bare(C& c) {
    return c.timestamps(false).window_scale(false);
}

std::vector<Life> make_lives() {
    return {
        {"refused", {"refused"}, [](C& c) { c.refused(); }},
        {"refused with data in the SYN", {"refused"}, [](C& c) { c.with_payload("early").syn().server_rst_ack(); }},
        {"refused three times as Windows asks",
         {"refused"},
         [](C& c) { c.refused().wait(0.5).syn_again().server_rst_ack().wait(0.5).syn_again().server_rst_ack(); }},
        {"refused late", {"refused"}, [](C& c) { c.syn().at(1).syn_again().at(20).server_rst_ack(); }},
        {"refused just before its SYN", {"refused"}, [](C& c) { c.with_ack(1001).server_rst_ack().wait(0.001).syn(); }},
        {"two refused attempts on one four-tuple",
         {"refused", "refused"},
         [](C& c) { c.refused().wait(1).client_isn(70000).refused(); }},
        {"rejected by ICMP",
         {"icmp_rejected"},
         [](C& c) { c.syn().icmp_error(3, 13); },
         [](C& c) { c.syn().icmp_error(1, 1); }},
        {"rejected by ICMP that quotes 8 bytes",
         {"icmp_rejected"},
         [](C& c) { c.syn().icmp_error(3, 1, "10.9.9.9", 28); },
         [](C& c) { c.syn().icmp_error(1, 3, "", 48); }},
        {"rejected by ICMP, then accepted",
         {"closed"},
         [](C& c) {
             c.syn().icmp_error(3, 0).at(1).syn_again().syn_ack().ack().client_data(5).server_data(5).closed();
         },
         [](C& c) {
             c.syn().icmp_error(1, 0).at(1).syn_again().syn_ack().ack().client_data(5).server_data(5).closed();
         }},
        {"unanswered", {"unanswered"}, [](C& c) { c.syn().at(1).syn_again().at(3).syn_again().at(7).syn_again(); }},
        {"unanswered for longer than the last deadline",
         {"unanswered"},
         [](C& c) { c.syn().at(1).syn_again().at(35).syn_again().at(69).syn_again(); }},
        {"answered after the first deadline",
         {"closed"},
         [](C& c) {
             c.syn().at(1).syn_again().at(7).syn_again().syn_ack().ack().client_data(9).server_data(9).closed();
         }},
        {"a SYN-ACK just before its SYN",
         {"closed"},
         [](C& c) { c.with_ack(1001).syn_ack().wait(0.001).syn().ack().client_data(5).server_data(5).closed(); }},
        {"handshake never completed",
         {"handshake_incomplete"},
         [](C& c) { c.syn().syn_ack().at(1).syn_ack_again().at(3.5).syn_ack_again(); }},
        {"half-open scan", {"half_open_scan"}, [](C& c) { bare(c).syn().syn_ack().client_rst(); }},
        {"cancelled before the answer", {"client_cancelled"}, [](C& c) { c.syn().wait(0.2).client_rst(); }},
        {"cancelled after the answer", {"client_cancelled"}, [](C& c) { c.syn().syn_ack().wait(2).client_rst(); }},
        {"cancelled by another attempt",
         {"client_cancelled", "closed"},
         [](C& c) { c.syn().at(1).new_syn(90000).syn_ack().ack().client_data(5).server_data(5).closed(); }},
        {"SYN-ACK with a wrong ack",
         {"invalid_ack"},
         [](C& c) { c.syn().with_ack(4242).syn_ack().with_sequence(4242).client_rst(); }},
        {"final ACK with a wrong ack",
         {"invalid_ack"},
         [](C& c) { c.syn().syn_ack().with_ack(777).ack().with_sequence(777).server_rst(); }},
        {"aborted by the server before data",
         {"reset_before_data_by_server"},
         [](C& c) { c.connected().server_abort(); }},
        {"aborted by the client before data",
         {"reset_before_data_by_client"},
         [](C& c) { c.connected().client_abort(); }},
        {"aborted by the server without an answer",
         {"reset_without_response"},
         [](C& c) { c.connected().client_data(100).server_ack().server_abort(); }},
        {"aborted by the server amid its answer",
         {"reset_mid_stream_by_server"},
         [](C& c) { c.connected().client_data(100).server_data(1000).ack().server_abort(); }},
        {"aborted by the client after the answer",
         {"reset_after_response_by_client"},
         [](C& c) { c.connected().client_data(100).server_data(1000).ack().client_abort(); }},
        {"aborted by the client before the answer",
         {"reset_without_response_by_client"},
         [](C& c) { c.connected().client_data(100).server_ack().wait(2).client_abort(); }},
        {"reset by a device",
         {"reset_by_device"},
         [](C& c) { c.connected().client_data(100).with_ttl(250).server_rst(); }},
        {"reset after a FIN",
         {"reset_after_fin"},
         [](C& c) { c.connected().client_data(5).server_data(5).ack().client_fin().server_ack().server_abort(); }},
        {"closed without an answer",
         {"closed_without_response"},
         [](C& c) { c.connected().client_data(5).server_ack().server_fin().ack().client_fin().server_ack(); }},
        {"data that nobody acknowledges",
         {"blackholed"},
         [](C& c) {
             c.connected().client_data(9).server_data(9).ack().client_data(500);
             for (const double pause : {0.2, 0.4, 0.8, 1.6}) c.wait(pause).client_data_again();
         }},
        {"data that is acknowledged after all",
         {"closed"},
         [](C& c) {
             c.connected().client_data(500);
             for (const double pause : {0.2, 0.4, 0.8, 1.6}) c.wait(pause).client_data_again();
             c.server_data(9).ack().closed();
         }},
        {"a window that stays closed",
         {"zero_window_stall"},
         [](C& c) {
             c.connected().client_data(500).with_window(0).server_ack();
             for (const double pause : {0.4, 0.8, 1.6, 3.2})
                 c.wait(pause).client_keepalive().with_window(0).server_ack();
         }},
        {"keepalives that nobody answers",
         {"keepalive_timeout"},
         [](C& c) {
             c.connected().client_data(9).server_data(9).ack().wait(60).client_keepalive().wait(1).client_keepalive();
             c.wait(1).client_abort();
         }},
        {"a keepalive to a host that has restarted",
         {"peer_lost_state"},
         [](C& c) { c.connected().client_data(9).server_data(9).ack().wait(60).client_keepalive().server_rst(); }},
        {"data to a client that has restarted",
         {"peer_lost_state"},
         [](C& c) { c.connected().client_data(9).server_ack().wait(20).server_data(100).client_rst(); }},
        {"forgotten by a device",
         {"idle_reset"},
         [](C& c) {
             c.connected().client_data(9).server_data(9).ack().wait(60).client_data(9).with_ttl(250).server_rst();
         }},
        {"forgotten by a load balancer",
         {"idle_reset"},
         [](C& c) { c.connected().client_data(9).server_data(9).ack().wait(350).client_data(9).server_rst(); }},
        {"a full queue that says so", {"listen_overflow"}, [](C& c) { c.connected().client_data(9).server_rst(); }},
        {"a full queue that keeps answering",
         {"listen_overflow"},
         [](C& c) {
             c.connected();
             for (const double pause : {1.0, 2.0, 4.0}) c.wait(pause).syn_ack_again().ack();
         }},
        {"a client that restarts on the same port",
         {"client_restarted", "open"},
         [](C& c) {
             c.connected().client_data(9).server_data(9).ack().wait(9);
             const std::uint32_t known = c.client_next();
             c.new_syn(900000).with_ack(known).server_ack().with_sequence(known).client_rst();
             c.wait(1).syn_again().server_isn(700000).syn_ack().ack().client_data(9).server_data(9).ack();
         }},
        {"closed", {"closed"}, [](C& c) { c.connected().client_data(37).server_data(200).ack().closed(); }},
        {"closed without data", {"closed"}, [](C& c) { c.connected().closed(); }},
        {"open", {"open"}, [](C& c) { c.connected().client_data(37).server_data(200).ack(); }},
        {"open and idle",
         {"open"},
         [](C& c) { c.connected().client_data(5).server_data(5).ack().wait(90).client_keepalive().server_ack(); }},
        {"begun before the capture",
         {"midstream"},
         [](C& c) { c.with_ack(6000).client_data(5).with_ack(1005).server_data(9); }},
        {"begun before the capture and reset",
         {"unsolicited"},
         [](C& c) { c.client_data(5).server_data(9).ack().client_rst(); }},
        {"backscatter", {"unsolicited"}, [](C& c) { c.with_ack(31337).syn_ack(); }},
        {"a RST that nobody asked for",  // though the other direction can be seen
         {"closed", "unsolicited"},
         [](C& c) { c.connected().client_data(5).server_data(5).closed().wait(70).with_ack(31337).server_rst_ack(); }},
        {"a bare ACK that is reset",
         {"unsolicited"},
         [](C& c) { c.with_ack(31337).segment(client, flag::ack).with_sequence(31337).server_rst(); }},
        {"an XMAS probe",
         {"unsolicited"},
         [](C& c) { c.segment(client, flag::fin | flag::psh | flag::urg).server_rst_ack(); }},
        {"not answered yet", {"undetermined"}, [](C& c) { c.syn().wait(1).syn_again(); }, {}, true},
        {"not acknowledged yet", {"undetermined"}, [](C& c) { c.syn().syn_ack().wait(1).syn_ack_again(); }, {}, true},
    };
}

Conversation conversation(std::size_t number, Wrapping wrapping, std::int64_t start_us) {
    const std::string n = std::to_string(number);
    const auto from = static_cast<std::uint16_t>(40000 + number);
    const auto to = static_cast<std::uint16_t>(port_of(number));
    if (wrapping == Wrapping::ipv6)
        return {Endpoint("2001:db8:1::" + n, from), Endpoint("2001:db8:2::" + n, to), start_us};
    return {Endpoint("10.1.0." + n, from), Endpoint("10.2.0." + n, to), start_us};
}

}  // namespace

const std::vector<Life>& all_lives() {
    static const std::vector<Life> lives = make_lives();
    return lives;
}

int port_of(std::size_t number) {
    return static_cast<int>(1000 + number);
}

std::vector<TimedFrame> frames_of(const Life& life, std::size_t number, Wrapping wrapping, LinkType link,
                                  std::int64_t start_us) {
    Conversation c = conversation(number, wrapping, start_us);
    c.link(link);
    if (wrapping == Wrapping::vlan) c.vlan(42);
    if (wrapping == Wrapping::qinq) c.encapsulated([](PacketBuilder& packet) { packet.qinq(100, 7); });
    const auto& live = wrapping == Wrapping::ipv6 && life.live_v6 ? life.live_v6 : life.live;
    live(c);
    return c.frames();
}

std::vector<TimedFrame> all_frames(Wrapping wrapping, LinkType link) {
    constexpr std::int64_t long_enough_us = 400'000'000;
    std::vector<std::vector<TimedFrame>> captures;
    for (std::size_t i = 0; i < all_lives().size(); ++i) {
        const std::int64_t start = default_start_us + (all_lives()[i].at_the_end ? long_enough_us : 0);
        captures.push_back(frames_of(all_lives()[i], i + 1, wrapping, link, start));
    }
    return merged(captures);
}

std::vector<TimedFrame> mixed_frames(std::size_t packets) {
    std::mt19937 random(20231114);
    const auto below = [&](std::uint32_t limit) { return random() % limit; };
    std::vector<std::vector<TimedFrame>> captures;
    std::size_t total = 0;
    for (std::uint32_t number = 0; total < packets; ++number) {
        const std::int64_t start = default_start_us + below(120'000'000);
        const std::string client_host = std::to_string(below(40)), server_host = std::to_string(below(60));
        const auto from = static_cast<std::uint16_t>(1024 + number),
                   to = static_cast<std::uint16_t>(below(8) * 100 + 22);
        const bool ipv6 = below(4) == 0;
        Conversation c =
            ipv6 ? Conversation(Endpoint("2001:db8:3::" + client_host, from),
                                Endpoint("2001:db8:4::" + server_host, to), start)
                 : Conversation(Endpoint("10.3.0." + client_host, from), Endpoint("10.4.0." + server_host, to), start);
        if (below(5) == 0) c.vlan(static_cast<std::uint16_t>(1 + below(4000)));
        c.client_isn(random()).server_isn(random()).step_us(1 + below(200'000));
        const Life& life = all_lives()[below(static_cast<std::uint32_t>(all_lives().size()))];
        (ipv6 && life.live_v6 ? life.live_v6 : life.live)(c);
        if (below(10) == 0) {
            const auto datagram =
                PacketBuilder().ethernet().ipv4("10.3.0.1", "10.4.0.1").udp(5000, 53).payload_of(3000);
            for (const Bytes& fragment : datagram.build_fragments(1480, number))
                captures.push_back({{start, fragment, 0}});
            captures.push_back({{start + 1, PacketBuilder().ethernet().arp("10.3.0.1", "10.3.0.2").build(), 0}});
            const auto lying = PacketBuilder().ethernet().ipv4("10.3.0.1", "10.4.0.1").tcp(1, 2).syn().total_length(10);
            captures.push_back({{start + 2, lying.build(), 0}});
            total += 5;
        }
        total += c.frames().size();
        captures.push_back(c.frames());
    }
    std::vector<TimedFrame> frames = merged(captures);
    frames.resize(packets);
    return frames;
}

std::multimap<int, std::string> all_outcomes_by_port() {
    std::multimap<int, std::string> outcomes;
    for (std::size_t i = 0; i < all_lives().size(); ++i)
        for (const std::string& outcome : all_lives()[i].outcomes) outcomes.emplace(port_of(i + 1), outcome);
    return outcomes;
}

}  // namespace rstwatch::test
