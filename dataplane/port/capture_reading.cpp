// SPDX-License-Identifier: Apache-2.0
#include <pcap/pcap.h>
#include <stdio_ext.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

// net_pcap has libpcap open a capture as a stream of the C library, which reads 4 KiB at a time, and takes a lock twice
// for each packet as soon as the process has a second thread. One core reads a capture, so the lock is left out, and a
// larger buffer saves most of the system calls. The driver meets this pcap_open_offline() before libpcap's, in the way
// that packet_fanout.cpp tells.
extern "C" pcap_t* pcap_open_offline(const char* path, char* words) {
    // A buffer has to stay as long as its stream, which libpcap closes without telling, or exit() does: for ever.
    using Buffer = std::array<char, 64 << 10>;
    static auto& buffers = *new std::vector<std::unique_ptr<Buffer>>;

    std::FILE* file = std::strcmp(path, "-") == 0 ? stdin : std::fopen(path, "rb");  // as libpcap does
    if (file == nullptr) {
        std::snprintf(words, PCAP_ERRBUF_SIZE, "%s: %s", path, std::strerror(errno));
        return nullptr;
    }
    buffers.push_back(std::make_unique<Buffer>());
    (void)std::setvbuf(file, buffers.back()->data(), _IOFBF, buffers.back()->size());
    (void)__fsetlocking(file, FSETLOCKING_BYCALLER);
    pcap_t* capture = pcap_fopen_offline(file, words);
    if (capture == nullptr && file != stdin) std::fclose(file);
    return capture;
}
