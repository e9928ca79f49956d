// SPDX-License-Identifier: Apache-2.0
// A million spoilt inputs through reader and parser, in buffers of exactly their size.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/tunnel_ports.h"
#include "dataplane/port/capture_file.h"
#include "tests/replay/lives.h"
#include "tests/replay/replay.h"
#include "tests/support/encapsulations.h"
#include "tests/support/mutator.h"

namespace rstwatch::test {
namespace {

constexpr packet::LinkType link_types[] = {packet::LinkType::ethernet,      packet::LinkType::linux_sll,
                                           packet::LinkType::linux_sll2,    packet::LinkType::raw_ip,
                                           packet::LinkType::null_loopback, packet::LinkType::loop};

/// Parses a copy that ends where the packet does, so that a sanitizer sees a read behind its end.
packet::PacketView parse_copy(packet::LinkType link, const std::uint8_t* data, std::size_t size) {
    const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[size]);
    if (size > 0) std::memcpy(copy.get(), data, size);
    packet::PacketView view;
    packet::parse({link, copy.get(), size, size, packet::unknown_length}, packet::TunnelPorts::standard(), view);
    return view;
}

/// What holds of any view, whatever the bytes were.
bool makes_sense(const packet::PacketView& view) {
    using tally::PacketClass;
    if (static_cast<std::size_t>(view.packet_class) >= tally::packet_class_count) return false;
    const bool may_be_tracked = view.packet_class == PacketClass::tcp || view.packet_class == PacketClass::icmp_error;
    return !view.trackable || may_be_tracked;
}

std::vector<Bytes> frames_to_spoil() {
    std::vector<Bytes> frames;
    for (const TimedFrame& frame : mixed_frames(300)) frames.push_back(frame.bytes);
    const auto inner = [](PacketBuilder packet) {
        return packet.ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80).syn().mss(1460).timestamps(1, 2).build();
    };
    for (const Encapsulation& how : all_encapsulations()) {
        PacketBuilder packet = PacketBuilder().ethernet();
        how.add_headers(packet);
        if (how.ipv4) frames.push_back(inner(packet));
    }
    frames.push_back(PacketBuilder()
                         .ethernet()
                         .ipv6("2001:db8::1", "2001:db8::2")
                         .hop_by_hop(2)
                         .routing()
                         .destination_options(1)
                         .authentication_header()
                         .tcp(1, 2)
                         .syn()
                         .build());
    for (const LinkType link :
         {LinkType::linux_sll, LinkType::linux_sll2, LinkType::raw_ip, LinkType::null, LinkType::loop})
        frames.push_back(inner(PacketBuilder().link(link)));
    return frames;
}

TEST(MutatedPackets, AMillionThroughTheParser) {
    const std::vector<Bytes> originals = frames_to_spoil();
    Mutator mutator(99);
    std::array<std::uint64_t, tally::packet_class_count> classes{};
    for (std::size_t i = 0; i < 980'000; ++i) {
        const Bytes& original = originals[i % originals.size()];
        const Bytes bytes = mutator.mutate(original, originals[(i * 31) % originals.size()]);
        const packet::PacketView view =
            parse_copy(link_types[i / 7 % std::size(link_types)], bytes.data(), bytes.size());
        if (!makes_sense(view)) FAIL() << "input " << i;
        ++classes[static_cast<std::size_t>(view.packet_class)];
    }
    for (std::size_t i = 0; i < classes.size(); ++i) EXPECT_GT(classes[i], 0u) << "class " << i << " was never tried";
}

/// A file without a place on disk.
class MemoryFile {
  public:
    explicit MemoryFile(const Bytes& bytes) : descriptor_(memfd_create("capture", MFD_CLOEXEC)) {
        if (write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { close(descriptor_); }
    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  private:
    int descriptor_;
};

/// Reads every packet as libpcap gives it, and parses it; returns their number.
std::size_t read_all(port::CaptureFile& file) {
    std::size_t packets = 0;
    char words[PCAP_ERRBUF_SIZE];
    pcap_t* capture = nullptr;
    if (file.is_stream) {  // small enough to have been read whole
        std::FILE* memory = fmemopen(file.prefix.data(), file.prefix.size(), "rb");
        capture = pcap_fopen_offline(memory, words);
        if (capture == nullptr) std::fclose(memory);
        gzclose_r(static_cast<gzFile>(file.decompressor));
        close(file.descriptor);
    } else {
        capture = pcap_open_offline(("/proc/self/fd/" + std::to_string(file.descriptor)).c_str(), words);
        close(file.descriptor);
    }
    if (capture == nullptr) return 0;
    pcap_pkthdr* header = nullptr;
    const unsigned char* data = nullptr;
    while (pcap_next_ex(capture, &header, &data) == 1) {
        EXPECT_TRUE(makes_sense(parse_copy(file.link, data, header->caplen)));
        ++packets;
    }
    pcap_close(capture);
    return packets;
}

TEST(MutatedPackets, TwentyThousandFilesThroughTheReader) {
    std::vector<Bytes> originals;
    const auto frames = mixed_frames(30);
    for (const auto format : {CaptureFormat::pcap, CaptureFormat::pcapng})
        for (const bool compressed : {false, true})
            originals.push_back(encode_capture(frames, {.format = format, .gzip = compressed}));
    Mutator mutator(7);
    std::size_t opened = 0, refused = 0, packets = 0;
    for (std::size_t i = 0; i < 20'000; ++i) {
        mutator.keep_prefix(i % 3 == 0 ? 0 : 28);
        const MemoryFile memory(mutator.mutate(originals[i % originals.size()]));
        port::CaptureFile file;
        if (const port::Failure failed = port::open_capture(memory.path(), file)) {
            EXPECT_NE(failed.message(), "");
            ++refused;
            continue;
        }
        ++opened;
        packets += read_all(file);
    }
    EXPECT_GT(opened, 5'000u);
    EXPECT_GT(refused, 500u);
    EXPECT_GT(packets, 20'000u);
    const auto used = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    EXPECT_LT(used, 30) << "descriptors are left open";
}

}  // namespace
}  // namespace rstwatch::test
