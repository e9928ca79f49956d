// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay_source.h"

#include <rte_ethdev.h>

#include "dataplane/port/capture_end.h"
#include "dataplane/port/packet_stamp.h"

namespace rstwatch {
namespace {

/// The seconds of a pcap record are unsigned, but libpcap reads them as signed: from 2038 on they come out negative.
/// What is negative all the same (pcapng can say so) was never a time.
tally::Time time_of(const rte_mbuf* packet) {
    constexpr std::int64_t wrapped = (std::int64_t{1} << 32) * static_cast<std::int64_t>(tally::second);
    auto stamp = static_cast<std::int64_t>(port::stamp_of(packet));
    if (stamp < 0) stamp += wrapped;
    return stamp < 0 ? 0 : static_cast<tally::Time>(stamp);
}

}  // namespace

ReplaySource::ReplaySource(std::vector<port::Port>& ports, std::size_t burst) : burst_(burst) {
    for (port::Port& port : ports) files_.push_back(File{&port, {}, 0, 0, 0, false});
}

/// A burst that is not full is the end of the file: its own, or where it is damaged. Reading on behind a damaged record
/// could only deliver garbage.
void ReplaySource::refill(File& file) {
    if (file.ended) return;
    file.position = 0;
    file.count = rte_eth_rx_burst(file.port->id, 0, file.packets.data(), static_cast<std::uint16_t>(burst_));
    file.read += file.count;
    if (file.count == burst_) return;
    file.ended = true;
    const port::CaptureEnd end = port::capture_end(*file.port);
    const std::string name = file.port->source == "-" ? "standard input" : file.port->source;
    if (!end.damage.empty()) damage_.push_back(name + ": " + end.damage + "; everything before it has been counted");
    if (end.lost_packets)
        damage_.push_back(
            name + ": packet buffers ran out, the rest was not read; replay fewer captures at once, with rx.queues=1");
}

ReplaySource::File* ReplaySource::earliest() {
    File* first = nullptr;
    for (File& file : files_) {
        if (file.position == file.count) refill(file);
        if (file.position == file.count) continue;
        if (first == nullptr || time_of(file.packets[file.position]) < time_of(first->packets[first->position]))
            first = &file;
    }
    return first;
}

/// Written member by member: read as a whole right after it was put together it would have to wait for its parts.
inline void ReplaySource::take(File& file, Arrival& arrival) {
    const port::Port& port = *file.port;
    arrival.number = file.read - file.count + file.position;
    arrival.packet = file.packets[file.position++];
    arrival.time = time_of(arrival.packet);
    arrival.link = port.link;
    arrival.uncut_below = port.uncut_below;
    arrival.spread = false;
    arrival.wire_lengths = port.wire_lengths.get();
}

std::size_t ReplaySource::next(Arrival* arrivals) {
    std::size_t count = 0;
    if (files_.size() == 1) {  // needs no comparison: what it has at hand is the burst
        File& file = files_.front();
        refill(file);
        while (file.position < file.count) take(file, arrivals[count++]);
        return count;
    }
    while (count < burst_) {
        File* file = earliest();
        if (file == nullptr) break;
        take(*file, arrivals[count++]);
    }
    return count;
}

}  // namespace rstwatch
