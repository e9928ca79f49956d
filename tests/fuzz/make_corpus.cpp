// SPDX-License-Identifier: Apache-2.0
// Writes a few inputs of each kind for the fuzzers to start from: make_corpus TARGET DIRECTORY
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include "config/schema.h"
#include "config/value.h"
#include "tests/support/capture_writer.h"
#include "tests/support/conversation.h"
#include "tests/support/encapsulations.h"
#include "tests/unit/identify_examples.h"

namespace {

using namespace rstwatch::test;

/// In the order of the parser's own enumeration.
constexpr LinkType all_links[] = {LinkType::ethernet,  LinkType::linux_sll, LinkType::linux_sll2, LinkType::raw_ip,
                                  LinkType::null,      LinkType::loop,      LinkType::ppp,        LinkType::ppp_serial,
                                  LinkType::ppp_ether, LinkType::cisco_hdlc};

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
    const auto add_all = [&](std::size_t link, const std::vector<Bytes>& frames) {
        Bytes input{static_cast<std::uint8_t>(link)};
        for (const Bytes& frame : frames) {
            input.push_back(static_cast<std::uint8_t>(0x80 | frame.size() >> 8));
            input.push_back(static_cast<std::uint8_t>(frame.size()));
            input.insert(input.end(), frame.begin(), frame.end());
        }
        corpus.add(input);
    };
    const auto add = [&](std::size_t link, const Bytes& frame) { add_all(link, {frame}); };
    for (std::size_t link = 0; link < std::size(all_links); ++link)
        for (const bool ipv6 : {false, true})
            for (const TimedFrame& frame : conversation(ipv6, all_links[link])) add(link, frame.bytes);
    const auto inner = [](PacketBuilder packet) {
        return packet.ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).syn().mss(1460).timestamps(1, 2).build();
    };
    for (const Encapsulation& how : all_encapsulations()) {
        PacketBuilder packet = PacketBuilder().ethernet();
        how.add_headers(packet);
        if (how.ipv6) add(0, PacketBuilder(packet).ipv6("2001:db8::1", "2001:db8::2").tcp(40000, 80).rst().build());
        if (how.ipv4) add(0, inner(packet));
        packet = how.ipv4 ? packet.ipv4("10.0.0.1", "10.0.0.2") : packet.ipv6("2001:db8::1", "2001:db8::2");
        add_all(0, packet.tcp(40000, 80).syn().payload_of(60).build_fragments(32));
    }
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

Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

/// What the fuzzers of connections read begins with a byte of settings.
void add_life(Corpus& corpus, std::initializer_list<Bytes> parts) {
    Bytes all = joined(parts);
    all.insert(all.begin(), 0);
    corpus.add(all);
}

constexpr std::uint8_t syn = 0x02, syn_ack = 0x12, ack = 0x10, rst = 0x04, rst_ack = 0x14, fin_ack = 0x11;

/// As segments_fuzz reads them: pause, flags and who, sequence number, acknowledgement, length and window.
void add_segments(Corpus& corpus) {
    constexpr std::uint8_t server = 0x40, icmp = 0x80 | 3, second = 6, gap = 8, due = 14, data = 5, closed_window = 8;
    constexpr std::uint8_t isn = 8 << 3 | 1, next = 8 << 3 | 2, isn_plus_1 = 9 << 3 | 1, zero = 0, other = 25 << 3 | 7;
    const auto of_server = [](std::uint8_t flags) { return static_cast<std::uint8_t>(flags | server); };
    const Bytes open = {1, syn, other, zero, 0, 1, of_server(syn_ack), other, isn_plus_1, 0, 1, ack, next, next, 0};
    const Bytes request = {1, ack, next, next, data}, answer = {1, of_server(ack), next, next, data};
    const Bytes refusal = {1, of_server(rst_ack), zero, isn_plus_1, 0}, silence = {due, ack, zero, zero, 0};
    add_life(corpus, {{1, syn, other, zero, 0}, refusal});
    add_life(corpus, {{1, syn, other, zero, 0}, {second, syn, isn, zero, 0}, silence, silence, silence});
    add_life(corpus, {{1, syn, other, zero, 0}, {1, icmp, isn}, silence});
    add_life(corpus, {open, request, answer, {1, fin_ack, next, next, 0}, {1, of_server(fin_ack), next, next, 0}});
    add_life(corpus, {open, request, {1, of_server(rst_ack), next, next, 0}, silence});
    add_life(corpus, {open, {1, rst, next, zero, 0}, {1, syn, other, zero, 0}, refusal});
    const Bytes full{1, of_server(ack), next, next, closed_window}, keepalive{gap, ack, 7 << 3 | 2, next, 0};
    add_life(corpus, {open, full, keepalive, keepalive, silence});
    add_life(corpus, {{1, of_server(syn_ack), other, other, 0}, {1, syn, 7 << 3 | 3, zero, 0}, silence});
    add_life(corpus, {request, answer, {1, rst, next, zero, 0}});
}

