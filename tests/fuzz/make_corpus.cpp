// SPDX-License-Identifier: Apache-2.0
// Writes a few inputs of each kind for the fuzzers to start from: make_corpus TARGET DIRECTORY
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include "tests/support/capture_writer.h"
#include "tests/support/conversation.h"

namespace {

using namespace rstwatch::test;

class Corpus {
  public:
    explicit Corpus(std::filesystem::path directory) : directory_(std::move(directory)) {
        std::filesystem::create_directories(directory_);
    }
    void add(const Bytes& bytes) { write_file((directory_ / std::to_string(number_++)).string(), bytes); }

  private:
    std::filesystem::path directory_;
    int number_ = 0;
};

Conversation& lived(Conversation& c) {
    return c.connected().client_data(20).server_data(30).closed();
}

std::vector<TimedFrame> conversation(bool ipv6, LinkType link) {
    Conversation c =
        ipv6 ? Conversation("[2001:db8::2]:40000", "[2001:db8::1]:80") : Conversation("10.0.0.2:40000", "10.0.0.1:80");
    c.link(link).syn().icmp_error(ipv6 ? 1 : 3, 1).new_syn(9000);
    return lived(c).frames();
}

void add_frames(Corpus& corpus) {
    constexpr LinkType links[] = {LinkType::ethernet, LinkType::linux_sll, LinkType::linux_sll2,
                                  LinkType::raw_ip,   LinkType::null,      LinkType::loop};
    const auto add = [&](std::size_t link, Bytes frame) {
        frame.insert(frame.begin(), static_cast<std::uint8_t>(link));
        corpus.add(frame);
    };
    for (std::size_t link = 0; link < std::size(links); ++link)
        for (const bool ipv6 : {false, true})
            for (const TimedFrame& frame : conversation(ipv6, links[link])) add(link, frame.bytes);
    const auto inner = [](PacketBuilder packet) {
        return packet.ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).syn().mss(1460).timestamps(1, 2).build();
    };
    const auto outer = [] { return PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2"); };
    add(0, inner(PacketBuilder().ethernet().vlan(7)));
    add(0, inner(PacketBuilder().ethernet().qinq(7, 8)));
    add(0, inner(PacketBuilder().ethernet().mpls(7)));
    add(0, inner(outer().gre(42)));
    add(0, inner(outer().erspan(3).ethernet()));
    add(0, inner(outer().udp(1, 4789).vxlan(5).ethernet()));
    add(0, inner(outer().udp(1, 6081).geneve(5).ethernet()));
    add(0, inner(outer().udp(1, 2152).gtp_u(5)));
    add(0, PacketBuilder()
               .ethernet()
               .ipv6("2001:db8::1", "2001:db8::2")
               .hop_by_hop(2)
               .routing()
               .destination_options(1)
               .authentication_header()
               .fragment_header(0, true)
               .tcp(1, 2)
               .syn()
               .build());
    add(0, PacketBuilder().ethernet().arp("10.0.0.1", "10.0.0.2").build());
}

/// The bytes that segments_fuzz reads: pause, who, flags, numbers, size.
void add_segments(Corpus& corpus) {
    constexpr std::uint8_t from_client = 1, from_server = 0;
    constexpr std::uint8_t syn = 0x02, syn_ack = 0x12, ack = 0x10, rst = 0x04, rst_ack = 0x14, fin_ack = 0x11;
    const auto segment = [](std::uint8_t who, std::uint8_t flags, std::uint8_t seq, std::uint8_t acked,
                            std::uint8_t size = 0) { return Bytes{1, who, flags, seq, acked, size}; };
    const auto joined = [](std::initializer_list<Bytes> parts) {
        Bytes all;
        for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
        return all;
    };
    const Bytes open =
        joined({segment(from_client, syn, 1, 0), segment(from_server, syn_ack, 3, 2), segment(from_client, ack, 2, 4)});
    corpus.add(joined({segment(from_client, syn, 1, 0), segment(from_server, rst_ack, 0, 2)}));
    corpus.add(joined({segment(from_client, syn, 1, 0), {0xfe, from_client, syn, 1, 0, 0}, {0xff}}));
    corpus.add(joined({open, segment(from_client, ack, 2, 4, 9), segment(from_server, rst_ack, 4, 10)}));
    corpus.add(joined({open, segment(from_client, fin_ack, 2, 4), segment(from_server, fin_ack, 4, 10)}));
    corpus.add(joined({open, segment(from_client, rst, 2, 0), segment(from_client, syn, 9, 0)}));
    corpus.add(joined({segment(from_client, syn, 1, 0), {1, from_client, 0x3f, 1, 3}}));
    corpus.add(joined({segment(from_server, syn_ack, 3, 2), segment(from_client, syn, 1, 0)}));
    corpus.add(joined({segment(from_client, ack, 2, 4, 9), segment(from_server, rst, 4, 0)}));
    Bytes flood;
    for (int who = 0; who < 256; ++who)
        for (const std::uint8_t byte : segment(static_cast<std::uint8_t>(who), syn, 1, 0)) flood.push_back(byte);
    corpus.add(flood);
}

void add_captures(Corpus& corpus) {
    CaptureOptions options;
    for (const bool ipv6 : {false, true}) {
        for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
            for (const auto order : {ByteOrder::little, ByteOrder::big}) {
                options.format = format;
                options.order = order;
                options.resolution = ipv6 ? TimeResolution::nanoseconds : TimeResolution::microseconds;
                corpus.add(encode_capture(conversation(ipv6, LinkType::ethernet), options));
            }
        }
    }
    options.gzip = true;
    corpus.add(encode_capture(conversation(false, LinkType::ethernet), options));
    for (const LinkType link : {LinkType::linux_sll, LinkType::linux_sll2, LinkType::raw_ip, LinkType::null}) {
        CaptureOptions other;
        other.link = link;
        corpus.add(encode_capture(conversation(false, link), other));
    }
}

void add_settings(Corpus& corpus) {
    for (const std::string text : {"[rx]\nburst = 32\nqueues = 2\n", "rx.queues=2", "[[port]]\ncapture = \"a.pcap\"\n",
                                   "[http]\nlisten = \"127.0.0.1:8074\"\n[deadline]\nprovisional = 3.5\n"})
        corpus.add(Bytes(text.begin(), text.end()));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: make_corpus parser|segments|capture|config DIRECTORY\n", stderr);
        return 2;
    }
    const std::string target = argv[1];
    Corpus corpus(argv[2]);
    if (target == "parser") add_frames(corpus);
    if (target == "segments") add_segments(corpus);
    if (target == "capture") add_captures(corpus);
    if (target == "config") add_settings(corpus);
    return 0;
}
