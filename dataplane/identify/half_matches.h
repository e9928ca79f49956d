// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "config/signatures.h"
#include "dataplane/identify/signature_bits.h"
#include "dataplane/tally/attempt_record.h"
#include "dataplane/tally/identification.h"

namespace rstwatch::identify {

/// What the first payload of one direction of a connection matched, until the other direction speaks.
struct HalfMatch {
    std::uint64_t digest = 0;  ///< of the four-tuple; 0: empty
    tally::Time time = 0;
    SignatureBits matches;
    tally::Side from = tally::Side::client;
    config::DetailKind kind = config::DetailKind::none;  ///< of `detail`
    tally::DetailText detail;
};

/// The connections of which one direction has spoken. Fixed memory; owned by one core.
class HalfMatches {
  public:
    /// After which nobody expects an answer to a first request any more.
    static constexpr tally::Time patience = 30 * tally::second;

    /// `connections` is rounded up to a power of two.
    explicit HalfMatches(std::size_t connections)
        : sets_(std::bit_ceil(std::max<std::size_t>(connections / ways, 1))), mask_(sets_.size() - 1) {}

    /// What the side other than `from` has said on this connection; nullptr if nothing.
    HalfMatch* find(std::uint64_t digest, tally::Side from, tally::Time now) {
        for (HalfMatch& half : sets_[digest & mask_])
            if (half.digest == digest && half.from != from && now - half.time <= patience) return &half;
        return nullptr;
    }

    /// Room for what is said on this connection now. In a full set the oldest gives way.
    HalfMatch& room_for(std::uint64_t digest, tally::Time now) {
        HalfMatch* chosen = nullptr;
        for (HalfMatch& half : sets_[digest & mask_]) {
            if (half.digest == digest || half.digest == 0) {
                chosen = &half;
                break;
            }
            if (chosen == nullptr || half.time < chosen->time) chosen = &half;
        }
        if (chosen->digest != 0 && chosen->digest != digest && now - chosen->time <= patience) ++forgotten_;
        *chosen = HalfMatch{};
        chosen->digest = digest;
        chosen->time = now;
        return *chosen;
    }

    static void release(HalfMatch& half) { half.digest = 0; }

    /// Connections that gave way to others while they were waiting.
    std::uint64_t forgotten() const { return forgotten_; }

  private:
    static constexpr std::size_t ways = 4;

    std::vector<std::array<HalfMatch, ways>> sets_;
    std::uint64_t mask_;
    std::uint64_t forgotten_ = 0;
};

}  // namespace rstwatch::identify