/// As tracker_fuzz reads them: pause, who, flags, sequence number, acknowledgement, and the rest.
void add_traffic(Corpus& corpus) {
    constexpr std::uint8_t from_client = 1, from_server = 0, icmp = 0x3f, days = 0xff, seconds = 0xfe, flood = 0xff;
    constexpr std::uint8_t psh_ack = 0x18;
    const auto segment = [](std::uint8_t who, std::uint8_t flags, std::uint8_t seq, std::uint8_t acked,
                            std::uint8_t rest = 0) { return Bytes{4, who, flags, seq, acked, rest}; };
    const Bytes open =
        joined({segment(from_client, syn, 1, 0), segment(from_server, syn_ack, 3, 2), segment(from_client, ack, 2, 4)});
    const Bytes later{days, from_client, ack, 2, 4, 0};
    add_life(corpus, {segment(from_client, syn, 1, 0), segment(from_server, rst_ack, 0, 2)});
    add_life(corpus, {segment(from_client, syn, 1, 0), later, segment(from_client, syn, 1, 0), later});
    add_life(corpus, {open, segment(from_client, ack, 2, 4, 9), segment(from_server, rst_ack, 4, 10)});
    add_life(corpus, {open, segment(from_client, fin_ack, 2, 4), segment(from_server, fin_ack, 4, 10)});
    add_life(corpus, {open, segment(from_client, rst, 2, 0), segment(from_client, syn, 9, 0)});
    add_life(corpus, {segment(from_client, syn, 1, 0), {4, from_client, icmp, 1, 3, 0}});
    add_life(corpus, {segment(from_server, syn_ack, 3, 2), segment(from_client, syn, 1, 0)});
    add_life(corpus, {segment(from_client, ack, 2, 4, 9), segment(from_server, rst, 4, 0), later});
    add_life(corpus, {segment(from_client, syn, 1, 0, flood), segment(from_client, syn, 3, 0, flood), later});
    // What was unanswered goes on after all: a bank ends between its withdrawal and its opening.
    const Bytes data_later{seconds, from_client, psh_ack, 2, 4, flood};
    add_life(corpus, {segment(from_client, syn, 1, 0, flood), data_later});
}

/// The first byte says how capture_fuzz gets the file: as it is, gzipped, gzipped and cut off, through a pipe.
void add_capture(Corpus& corpus, const std::vector<TimedFrame>& frames, const CaptureOptions& options,
                 std::uint8_t way = 0) {
    Bytes file = encode_capture(frames, options);
    file.insert(file.begin(), way);
    corpus.add(file);
}

std::vector<TimedFrame> first_of(std::vector<TimedFrame> frames, std::size_t count) {
    frames.resize(std::min(frames.size(), count));
    return frames;
}

