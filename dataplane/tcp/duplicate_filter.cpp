// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/duplicate_filter.h"

#include <cstdlib>

namespace rstwatch::tcp {
namespace {

/// Everything that a router leaves as it is. The checksum stands for the options and the payload.
std::uint64_t digest_of(const packet::PacketView& view, const Digest& connection) {
    const std::uint64_t numbers = std::uint64_t{view.sequence} << 32 | view.acknowledgement;
    const std::uint64_t rest = std::uint64_t{view.ip_id} << 48 | std::uint64_t{view.tcp_checksum} << 32 |
                               std::uint64_t{view.window} << 16 | std::uint64_t{view.tcp_flags} << 8 |
                               static_cast<std::uint64_t>(connection.source_is_low);
    return tally::mix(connection.value ^ numbers, rest ^ (std::uint64_t{view.payload_length} * 0x9e3779b97f4a7c15));
}

/// A copy that was mirrored behind a router has one hop less to go.
bool is_within_a_hop(std::uint64_t time_and_ttl, std::uint8_t ttl) {
    return std::abs(static_cast<int>(time_and_ttl & 0xff) - static_cast<int>(ttl)) <= 1;
}

}  // namespace

void DuplicateFilter::prefetch(const packet::PacketView& view, const Digest& digest) const {
    __builtin_prefetch(&sets_[digest_of(view, digest) % set_count], 1);
}

bool DuplicateFilter::is_copy(const packet::PacketView& view, const Digest& digest, tally::Time time) {
    const tally::Time limit = view.ip_id == 0 ? limits_.without_id : limits_.with_id;
    const Remembered segment{digest_of(view, digest), time << 8 | view.ttl};
    Set& set = sets_[segment.digest % set_count];
    Remembered* oldest = &set.segments[0];
    for (Remembered& each : set.segments) {
        if (each.digest == segment.digest && time - (each.time_and_ttl >> 8) <= limit &&
            is_within_a_hop(each.time_and_ttl, view.ttl))
            return true;
        if (each.time_and_ttl < oldest->time_and_ttl) oldest = &each;
    }
    if (oldest->time_and_ttl != 0 && time - (oldest->time_and_ttl >> 8) <= limit) ++overflowed_;
    *oldest = segment;
    return false;
}

}  // namespace rstwatch::tcp
