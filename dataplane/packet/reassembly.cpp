// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/reassembly.h"

#include <algorithm>
#include <cstring>

#include "dataplane/packet/ip.h"

namespace rstwatch::packet {
Reassembler::Reassembler(std::size_t datagrams, std::uint64_t secret)
    : entries_((std::max<std::size_t>(datagrams, 1) + ways - 1) / ways * ways), secret_(secret) {}

const Datagram* Reassembler::add(const std::uint8_t* frame, const Fragment& fragment, tally::Time now) {
    Entry& entry = entry_of(fragment.key, now);
    if (!fits(entry, fragment)) return nullptr;
    cover(entry, frame + fragment.payload_at, fragment);
    if (!entry.end_is_known || entry.units * unit < entry.end) return nullptr;
    entry.datagram.length = static_cast<std::uint32_t>(entry.end);
    ++counts_.completed;
    release(entry);
    return &entry.datagram;
}

/// What contradicts the pieces before it about where the datagram ends is left out.
bool Reassembler::fits(const Entry& entry, const Fragment& fragment) {
    const std::size_t end = fragment.offset + fragment.length;
    if (entry.end_is_known) return end <= entry.end;
    return fragment.more || end >= entry.end;
}

void Reassembler::cover(Entry& entry, const std::uint8_t* payload, const Fragment& fragment) {
    entry.end = std::max(entry.end, fragment.offset + fragment.length);
    if (!fragment.more) entry.end_is_known = true;
    if (fragment.offset == 0 && !entry.covered[0]) entry.datagram.next_header = fragment.next_header;
    for (std::size_t at = 0; at < fragment.length; at += unit) {
        const std::size_t place = (fragment.offset + at) / unit;
        if (entry.covered[place]) continue;
        entry.covered[place] = true;
        ++entry.units;
        if (place < head_units)
            std::memcpy(&entry.datagram.head[place * unit], payload + at, std::min(unit, fragment.length - at));
    }
}

Reassembler::Entry& Reassembler::entry_of(const FragmentKey& key, tally::Time now) {
    const std::uint64_t addresses = tally::mix(key.source.first_half() ^ key.destination.second_half() ^ secret_,
                                               key.source.second_half() ^ key.destination.first_half() ^ ~secret_);
    const std::uint64_t hash = tally::mix(addresses ^ key.id, secret_ ^ (std::uint64_t{key.protocol} << 1 | key.v6));
    Entry* set = &entries_[hash % (entries_.size() / ways) * ways];
    for (Entry* entry = set; entry != set + ways; ++entry)
        if (entry->is_used && entry->key == key && !is_stale(*entry, now)) return *entry;
    Entry& entry = room_in(set, now);
    entry.is_used = true;
    ++used_;
    entry.key = key;
    entry.begun = now;
    entry.end = entry.units = 0;
    entry.end_is_known = false;
    entry.covered.reset();
    return entry;
}

/// A free entry, one that has waited for too long, or else the oldest.
Reassembler::Entry& Reassembler::room_in(Entry* set, tally::Time now) {
    Entry* oldest = set;
    for (Entry* entry = set; entry != set + ways; ++entry) {
        if (!entry->is_used) return *entry;
        if (entry->begun < oldest->begun) oldest = entry;
    }
    ++(is_stale(*oldest, now) ? counts_.timed_out : counts_.evicted);
    release(*oldest);
    return *oldest;
}

void Reassembler::release(Entry& entry) {
    entry.is_used = false;
    --used_;
}

void Reassembler::expire(tally::Time now) {
    if (used_ == 0) return;
    for (Entry& entry : entries_) {
        if (!entry.is_used || !is_stale(entry, now)) continue;
        ++counts_.timed_out;
        release(entry);
    }
}

}  // namespace rstwatch::packet