/// Short ones, in which a change is likely to hit what a reader looks at.
void add_captures(Corpus& corpus) {
    CaptureOptions options;
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng}) {
        for (const auto order : {ByteOrder::little, ByteOrder::big}) {
            for (const auto resolution : {TimeResolution::microseconds, TimeResolution::nanoseconds}) {
                options.format = format;
                options.order = order;
                options.resolution = resolution;
                for (const std::uint8_t way : {0, 1, 2 + 4 * 20, 3})
                    add_capture(corpus, first_of(conversation(false, LinkType::ethernet), 2), options, way);
            }
        }
    }
    CaptureOptions compressed;
    compressed.gzip = true;
    add_capture(corpus, conversation(false, LinkType::ethernet), compressed);
    for (const LinkType link : all_links) {
        CaptureOptions other;
        other.link = link;
        add_capture(corpus, first_of(conversation(true, link), 2), other);
    }
}

/// A segment in each encapsulation, in a capture of its own.
void add_tunnels(Corpus& corpus) {
    for (const Encapsulation& how : all_encapsulations()) {
        PacketBuilder packet = PacketBuilder().ethernet();
        how.add_headers(packet);
        packet = how.ipv4 ? packet.ipv4("10.0.0.1", "10.0.0.2") : packet.ipv6("2001:db8::1", "2001:db8::2");
        add_capture(corpus, {{default_start_us, packet.tcp(40000, 80).syn().build(), 0}}, {});
    }
}

void add_text(Corpus& corpus, const std::string& text) {
    corpus.add(Bytes(text.begin(), text.end()));
}

/// Each setting in a file and on the command line, which stands behind the record separator.
void add_settings(Corpus& corpus) {
    namespace config = rstwatch::config;
    for (const config::Setting& setting : config::all_settings()) {
        const std::string name(setting.name), key(setting.key()), section(setting.section());
        const std::string value = config::literal(config::value_of({}, setting));
        add_text(corpus, '[' + section + "]\n" + key + " = " + value + '\n');
        add_text(corpus, '\x1e' + name + '=' + value);
    }
    for (const config::PortMember& member : config::port_members())
        add_text(corpus, "[[port]]\n" + std::string(member.name) + " = \"" + std::string(member.example) + "\"\n");
}

/// What TOML allows, and the slips that have messages of their own.
void add_texts(Corpus& corpus) {
    for (const char* text : {"rx = { queues = 0x10, burst = 7 }\n",
                             "rx.idle = 'poll' # so\n",
                             "a = \"\"\"x\ny\"\"\"\n",
                             "d = 1979-05-27T07:32:00Z\n",
                             "port = [ { pci = \"0000:3b:00.0\" } ]\n",
                             "deadline.stall = 1e-1\n",
                             "\xef\xbb\xbf[rx]\r\nburst = 1_0\r\n",
                             "rx.burst = 3\nrx.burst = 4\n",
                             "[rx]\n[rx]\n",
                             "[rx\nburst = 99\n",
                             "rx.idle = poll\n",
                             "[rx]\nqueues 3\n",
                             "[[port]]\n[[port]]\nvdev = \"x\"\n",
                             "rx.bursst = 3\n",
                             "[rex]\nburst = 99\n",
                             "x = [1,\n 2\nrx.burst = 3\n",
                             "a.b.c.d = 1\n",
                             "\xff\n",
                             "\"\\u0001\" = 2\n",
                             "[rx]\nburst = 3\n\x1erx.burst = 4"})
        add_text(corpus, text);
}

void add_payloads(Corpus& corpus) {
    for (const auto& example : rstwatch::identify::test::examples()) {
        add_text(corpus, example.client);
        add_text(corpus, example.server);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: make_corpus parser|segments|tracker|capture|identify|config DIRECTORY\n", stderr);
        return 2;
    }
    const std::string target = argv[1];
    Corpus corpus(argv[2]);
    if (target == "parser") add_frames(corpus);
    if (target == "segments") add_segments(corpus);
    if (target == "tracker") add_traffic(corpus);
    if (target == "capture") add_captures(corpus);
    if (target == "capture") add_tunnels(corpus);
    if (target == "identify") add_payloads(corpus);
    if (target == "config") add_settings(corpus);
    if (target == "config") add_texts(corpus);
    return 0;
}
