// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/wire_lengths.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <string>

namespace rstwatch::port {
namespace {

/// zlib passes on as it is what is not compressed: one way to read either.
std::FILE* open_decompressed(int descriptor) {
    gzFile stream = gzdopen(descriptor, "rb");
    if (stream == nullptr) {
        close(descriptor);
        return nullptr;
    }
    gzbuffer(stream, 256 * 1024);
    cookie_io_functions_t functions{};
    functions.read = [](void* cookie, char* buffer, std::size_t size) -> ssize_t {
        return gzread(static_cast<gzFile>(cookie), buffer, static_cast<unsigned>(size));
    };
    functions.close = [](void* cookie) { return gzclose_r(static_cast<gzFile>(cookie)); };
    std::FILE* file = fopencookie(stream, "rb", functions);
    if (file == nullptr) gzclose_r(stream);
    return file;
}

}  // namespace

std::unique_ptr<WireLengths> WireLengths::of(const CaptureFile& file) {
    if (file.size == 0) return nullptr;
    // Opened anew, so that its position is its own.
    const std::string path = "/proc/self/fd/" + std::to_string(file.descriptor);
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return nullptr;
    return std::unique_ptr<WireLengths>(new WireLengths(descriptor));
}

WireLengths::~WireLengths() {
    if (capture_ != nullptr) pcap_close(capture_);
    if (descriptor_ >= 0) close(descriptor_);
}

void WireLengths::open() {
    is_open_ = true;
    std::FILE* file = open_decompressed(descriptor_);
    descriptor_ = -1;
    if (file == nullptr) return;
    char words[PCAP_ERRBUF_SIZE] = "";
    capture_ = pcap_fopen_offline(file, words);
    if (capture_ == nullptr) std::fclose(file);
}

std::optional<std::uint32_t> WireLengths::length_of(std::uint64_t number) {
    if (!is_open_) open();
    if (capture_ == nullptr || number < next_) return std::nullopt;
    pcap_pkthdr* header = nullptr;
    const unsigned char* data = nullptr;
    while (next_ <= number) {
        if (pcap_next_ex(capture_, &header, &data) != 1) {
            pcap_close(capture_);
            capture_ = nullptr;
            return std::nullopt;
        }
        ++next_;
    }
    return header->len;
}

}  // namespace rstwatch::port
