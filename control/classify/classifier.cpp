// SPDX-License-Identifier: Apache-2.0
#include "control/classify/classifier.h"

namespace rstwatch::control {

Classifier::Classifier(const config::Settings::Registry& settings, bool replay)
    : refusals_(static_cast<std::size_t>(settings.destinations)),
      unseen_(replay),
      scanners_(static_cast<std::size_t>(settings.clients)),
      span_(replay) {}

void Classifier::judge(MergedInterval& interval, Registry& registry, OutcomeOverlay& overlay,
                       const std::function<void()>& pause) {
    const auto let_others_look = [&] {
        if (pause) pause();
    };
    span_.add(interval);
    refusals_.judge(interval, overlay);  // rewrites rows, hence before the registry takes them
    let_others_look();
    registry.add_rows(interval, pause);
    let_others_look();
    queues_.judge(interval, registry, overlay);  // who accepts is known from rows; rewrites revisions and records
    unseen_.judge(interval, registry, overlay, refusals_);
    let_others_look();
    registry.add_changes(interval);
    let_others_look();
    scanners_.add(interval, registry, overlay);  // judges outcomes that are what they will be
}

ClassifierTables Classifier::tables() const {
    const HopBaselines& baselines = refusals_.baselines();
    return {baselines.capacity(), baselines.size(), baselines.overflowed(),
            refusals_.overflowed() + queues_.overflowed() + unseen_.overflowed()};
}

}  // namespace rstwatch::control
