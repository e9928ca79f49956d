// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "config/settings.h"
#include "control/classify/listen_queue.h"
#include "control/classify/outcome_overlay.h"
#include "control/classify/refusal_origins.h"
#include "control/classify/scanners.h"
#include "control/classify/span_watch.h"
#include "control/classify/unseen_direction.h"
#include "control/merge/merged_interval.h"
#include "control/registry/registry.h"

namespace rstwatch::control {

/// Fill of a bounded table that decisions are taken from.
struct ClassifierTables {
    std::uint64_t baselines_capacity = 0;
    std::uint64_t baselines = 0;
    std::uint64_t baselines_overflowed = 0;
    std::uint64_t undecided = 0;  ///< attempts that could not be judged for want of room
};

/// Everything that one connection alone cannot show, in the order in which each step needs what the one before it has
/// found. Control thread only.
class Classifier {
  public:
    Classifier(const config::Settings::Registry& settings, bool replay);

    /// Rewrites the interval, and brings it into `registry`. What the cores' counts do not say goes into `overlay`.
    /// `pause` is called from time to time, where others may look at what is known so far.
    void judge(MergedInterval& interval, Registry& registry, OutcomeOverlay& overlay,
               const std::function<void()>& pause = {});

    const HopBaselines& baselines() const { return refusals_.baselines(); }
    const Scanners& scanners() const { return scanners_; }
    const Assumptions& assumptions() const { return unseen_.assumptions(); }
    SpanFacts span(const Registry& registry) const { return span_.facts(registry.unheard(), unseen_.assumed()); }
    ClassifierTables tables() const;

  private:
    RefusalOrigins refusals_;
    ListenQueue queues_;
    UnseenDirection unseen_;
    Scanners scanners_;
    SpanWatch span_;
};

}  // namespace rstwatch::control
