// SPDX-License-Identifier: Apache-2.0
#include "control/registry/window.h"

#include <algorithm>
#include <utility>

namespace rstwatch::control {

Window::Window(const config::Settings::Window& settings) {
    set(settings);
}

void Window::set(const config::Settings::Window& settings) {
    seconds_ = static_cast<tally::Interval>(settings.seconds);
    rows_limit_ = static_cast<std::size_t>(settings.rows);
}

void Window::add(MergedInterval& merged) {
    auto fresh = std::make_shared<WindowInterval>();
    fresh->interval = merged.interval;
    fresh->packets = merged.packets.received;
    fresh->attempts = merged.outcomes.attempts;
    fresh->at_control_depth = merged.at_control_depth;
    fresh->destinations_missed = merged.destinations_missed;
    fresh->clients_missed = merged.clients_missed;
    fresh->destinations = std::move(merged.destinations);
    fresh->clients = std::move(merged.clients);
    fresh->sightings = std::move(merged.sightings);
    fresh->revisions = std::move(merged.revisions);
    fresh->assumed = std::move(merged.assumed);
    fresh->client_revisions = std::move(merged.client_revisions);
    rows_ += fresh->size();
    intervals_.push_back(std::move(fresh));
    while (intervals_.front()->interval + seconds_ <= merged.interval) forget_oldest();
    while (rows_ > rows_limit_ && intervals_.size() > 1) {
        forget_oldest();
        ++shortened_;
    }
}

void Window::forget_oldest() {
    rows_ -= intervals_.front()->size();
    intervals_.pop_front();
}

bool Window::any_at_control_depth() const {
    return std::ranges::any_of(intervals_, [](const auto& interval) { return interval->at_control_depth; });
}

std::vector<std::shared_ptr<const WindowInterval>> Window::intervals() const {
    return {intervals_.begin(), intervals_.end()};
}

}  // namespace rstwatch::control
