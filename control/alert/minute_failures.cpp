// SPDX-License-Identifier: Apache-2.0
#include "control/alert/minute_failures.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

class Counting {
  public:
    Counting(const FailureBook& book, tally::Interval minute, const std::vector<config::Network>& home)
        : book_(book), minute_(minute), home_(home) {}

    std::vector<MinuteFailures> count() {
        for (const Failure& service : book_.services().rows()) add_service(service);
        for (const Failure& suspect : book_.suspects().rows())
            if (book_.is_mass(suspect)) add_service(suspect);
        for (const Failure& host : book_.hosts().rows())
            if (is_home(host)) add(AlertScope::host, Direction::incoming, host);
        for (const Failure& client : book_.clients().rows())
            if (!client.scans && is_home(client)) add(AlertScope::host, Direction::outgoing, client);
        if (network_ > 0) found_.push_back({{}, network_, {}});
        std::ranges::sort(found_, {}, &MinuteFailures::subject);
        return std::move(found_);
    }

  private:
    bool is_home(const Failure& failure) const {
        return std::ranges::any_of(home_,
                                   [&](const config::Network& net) { return net.contains(failure.key.address.bytes); });
    }

    /// Only by what says why it fails: else it would be the same trouble twice.
    void add_service(const Failure& service) {
        const std::uint64_t failed = service.rates.in_minute(minute_).failed;
        if (failed == 0 || book_.why_fails(service.key) != &service) return;
        network_ += failed;
        found_.push_back({{AlertScope::service, Direction::incoming, service.key}, failed, {}});
    }

    void add(AlertScope scope, Direction direction, const Failure& failure) {
        const std::uint64_t failed = failure.rates.in_minute(minute_).failed;
        if (failed == 0) return;
        MinuteFailures& row = found_.emplace_back(MinuteFailures{{scope, direction, failure.key}, failed, {}});
        if (direction == Direction::incoming) return;
        for (const FailurePeer& peer : failure.peers) row.servers.push_back(peer.who);
    }

    const FailureBook& book_;
    const tally::Interval minute_;
    const std::vector<config::Network>& home_;
    std::uint64_t network_ = 0;
    std::vector<MinuteFailures> found_;
};

}  // namespace

std::vector<MinuteFailures> failures_in(const FailureBook& book, tally::Interval minute,
                                        const std::vector<config::Network>& home) {
    return Counting(book, minute, home).count();
}

}  // namespace rstwatch::control
