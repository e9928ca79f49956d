// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/known_services.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace rstwatch::identify {

KnownServices::KnownServices(const Setup& setup)
    : sets_(std::bit_ceil(std::max<std::size_t>(setup.services / ways, 1))),
      mask_(sets_.size() - 1),
      secret_(setup.secret),
      period_(setup.period),
      most_tries_(setup.most_tries == 0 ? std::numeric_limits<unsigned>::max() : setup.most_tries) {
    static_assert(sizeof(Set) == 64);
}

/// The entry of the service, in its present period. In a full set the one that has been known for longest gives way.
KnownServices::Entry& KnownServices::at(const tally::Endpoint& server, tally::Time time) {
    const std::uint64_t tag = tag_of(server);
    std::array<Entry, ways>& entries = sets_[tag >> 1 & mask_].entries;
    Entry* chosen = &entries[0];
    for (Entry& entry : entries) {
        if (entry.tag == tag) {
            if (!is_of_this_period(entry, server, time)) entry = Entry{tag, time & time_mask};
            return entry;
        }
        if (chosen->tag != 0 && (entry.tag == 0 || entry.time < chosen->time)) chosen = &entry;
    }
    if (chosen->tag != 0) ++forgotten_;
    return *chosen = Entry{tag, time & time_mask};
}

bool KnownServices::learn(const tally::Endpoint& server, tally::HeardFrom from, tally::Time time) {
    Entry& entry = at(server, time);
    const std::uint64_t fact = fact_of(from);
    // Who has heard the server need not hear its clients.
    const std::uint64_t enough = from == tally::HeardFrom::client ? fact | fact_of(tally::HeardFrom::server) : fact;
    if ((entry.facts & enough) != 0 && entry.time != (time & time_mask)) return false;
    entry.facts |= fact;
    entry.time = time & time_mask;
    return true;
}

void KnownServices::note_try(const tally::Endpoint& server, tally::Time time) {
    if (most_tries_ > tries_limit) return;
    Entry& entry = at(server, time);
    if (entry.tries < tries_limit) entry.tries = entry.tries + 1;
}

}  // namespace rstwatch::identify
