// SPDX-License-Identifier: Apache-2.0
#include "control/alert/causes.h"

#include <algorithm>
#include <map>
#include <span>

namespace rstwatch::control {
namespace {

constexpr std::size_t ten_seconds = 0;  // of Rates::spans
/// Of a client that reaches nobody, and of hosts that fall silent together: fewer may be chance.
constexpr std::size_t several = 3;
constexpr tally::Time together = 60 * tally::second;

/// One service that fails now.
struct Failing {
    const Failure* failure;
    Rates::Sum sum;
};

bool is_silence(tally::Outcome outcome) {
    return outcome == tally::Outcome::unanswered || outcome == tally::Outcome::icmp_rejected ||
           outcome == tally::Outcome::blackholed || outcome == tally::Outcome::keepalive_timeout ||
           outcome == tally::Outcome::listen_overflow;
}

AlertSubject service_subject(const Failing& failing) {
    return {AlertScope::service, Direction::incoming, failing.failure->key};
}

Cause cause_of(const Failing& failing) {
    return {service_subject(failing), failing.sum.failed, failing.sum.accepted, failing.failure->since, {}};
}

/// Joins a part to the cause that explains it.
void nest(Cause& whole, const Cause& part) {
    whole.since = whole.failed == 0 ? part.since : std::min(whole.since, part.since);
    whole.failed += part.failed;
    whole.accepted += part.accepted;
    whole.nested.push_back(part.subject);
}

class Tracing {
  public:
    Tracing(const FailureBook& book, tally::Interval now, const std::vector<config::Network>& home, double small)
        : book_(book), now_(now), home_(home), small_(small) {}

    std::vector<Cause> trace() {
        collect();
        for (auto first = failing_.begin(); first != failing_.end();) {
            const auto next = std::find_if(first, failing_.end(), [&](const Failing& other) {
                return other.failure->key.address != first->failure->key.address;
            });
            trace_host({first, next});
            first = next;
        }
        trace_clients();
        trace_network();
        std::ranges::sort(causes_, {}, &Cause::subject);
        return std::move(causes_);
    }

  private:
    void collect() {
        for (const Failure& failure : book_.services().rows()) {
            if (failure.failed == 0) continue;
            const Rates::Sum sum = failure.rates.over(ten_seconds, now_);
            if (sum.failed > 0) failing_.push_back({&failure, sum});
        }
        for (const Failure& suspect : book_.suspects().rows()) {
            const Failure* failure = book_.of_service(suspect.key);
            if (failure != nullptr && failure->rates.over(ten_seconds, now_).failed > 0) continue;
            if (suspect.failed > 0 && book_.is_mass(suspect))
                failing_.push_back({&suspect, suspect.rates.over(ten_seconds, now_)});
        }
        std::ranges::sort(failing_, {}, [](const Failing& each) { return each.failure->key; });
    }

    bool is_home(const tally::IpAddress& host) const {
        return std::ranges::any_of(home_, [&](const config::Network& net) { return net.contains(host.bytes); });
    }

    /// Not what has just begun: it is judged by the pace at which it began.
    bool is_small(const Cause& cause) const {
        return cause.rate_since_it_began(tally::interval_start(now_ + 1)) < small_;
    }

    /// Several ports, all silent, and none that accepts anybody: the host itself.
    bool is_down(std::span<const Failing> services) const {
        if (services.size() < 2) return false;
        const Failure* host = book_.of_host(services.front().failure->key.address);
        return host != nullptr && host->rates.over(ten_seconds, now_).accepted == 0 &&
               std::ranges::all_of(services, [](const Failing& each) { return is_silence(each.failure->cause()); });
    }

    void trace_host(std::span<const Failing> services) {
        const tally::Endpoint host{services.front().failure->key.address, 0};
        Cause whole{{AlertScope::host, Direction::incoming, host}, 0, 0, 0, {}};
        const bool home = is_home(host.address), down = home && is_down(services);
        for (const Failing& each : services) {
            const Cause cause = cause_of(each);
            if (down || (home && services.size() > 1 && is_small(cause))) {
                nest(whole, cause);
            } else {
                (is_lonely_silence(each) ? lonely_ : causes_).push_back(cause);
            }
        }
        if (whole.failed > 0) (down ? silent_hosts_ : causes_).push_back(whole);
    }

    /// Silence that one client alone meets may be of its own making.
    bool is_lonely_silence(const Failing& failing) const {
        return is_silence(failing.failure->cause()) && failing.failure->clients.count() == 1 &&
               failing.failure->peers.size() == 1 && failing.sum.accepted == 0;
    }

    void trace_clients() {
        std::map<tally::Endpoint, std::vector<Cause>> by_client;
        for (const Cause& cause : lonely_)
            by_client[book_.of_service(cause.subject.endpoint)->peers[0].who].push_back(cause);
        for (auto& [client, parts] : by_client) {
            const Failure* failure = book_.of_client(client.address);
            const bool reaches_nobody =
                failure != nullptr && failure->rates.over(ten_seconds, now_).accepted == 0 && is_home(client.address);
            if (parts.size() < several || !reaches_nobody) {
                causes_.insert(causes_.end(), parts.begin(), parts.end());
                continue;
            }
            Cause whole{{AlertScope::host, Direction::outgoing, client}, 0, 0, 0, {}};
            for (const Cause& part : parts) nest(whole, part);
            causes_.push_back(whole);
        }
    }

    void trace_network() {
        Cause network;
        if (fell_silent_together()) {
            for (const Cause& host : silent_hosts_) nest(network, host);
        } else {
            causes_.insert(causes_.end(), silent_hosts_.begin(), silent_hosts_.end());
        }
        // What is too little for an alert anywhere may be much in all.
        std::vector<Cause> rest;
        for (const Cause& cause : causes_)
            if (is_small(cause)) rest.push_back(cause);
        if (rest.size() > 1) {
            for (const Cause& cause : rest) nest(network, cause);
            std::erase_if(causes_, [&](const Cause& cause) { return is_small(cause); });
        }
        if (network.failed > 0) causes_.push_back(network);
    }

    bool fell_silent_together() const {
        if (silent_hosts_.size() < several) return false;
        const auto [first, last] = std::ranges::minmax(silent_hosts_, {}, &Cause::since);
        return last.since - first.since <= together;
    }

    const FailureBook& book_;
    const tally::Interval now_;
    const std::vector<config::Network>& home_;
    const double small_;
    std::vector<Failing> failing_;
    std::vector<Cause> silent_hosts_;
    std::vector<Cause> lonely_;
    std::vector<Cause> causes_;
};

}  // namespace

double Cause::rate_since_it_began(tally::Time now) const {
    const double age = static_cast<double>(now - std::min(since, now)) / tally::second;
    return static_cast<double>(failed) / std::clamp(age, 1.0, 10.0);
}

std::vector<Cause> find_causes(const FailureBook& book, tally::Interval now, const std::vector<config::Network>& home,
                               double small) {
    return Tracing(book, now, home, small).trace();
}

}  // namespace rstwatch::control
