// SPDX-License-Identifier: Apache-2.0
// libpcap reads a capture as a stream of the C library, twice for each packet; that takes longer than anything else
// that a replay of data does. net_pcap meets these two functions before libpcap's, in the way that packet_fanout.cpp
// tells. What is usual is read here, where it lies; all else libpcap reads itself, from the same bytes: it knows every
// format, and its words for what is damaged are people's to look up.
#include <dlfcn.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "dataplane/port/capture_bytes.h"

namespace rstwatch::port {
namespace {

/// Of the classic format in this machine's byte order (draft-ietf-opsawg-pcap), which tcpdump and Wireshark write.
struct RecordHeader {
    std::int32_t seconds;
    std::int32_t fraction;
    std::uint32_t captured;
    std::uint32_t on_wire;
};
static_assert(sizeof(RecordHeader) == 16);

/// A capture that net_pcap has opened; read by one thread at a time, as libpcap's handles are.
class OpenCapture {
  public:
    explicit OpenCapture(int descriptor)
        : bytes_(descriptor), fractions_per_microsecond_(fractions_per_microsecond(bytes_.peek(8))) {}

    /// Of the classic format in this machine's byte order.
    bool is_usual() const { return fractions_per_microsecond_ != 0; }

    /// As libpcap knows it; to be told before next_usual() is called.
    void set_longest(int snapshot) {
        longest_ = static_cast<std::uint32_t>(
            std::min<std::size_t>(static_cast<std::size_t>(snapshot), CaptureBytes::capacity - sizeof(RecordHeader)));
    }

    /// Goes on to the next packet if that is a usual one, and returns it until the next call; else null.
    const std::uint8_t* next_usual(pcap_pkthdr*& header);

    CaptureBytes& bytes() { return bytes_; }

  private:
    /// 0: it has another format.
    static std::int32_t fractions_per_microsecond(std::span<const std::uint8_t> beginning) {
        constexpr std::uint32_t microseconds = 0xa1b2c3d4, nanoseconds = 0xa1b23c4d;
        constexpr std::uint16_t version[2] = {2, 4};
        std::uint32_t magic = 0;
        if (beginning.size() < sizeof magic + sizeof version) return 0;
        std::memcpy(&magic, beginning.data(), sizeof magic);
        if (std::memcmp(beginning.data() + sizeof magic, version, sizeof version) != 0) return 0;
        return magic == microseconds ? 1 : magic == nanoseconds ? 1000 : 0;
    }

    CaptureBytes bytes_;
    std::int32_t fractions_per_microsecond_;
    std::uint32_t longest_ = 0;  ///< longer packets are libpcap's
    pcap_pkthdr header_{};
};

const std::uint8_t* OpenCapture::next_usual(pcap_pkthdr*& header) {
    RecordHeader record;
    std::span<const std::uint8_t> ahead = bytes_.peek(sizeof record);
    if (ahead.size() < sizeof record) return nullptr;
    std::memcpy(&record, ahead.data(), sizeof record);
    if (record.captured > longest_ || record.seconds < 0 || record.fraction < 0) return nullptr;
    const std::size_t length = sizeof record + record.captured;
    if (ahead.size() < length) {
        ahead = bytes_.peek(length);
        if (ahead.size() < length) return nullptr;
    }
    bytes_.skip(length);
    header_.ts = {record.seconds, record.fraction / fractions_per_microsecond_};
    header_.caplen = record.captured;
    header_.len = record.on_wire;
    header = &header_;
    return ahead.data() + sizeof record;
}

/// Which handle of libpcap is which capture. Written under the lock; read for each packet without it, where each thread
/// looks for its own alone, which was there before.
struct Place {
    std::atomic<pcap_t*> handle = nullptr;
    OpenCapture* capture = nullptr;  ///< null: the place is free
};
std::array<Place, 32> places;  // as many as DPDK has ports; what finds none, libpcap reads alone
std::mutex places_lock;

OpenCapture* capture_of(const pcap_t* handle) {
    for (const Place& place : places)
        if (place.handle.load(std::memory_order_acquire) == handle) return place.capture;
    return nullptr;
}

/// Null if there is none left.
Place* take_place(OpenCapture* capture) {
    const std::scoped_lock lock(places_lock);
    for (Place& place : places) {
        if (place.capture != nullptr) continue;
        place.capture = capture;
        return &place;
    }
    return nullptr;
}

void forget(const OpenCapture* capture) {
    const std::scoped_lock lock(places_lock);
    for (Place& place : places) {
        if (place.capture != capture) continue;
        place.handle.store(nullptr, std::memory_order_release);
        place.capture = nullptr;
    }
}

ssize_t read_stream(void* capture, char* to, std::size_t most) {
    return static_cast<OpenCapture*>(capture)->bytes().read(to, most);
}

int close_stream(void* closed) {
    const std::unique_ptr<OpenCapture> capture(static_cast<OpenCapture*>(closed));
    forget(capture.get());
    return 0;
}

/// A stream of the capture's bytes, which owns it; null if there is no memory for it.
std::FILE* stream_of(std::unique_ptr<OpenCapture> capture) {
    std::FILE* stream = fopencookie(capture.get(), "rb", {read_stream, nullptr, nullptr, close_stream});
    if (stream == nullptr) return nullptr;
    (void)capture.release();
    (void)__fsetlocking(stream, FSETLOCKING_BYCALLER);
    return stream;
}

int next_by_libpcap(pcap_t* handle, pcap_pkthdr** header, const u_char** data) {
    static const auto next = reinterpret_cast<decltype(&pcap_next_ex)>(dlsym(RTLD_NEXT, "pcap_next_ex"));
    return next(handle, header, data);
}

}  // namespace
}  // namespace rstwatch::port

extern "C" pcap_t* pcap_open_offline(const char* path, char* words) {
    using namespace rstwatch::port;
    const auto failed = [&] {
        std::snprintf(words, PCAP_ERRBUF_SIZE, "%s: %s", path, std::strerror(errno));
        return nullptr;
    };
    const bool is_standard_input = std::strcmp(path, "-") == 0;  // as libpcap has it
    const int descriptor = is_standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return failed();
    auto owned = std::make_unique<OpenCapture>(descriptor);
    OpenCapture* capture = owned.get();
    std::FILE* stream = stream_of(std::move(owned));
    if (stream == nullptr) return failed();
    Place* place = capture->is_usual() ? take_place(capture) : nullptr;
    // Where both read, the stream may take no more at a time than it is asked for. That is slow, and seldom needed.
    if (place != nullptr) (void)std::setvbuf(stream, nullptr, _IONBF, 0);
    pcap_t* handle = pcap_fopen_offline(stream, words);
    if (handle == nullptr) {
        std::fclose(stream);
        return nullptr;
    }
    capture->set_longest(pcap_snapshot(handle));
    if (place != nullptr) place->handle.store(handle, std::memory_order_release);
    return handle;
}

extern "C" int pcap_next_ex(pcap_t* handle, pcap_pkthdr** header, const u_char** data) {
    using namespace rstwatch::port;
    if (OpenCapture* capture = capture_of(handle))
        if ((*data = capture->next_usual(*header)) != nullptr) return 1;
    return next_by_libpcap(handle, header, data);
}
