// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/capture_file.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace rstwatch::port {
namespace {

/// Enough for any file header, and for the section header and first interface description of a pcapng file.
constexpr std::size_t prefix_length = 65536;

struct PcapCloser {
    void operator()(pcap_t* capture) const { pcap_close(capture); }
};
using Pcap = std::unique_ptr<pcap_t, PcapCloser>;

Failure failure(const std::string& path, const std::string& what, const std::string& remedy) {
    return Failure((path == "-" ? std::string("standard input") : path) + ": " + what + "; " + remedy);
}

Failure open_descriptor(CaptureFile& file) {
    if (file.path == "-") {
        file.descriptor = dup(STDIN_FILENO);
    } else {
        file.descriptor = open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    }
    if (file.descriptor < 0)
        return failure(file.path, std::string("cannot be opened: ") + std::strerror(errno),
                       errno == ENOENT ? "check the name" : "check its permissions");
    struct stat status {};
    if (fstat(file.descriptor, &status) != 0)
        return failure(file.path, std::string("cannot be examined: ") + std::strerror(errno), "check the file system");
    if (S_ISDIR(status.st_mode)) return failure(file.path, "is a directory", "name the capture files in it");
    if (S_ISREG(status.st_mode)) {
        file.size = static_cast<std::uint64_t>(status.st_size);
    } else {
        file.is_stream = true;
    }
    return Failure();
}

/// Reads the first bytes through zlib, which passes data that is not compressed as it is.
Failure read_prefix(CaptureFile& file) {
    const int descriptor = dup(file.descriptor);
    gzFile stream = descriptor < 0 ? nullptr : gzdopen(descriptor, "rb");
    if (stream == nullptr) {
        if (descriptor >= 0) close(descriptor);
        return failure(file.path, "cannot be read: out of memory or descriptors", "free some");
    }
    file.decompressor = stream;
    file.prefix.resize(prefix_length);
    int length = gzread(stream, file.prefix.data(), prefix_length);
    if (length < 0) {
        int code = 0;
        const std::string words = gzerror(stream, &code);
        return failure(file.path, "cannot be read at byte " + std::to_string(gzoffset(stream)) + ": " + words,
                       "check that it was copied whole and is readable");
    }
    file.prefix.resize(static_cast<std::size_t>(length));
    if (length == 0) return failure(file.path, "is empty (0 bytes)", "capture with `tcpdump -w FILE`");
    if (gzdirect(stream) == 0) file.is_stream = true;
    return Failure();
}

Failure find_link_type(CaptureFile& file) {
    std::FILE* memory = fmemopen(file.prefix.data(), file.prefix.size(), "rb");
    if (memory == nullptr) return failure(file.path, "cannot be examined: out of memory", "free some");
    char words[PCAP_ERRBUF_SIZE] = "";
    const Pcap capture(pcap_fopen_offline(memory, words));
    if (!capture) {
        std::fclose(memory);
        return failure(file.path, std::string("is not a capture file (at byte 0): ") + words,
                       "give a pcap or pcapng file, gzipped or not");
    }
    const int dlt = pcap_datalink(capture.get());
    const std::optional<packet::LinkType> link = link_type_of_dlt(dlt);
    if (!link) {
        const char* name = pcap_datalink_val_to_name(dlt);
        const char* description = pcap_datalink_val_to_description(dlt);
        return failure(
            file.path,
            "has link type " + std::string(name ? name : std::to_string(dlt)) +
                (description ? " (" + std::string(description) + ")" : "") + ", which cannot be parsed",
            "supported are Ethernet, Linux cooked v1 and v2, raw IP, BSD loopback (NULL, LOOP), PPP and HDLC");
    }
    file.link = *link;
    return Failure();
}

void release(CaptureFile& file) {
    if (file.decompressor != nullptr) gzclose_r(static_cast<gzFile>(file.decompressor));
    file.decompressor = nullptr;
    if (file.descriptor >= 0) close(file.descriptor);
    file.descriptor = -1;
}

}  // namespace

Failure open_capture(const std::string& path, CaptureFile& file) {
    file = CaptureFile{};
    file.path = path;
    Failure failed = open_descriptor(file);
    if (!failed) failed = read_prefix(file);
    if (!failed) failed = find_link_type(file);
    if (failed) {
        release(file);
    } else if (!file.is_stream) {
        gzclose_r(static_cast<gzFile>(file.decompressor));
        file.decompressor = nullptr;
        file.prefix.clear();
    }
    return failed;
}

std::string describe_damage(const std::string& path) {
    char words[PCAP_ERRBUF_SIZE] = "";
    // Read by libpcap alone, whose stream says where it stands.
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return path + ": " + std::strerror(errno);
    const Pcap capture(pcap_fopen_offline(file, words));
    if (!capture) {
        std::fclose(file);
        return words;
    }
    pcap_pkthdr* header = nullptr;
    const unsigned char* data = nullptr;
    std::uint64_t packets = 0;
    long offset = std::ftell(file);
    int result = 0;
    while ((result = pcap_next_ex(capture.get(), &header, &data)) == 1) {
        ++packets;
        offset = std::ftell(file);
    }
    if (result != PCAP_ERROR) return "";
    return std::string(pcap_geterr(capture.get())) + " (at byte " + std::to_string(offset) + ", after " +
           std::to_string(packets) + " packets)";
}

std::string describe(packet::LinkType link) {
    switch (link) {
        case packet::LinkType::ethernet:
            return "Ethernet";
        case packet::LinkType::linux_sll:
            return "Linux cooked v1";
        case packet::LinkType::linux_sll2:
            return "Linux cooked v2";
        case packet::LinkType::raw_ip:
            return "raw IP";
        case packet::LinkType::null_loopback:
            return "BSD loopback";
        case packet::LinkType::loop:
            return "OpenBSD loopback";
        case packet::LinkType::ppp:
            return "PPP";
        case packet::LinkType::ppp_serial:
            return "PPP over serial";
        case packet::LinkType::ppp_ether:
            return "PPPoE";
        case packet::LinkType::cisco_hdlc:
            return "Cisco HDLC";
    }
    return "";
}

std::optional<packet::LinkType> link_type_of_dlt(int dlt) {
    switch (dlt) {
        case DLT_EN10MB:
            return packet::LinkType::ethernet;
        case DLT_LINUX_SLL:
            return packet::LinkType::linux_sll;
        case DLT_LINUX_SLL2:
            return packet::LinkType::linux_sll2;
        case DLT_RAW:
        case DLT_IPV4:
        case DLT_IPV6:
            return packet::LinkType::raw_ip;
        case DLT_NULL:
            return packet::LinkType::null_loopback;
        case DLT_LOOP:
            return packet::LinkType::loop;
        case DLT_PPP:
            return packet::LinkType::ppp;
        case DLT_PPP_SERIAL:
            return packet::LinkType::ppp_serial;
        case DLT_PPP_ETHER:
            return packet::LinkType::ppp_ether;
        case DLT_C_HDLC:
            return packet::LinkType::cisco_hdlc;
        default:
            return std::nullopt;
    }
}

}  // namespace rstwatch::port
