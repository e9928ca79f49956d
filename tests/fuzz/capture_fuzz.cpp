// SPDX-License-Identifier: Apache-2.0
// Bytes as a capture file: opened as the daemon opens it, read by libpcap, each packet parsed.
#include <pcap/pcap.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "dataplane/packet/packet_view.h"
#include "dataplane/port/capture_file.h"

namespace port = rstwatch::port;
namespace packet = rstwatch::packet;

namespace {

void require(bool truth) {
    if (!truth) std::abort();
}

void parse_copy(packet::LinkType link, const std::uint8_t* data, std::size_t size) {
    const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[size]);
    if (size != 0) std::memcpy(copy.get(), data, size);
    packet::PacketView view;
    packet::parse(link, copy.get(), size, size, view);
    require(static_cast<std::size_t>(view.packet_class) < rstwatch::tally::packet_class_count);
}

void read_all(pcap_t* capture, packet::LinkType link) {
    pcap_pkthdr* header = nullptr;
    const unsigned char* data = nullptr;
    while (pcap_next_ex(capture, &header, &data) == 1) parse_copy(link, data, header->caplen);
    pcap_close(capture);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int memory = memfd_create("capture", MFD_CLOEXEC);
    require(memory >= 0 && write(memory, data, size) == static_cast<ssize_t>(size));
    const std::string path = "/proc/self/fd/" + std::to_string(memory);

    port::CaptureFile file;
    if (const port::Failure failed = port::open_capture(path, file)) {
        require(failed.message().find(path) != std::string::npos);
        require(failed.message().find("; ") != std::string::npos);
        require(file.descriptor < 0 && file.decompressor == nullptr);
        close(memory);
        return 0;
    }
    char words[PCAP_ERRBUF_SIZE] = "";
    if (file.is_stream) {
        require(!file.prefix.empty());
        std::FILE* stream = fmemopen(file.prefix.data(), file.prefix.size(), "rb");
        pcap_t* capture = pcap_fopen_offline(stream, words);
        require(capture != nullptr);
        read_all(capture, file.link);
        gzclose_r(static_cast<gzFile>(file.decompressor));
    } else {
        (void)port::describe_damage(path);
        pcap_t* capture = pcap_open_offline(path.c_str(), words);
        if (capture != nullptr) read_all(capture, file.link);
    }
    close(file.descriptor);
    close(memory);
    return 0;
}
