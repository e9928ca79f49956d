// SPDX-License-Identifier: Apache-2.0
#include "control/vitals.h"

namespace rstwatch::control {
namespace {

/// An interval of a million rows takes half a second to judge, a disk that is written to may take some.
constexpr std::chrono::seconds longest_pause_of_control(10);
/// A core publishes its rounds some twenty times a second.
constexpr std::chrono::seconds longest_pause_of_core(5);

std::string seconds_text(Vitals::Clock::duration pause) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(pause).count()) + " s";
}

}  // namespace

void Vitals::beat(Clock::time_point now, const std::vector<std::uint64_t>& polls) {
    const std::lock_guard lock(mutex_);
    beat_ = now;
    cores_.resize(polls.size(), {0, now});
    for (std::size_t i = 0; i < polls.size(); ++i)
        if (polls[i] != cores_[i].polls) cores_[i] = {polls[i], now};
}

void Vitals::rest() {
    const std::lock_guard lock(mutex_);
    beat_.reset();
    cores_.clear();
}

void Vitals::fail(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    failure_ = sentence;
}

std::vector<std::string> Vitals::what_stands_still(Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    if (!failure_.empty()) return {failure_};
    std::vector<std::string> sentences;
    if (!beat_) return sentences;
    if (now - *beat_ >= longest_pause_of_control)
        sentences.push_back("the control thread has not moved for " + seconds_text(now - *beat_) +
                            ": what is shown is as old, and what the RX cores count meanwhile is merged late");
    // What the cores did is known up to the last beat.
    for (std::size_t i = 0; i < cores_.size(); ++i)
        if (*beat_ - cores_[i].moved >= longest_pause_of_core)
            sentences.push_back("RX core " + std::to_string(i) + " has not polled its queues for " +
                                seconds_text(*beat_ - cores_[i].moved) + ": its packets are lost");
    return sentences;
}

}  // namespace rstwatch::control
