// SPDX-License-Identifier: Apache-2.0
// Bytes as a capture file: opened, examined and fed on as the daemon does it, each packet parsed. The first byte says
// how the file comes: as it is, gzipped, gzipped and cut off, or through a pipe.
#include <pcap/pcap.h>
#include <unistd.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/packet/packet_view.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/tunnel_ports.h"
#include "dataplane/port/capture_file.h"
#include "dataplane/port/capture_stream.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/require.h"

namespace port = rstwatch::port;
namespace packet = rstwatch::packet;

namespace {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

enum class Way : std::uint8_t { plain, gzipped, cut_off, piped };
constexpr std::uint8_t ways = 4;

void append_little_endian(Bytes& bytes, std::uint32_t value, int length) {
    for (int i = 0; i < length; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A gzip file with its data as they are (RFC 1952, RFC 1951 section 3.2.4): what is spoiled in them is then what the
/// reader behind the decompression meets.
Bytes gzipped(View data) {
    Bytes file{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1};
    append_little_endian(file, static_cast<std::uint32_t>(data.size()), 2);
    append_little_endian(file, ~static_cast<std::uint32_t>(data.size()), 2);
    file.insert(file.end(), data.begin(), data.end());
    append_little_endian(file, static_cast<std::uint32_t>(crc32(0, data.data(), static_cast<uInt>(data.size()))), 4);
    append_little_endian(file, static_cast<std::uint32_t>(data.size()), 4);
    return file;
}

void parse_copy(packet::LinkType link, View bytes) {
    static const packet::TunnelPorts tunnels = packet::TunnelPorts::standard();
    const std::size_t size = bytes.size();
    // A copy of exactly this size, so that the sanitizer sees a read behind its end.
    const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[size]);
    if (size != 0) std::memcpy(copy.get(), bytes.data(), size);
    packet::PacketView view;
    packet::parse({link, copy.get(), size, size, packet::unknown_length}, tunnels, view);
    require(static_cast<std::size_t>(view.packet_class) < rstwatch::tally::packet_class_count);
}

/// Reads what open_capture() has accepted. True if it was read to its end.
bool read_packets(View file, packet::LinkType link, std::uint64_t& packets) {
    char words[PCAP_ERRBUF_SIZE] = "";
    std::FILE* stream = fmemopen(const_cast<std::uint8_t*>(file.data()), file.size(), "rb");
    pcap_t* capture = pcap_fopen_offline(stream, words);
    require(capture != nullptr);
    pcap_pkthdr* header = nullptr;
    const unsigned char* data = nullptr;
    int result = 0;
    for (packets = 0; (result = pcap_next_ex(capture, &header, &data)) == 1; ++packets)
        parse_copy(link, {data, header->caplen});
    pcap_close(capture);
    return result == PCAP_ERROR_BREAK;
}

/// What net_pcap is given (port/capture_reading.cpp) is what libpcap alone reads.
void require_equal_reading(const std::string& path) {
    char our_words[PCAP_ERRBUF_SIZE] = "", their_words[PCAP_ERRBUF_SIZE] = "";
    pcap_t* ours = pcap_open_offline(path.c_str(), our_words);
    pcap_t* theirs = pcap_fopen_offline(std::fopen(path.c_str(), "rb"), their_words);
    require(ours != nullptr && theirs != nullptr);
    pcap_pkthdr *our_header = nullptr, *their_header = nullptr;
    const unsigned char *our_data = nullptr, *their_data = nullptr;
    int result = 1;
    while (result == 1) {
        result = pcap_next_ex(ours, &our_header, &our_data);
        require(pcap_next_ex(theirs, &their_header, &their_data) == result);
        if (result != 1) break;
        require(our_header->caplen == their_header->caplen && our_header->len == their_header->len);
        require(our_header->ts.tv_sec == their_header->ts.tv_sec && our_header->ts.tv_usec == their_header->ts.tv_usec);
        require(std::memcmp(our_data, their_data, our_header->caplen) == 0);
    }
    require(std::strcmp(pcap_geterr(ours), pcap_geterr(theirs)) == 0);
    pcap_close(ours);
    pcap_close(theirs);
}

void require_helpful(const port::Failure& failed, const std::string& path, const port::CaptureFile& file) {
    require(failed.message().starts_with(path + ": "));
    require(failed.message().find("; ") != std::string::npos);
    require(file.descriptor < 0 && file.decompressor == nullptr);
}

void read_file(const std::string& path, port::CaptureFile& file, View bytes) {
    require(file.size == bytes.size() && file.prefix.empty() && file.decompressor == nullptr);
    std::uint64_t packets = 0;
    const bool whole = read_packets(bytes, file.link, packets);
    const std::string damage = port::describe_damage(path);
    require(damage.empty() == whole);
    require(whole || damage.ends_with(", after " + std::to_string(packets) + " packets)"));
    require_equal_reading(path);
    close(file.descriptor);
}

/// What comes out of the stream's pipe.
Bytes drain(int descriptor) {
    Bytes all;
    std::uint8_t block[4096];
    for (ssize_t got = 0; (got = read(descriptor, block, sizeof block)) > 0;) all.insert(all.end(), block, block + got);
    return all;
}

/// `original`: what the stream must deliver if it has no error, and the beginning of it if it has; empty if unknown.
void feed_on(port::CaptureFile& file, View original) {
    const packet::LinkType link = file.link;
    std::unique_ptr<port::CaptureStream> stream;
    require(!port::CaptureStream::start(file, stream));
    const Bytes delivered = drain(stream->descriptor());
    const bool whole = stream->error().empty();
    if (!original.empty()) {
        require(delivered.size() <= original.size());
        require(std::memcmp(delivered.data(), original.data(), delivered.size()) == 0);
        require(!whole || delivered.size() == original.size());
    }
    std::uint64_t packets = 0;
    (void)read_packets(delivered, link, packets);
}

/// Feeding on takes a thread, and a hundred times as long as all the rest: some inputs do.
bool is_fed_on(View bytes) {
    return crc32(0, bytes.data(), static_cast<uInt>(bytes.size())) % 64 == 0;
}

void read_stream(port::CaptureFile& file, View bytes, View original) {
    require(!file.prefix.empty());
    if (is_fed_on(bytes)) return feed_on(file, original);
    gzclose_r(static_cast<gzFile>(file.decompressor));
    close(file.descriptor);
}

void examine(const std::string& path, View bytes, View original) {
    port::CaptureFile file;
    if (const port::Failure failed = port::open_capture(path, file)) {
        require_helpful(failed, path, file);
    } else if (file.is_stream) {
        read_stream(file, bytes, original);
    } else {
        read_file(path, file, bytes);
    }
}

void examine_file(View bytes, View original) {
    set_memory_file(bytes);
    examine(memory_path, bytes, original);
    require(open_memory_descriptors() == 0);
}

void examine_pipe(View bytes) {
    int ends[2];
    require(pipe(ends) == 0);
    require(write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    close(ends[1]);
    const bool compressed = bytes.size() > 1 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    examine("/proc/self/fd/" + std::to_string(ends[0]), bytes, compressed ? View() : bytes);
    close(ends[0]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t largest = 0xffff;  // of one stored block, and less than a pipe holds
    if (size == 0 || size > largest) return 0;
    const View bytes(data + 1, size - 1);
    const auto way = static_cast<Way>(data[0] % ways);
    if (way == Way::piped) {
        examine_pipe(bytes);
    } else if (way == Way::plain) {
        examine_file(bytes, {});
    } else {
        Bytes file = gzipped(bytes);
        if (way == Way::cut_off) file.resize(file.size() - (data[0] / ways) % (file.size() + 1));
        examine_file(file, bytes);
    }
    return 0;
}
