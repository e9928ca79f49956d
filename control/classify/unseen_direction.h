// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "control/classify/attempt_map.h"
#include "control/classify/outcome_overlay.h"
#include "control/classify/refusal_origins.h"
#include "control/merge/merged_interval.h"
#include "control/registry/registry.h"

namespace rstwatch::control {

/// What is assumed of attempts whose own packets this SPAN does not show, as of one moment.
struct Assumptions {
    bool hold = true;                                              ///< nothing of the clients' direction was ever seen
    std::shared_ptr<const std::vector<tally::IpAddress>> flooded;  ///< sorted; clients of whom nothing is assumed

    bool hold_for(const tally::IpAddress& client) const;
};

/// True for a record whose outcome is an assumption of UnseenDirection.
bool is_assumed(const tally::AttemptRecord& record);

/// On a SPAN that shows servers only, a RST with ACK and sequence 0 is all that is seen of a refused attempt, and a
/// SYN-ACK that is sent again of a handshake that is not completed: the cores call both `unsolicited`. They are counted
/// as attempts here, as long as nothing shows that the other direction is visible (then the SYN was never sent: it is
/// backscatter or a scan), and not of addresses that receive SYN-ACKs from three or more servers (reflection). When
/// that shows later, all is taken back. Control thread only.
class UnseenDirection {
  public:
    struct Capacity {
        std::size_t pairs = 65536;    ///< clients and destinations with assumed attempts
        std::size_t clients = 16384;  ///< that receive SYN-ACKs and nothing else
    };

    explicit UnseenDirection(bool replay) : UnseenDirection(replay, Capacity{}) {}
    UnseenDirection(bool replay, const Capacity& capacity) : replay_(replay), capacity_(capacity) {}

    /// `registry` has the interval's rows already.
    void judge(MergedInterval& interval, Registry& registry, OutcomeOverlay& overlay, const RefusalOrigins& refusals);

    const Assumptions& assumptions() const { return assumptions_; }

    /// Attempts that are seen by their answers alone, as far as that has not been taken back.
    std::uint64_t assumed() const { return assumed_; }

    /// Attempts of which nothing was assumed for want of room.
    std::uint64_t overflowed() const { return overflowed_; }

  private:
    struct Pair {
        std::array<std::uint64_t, 3> counts{};  // of the outcomes that can be assumed
        tally::Interval last = 0;
    };
    using Pairs = std::unordered_map<Attempt, Pair, AttemptHash>;  // the client's port is 0
    struct Flooded {
        std::array<tally::IpAddress, 2> servers{};
        std::uint8_t count = 0;  // of servers so far; 3: flooded
    };

    bool note_synack(const tally::AttemptRecord& record, Registry& registry, OutcomeOverlay& overlay);
    void assume(MergedInterval& interval, tally::AttemptRecord& record, tally::Outcome outcome, Registry& registry,
                OutcomeOverlay& overlay);
    void take_back(const Attempt& who, const Pair& pair, tally::Time now, Registry& registry, OutcomeOverlay& overlay);
    void give_up(tally::Time now, Registry& registry, OutcomeOverlay& overlay);
    void forget_old(tally::Interval now);

    bool replay_;
    Capacity capacity_;
    Assumptions assumptions_;
    Pairs pairs_;
    std::unordered_map<tally::IpAddress, Flooded, AddressHash> flooded_;
    tally::Interval next_cleaning_ = 0;
    std::uint64_t assumed_ = 0;
    std::uint64_t overflowed_ = 0;
};

}  // namespace rstwatch::control
