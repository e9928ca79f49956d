// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>

#include "control/classify/attempt_map.h"
#include "control/classify/hop_baselines.h"
#include "control/classify/outcome_overlay.h"
#include "control/merge/merged_interval.h"

namespace rstwatch::control {

/// Tells refusals by the host from those by a device in the path: a RST that comes from another hop distance than all
/// the server's own packets (`refused_by_device`). Rows are judged as soon as they are counted, so that it holds
/// however many records a flood drops. Control thread only.
class RefusalOrigins {
  public:
    explicit RefusalOrigins(std::size_t servers) : baselines_(servers), late_(most_late) {}

    /// Learns from the interval, and rewrites what it says of refusals. `overlay` is what the cores' gauges do not
    /// know.
    void judge(MergedInterval& interval, OutcomeOverlay& overlay);

    const HopBaselines& baselines() const { return baselines_; }

    /// Late refusals that could not be judged for want of room.
    std::uint64_t overflowed() const { return late_.overflowed(); }

    /// What an attempt of which nothing but its refusal was seen is to be called.
    tally::Outcome outcome_of(const tally::AttemptRecord& refusal) const;

  private:
    void learn(const MergedInterval& interval);
    void judge_rows(MergedInterval& interval, OutcomeOverlay& overlay);
    void judge_sightings(MergedInterval& interval) const;
    void judge_revisions(MergedInterval& interval, OutcomeOverlay& overlay);
    void judge_records(MergedInterval& interval, OutcomeOverlay& overlay);
    void judge_late(MergedInterval& interval, tally::AttemptRecord& record, tally::Interval given_in);
    bool is_suspect(const tally::IpAddress& server) const;

    static constexpr std::size_t suspect_bits = 1u << 14;
    static constexpr std::size_t most_late = 1u << 14;

    HopBaselines baselines_;
    std::bitset<suspect_bits> suspects_;  // by hash: servers in whose name a device has refused
    AttemptMap<tally::Interval> late_;    // refused after another first verdict, by the interval of that: in no row
};

}  // namespace rstwatch::control
