// SPDX-License-Identifier: Apache-2.0
#include "control/history/subject_sums.h"

#include <algorithm>
#include <cstdlib>

namespace rstwatch::control {
namespace {

bool is_same_subject(const MinuteKey& one, const MinuteKey& other) {
    return one.minute == other.minute && one.scope == other.scope && one.named == other.named &&
           one.subject == other.subject;
}

}  // namespace

std::uint64_t SubjectSums::hash_of(const MinuteKey& key) {
    constexpr std::uint64_t a = 0xa0761d6478bd642f, b = 0xe7037ed1a0b428db;  // odd, no further meaning
    const std::uint64_t what = key.minute << 32 | std::uint64_t{key.subject.port} << 8 |
                               static_cast<std::uint64_t>(key.scope) << 1 | std::uint64_t{key.named};
    const tally::IpAddress& address = key.subject.address;
    return tally::mix(tally::mix(address.first_half() ^ a, address.second_half() ^ b), what ^ a);
}

std::size_t SubjectSums::slot_of(const MinuteKey& key, std::uint64_t hash) const {
    std::size_t slot = hash & (index_.size() - 1);
    while (index_[slot] != none) {
        const Subject& subject = subjects_[index_[slot]];
        if (subject.hash == hash && is_same_subject(subject.key, key)) break;
        slot = (slot + 1) & (index_.size() - 1);
    }
    return slot;
}

void SubjectSums::prefetch_index(const MinuteKey& key) const {
    __builtin_prefetch(&index_[hash_of(key) & (index_.size() - 1)]);
}

void SubjectSums::prefetch_subject(const MinuteKey& key) const {
    const std::uint32_t place = index_[hash_of(key) & (index_.size() - 1)];
    if (place != none) __builtin_prefetch(&subjects_[place]);
}

SubjectSums::Entry* SubjectSums::find_kind(std::uint32_t first, tally::RowKind kind) {
    for (std::uint32_t place = first; place != none; place = entries_[place].next)
        if (entries_[place].kind == kind) return &entries_[place];
    return nullptr;
}

SubjectSums::Sum* SubjectSums::find(const MinuteKey& key) {
    const std::uint32_t place = index_[slot_of(key, hash_of(key))];
    if (place == none) return nullptr;
    Entry* entry = find_kind(subjects_[place].sums, key.kind);
    return entry == nullptr ? nullptr : &entry->sum;
}

SubjectSums::Sum& SubjectSums::at(const MinuteKey& key) {
    const std::uint64_t hash = hash_of(key);
    const std::size_t slot = slot_of(key, hash);
    const auto entry = static_cast<std::uint32_t>(entries_.size());
    if (index_[slot] != none) {
        Subject& subject = subjects_[index_[slot]];
        if (Entry* known = find_kind(subject.sums, key.kind)) return known->sum;
        entries_.push_back({{}, key.kind, subject.sums});
        subject.sums = entry;
        return entries_.back().sum;
    }
    index_[slot] = static_cast<std::uint32_t>(subjects_.size());
    subjects_.push_back({key, hash, entry});
    subjects_.back().key.kind = 0;
    entries_.push_back({{}, key.kind, none});
    if (subjects_.size() * 2 > index_.size()) grow();
    return entries_.back().sum;
}

void SubjectSums::grow() {
    index_.assign(index_.size() * 2, none);
    for (std::uint32_t place = 0; place < subjects_.size(); ++place) {
        std::size_t slot = subjects_[place].hash & (index_.size() - 1);
        while (index_[slot] != none) slot = (slot + 1) & (index_.size() - 1);
        index_[slot] = place;
    }
}

std::uint64_t SubjectSums::weight(const Subject& subject) const {
    std::uint64_t weight = 0;
    for_each_kind(subject,
                  [&](tally::RowKind, const Sum& sum) { weight += static_cast<std::uint64_t>(std::abs(sum.count)); });
    return weight;
}

void SubjectSums::clear() {
    subjects_.clear();
    entries_.clear();
    std::ranges::fill(index_, none);
}

}  // namespace rstwatch::control
