// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/packet/packet_view.h"
#include "dataplane/port/failure.h"

namespace rstwatch::port {

/// A capture file as it was found: what it holds and how it has to be read.
struct CaptureFile {
    std::string path;  ///< as given; "-" is standard input
    int descriptor = -1;
    packet::LinkType link = packet::LinkType::ethernet;
    bool is_stream = false;            ///< compressed or not seekable: goes through a CaptureStream
    std::vector<std::uint8_t> prefix;  ///< of a stream: its first bytes, decompressed, already consumed
    void* decompressor = nullptr;      ///< of a stream: gzFile positioned behind `prefix`
    std::uint64_t size = 0;            ///< bytes on disk; 0 when not known
};

/// Opens a capture, finds out its format (pcap with µs or ns stamps in either byte order, pcapng, either of them
/// gzipped) and its link layer. On failure the message names the file, the place and the remedy; nothing stays open.
Failure open_capture(const std::string& path, CaptureFile& file);

/// Why a regular capture file could not be read to its end: libpcap's own words, the byte offset and the number of
/// packets before it. Empty if it can be read after all.
std::string describe_damage(const std::string& path);

/// The link layer in words, as in messages and in the status.
std::string describe(packet::LinkType link);

/// libpcap's DLT_ value to ours; nothing if it is not one that the parser knows.
std::optional<packet::LinkType> link_type_of_dlt(int dlt);

}  // namespace rstwatch::port
