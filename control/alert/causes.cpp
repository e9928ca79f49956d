// SPDX-License-Identifier: Apache-2.0
#include "control/alert/causes.h"

#include <algorithm>
#include <map>
#include <span>

namespace rstwatch::control {
namespace {

constexpr std::size_t ten_seconds = 0;  // of rate_spans
/// Of a client that reaches nobody, and of hosts that fall silent together: fewer may be chance.
constexpr std::size_t several = 3;
constexpr tally::Time together = 60 * tally::second;

/// One service that fails now.
struct Failing {
    const Failure* failure;
    Rates::Sum sum;
};

AlertSubject service_subject(const Failing& failing) {
    return {AlertScope::service, Direction::incoming, failing.failure->key};
}

/// Joins a part to the cause that explains it.
void nest(Cause& whole, const Cause& part) {
    whole.since = whole.failed == 0 ? part.since : std::min(whole.since, part.since);
    whole.failed += part.failed;
    whole.accepted += part.accepted;
    whole.total += part.total;
    whole.nested.push_back(part.subject);
    whole.services.insert(whole.services.end(), part.services.begin(), part.services.end());
}

class Tracing {
  public:
    Tracing(const FailureBook& book, const CauseSearch& search, const std::vector<config::Network>& home)
        : book_(book), search_(search), now_(search.now), home_(home) {}

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
        trace_clients_apart();
        trace_network();
        std::ranges::sort(causes_, {}, &Cause::subject);
        return std::move(causes_);
    }

  private:
    Rates::Sum sum_of(const Failure& failure) const {
        return search_.span == CauseSearch::Span::minute ? failure.rates.in_minute(now_ / 60)
                                                         : failure.rates.over(ten_seconds, now_);
    }

    Cause empty_cause(const AlertSubject& subject) const {
        Cause cause;
        cause.subject = subject;
        cause.seconds = search_.span == CauseSearch::Span::minute ? 60 : 10;
        return cause;
    }

    Cause cause_of(const Failing& failing) const {
        Cause cause = empty_cause(service_subject(failing));
        cause.failed = failing.sum.failed;
        cause.accepted = failing.sum.accepted;
        cause.total = failing.failure->failed;
        cause.since = failing.failure->since;
        cause.services = {cause.subject};
        return cause;
    }

    void collect() {
        for (const Failure& failure : book_.services().rows()) {
            if (failure.failed == 0) continue;
            const Rates::Sum sum = sum_of(failure);
            if (sum.failed > 0) failing_.push_back({&failure, sum});
        }
        for (const Failure& suspect : book_.suspects().rows()) {
            const Failure* failure = book_.of_service(suspect.key);
            if (failure != nullptr && sum_of(*failure).failed > 0) continue;
            const Rates::Sum sum = sum_of(suspect);
            if (suspect.failed > 0 && sum.failed > 0 && book_.is_mass(suspect)) failing_.push_back({&suspect, sum});
        }
        std::ranges::sort(failing_, {}, [](const Failing& each) { return each.failure->key; });
    }

    bool is_home(const tally::IpAddress& host) const {
        return std::ranges::any_of(home_, [&](const config::Network& net) { return net.contains(host.bytes); });
    }

    bool is_apart(const AlertSubject& subject) const { return std::ranges::binary_search(search_.apart, subject); }

    /// Not what has just begun: it is judged by the pace at which it began. Not what is set apart, nor what explains
    /// such.
    bool is_small(const Cause& cause) const {
        if (is_apart(cause.subject)) return false;
        if (std::ranges::any_of(cause.services, [&](const AlertSubject& service) { return is_apart(service); }))
            return false;
        return cause.rate_since_it_began(tally::interval_start(now_ + 1)) < search_.small;
    }

    /// Several ports, all silent, and none that has accepted anybody since: the host itself. What it accepted just
    /// before does not matter, and what these ports accept once it is back does not make them failures of their own.
    bool is_down(std::span<const Failing> services) const {
        const Failure* host = book_.of_host(services.front().failure->key.address);
        if (services.size() < 2 || host == nullptr) return false;
        tally::Time known = 0;
        bool recovered = true;
        for (const auto& [failure, sum] : services) {
            if (!tally::is_told_of_absent_hosts(failure->cause()) || failure->is_partial()) return false;
            known = std::max({known, failure->since, failure->succeeded_last});
            recovered = recovered && failure->succeeded_last > failure->last_began;
        }
        return recovered || host->succeeded_last <= known;
    }

    void trace_host(std::span<const Failing> services) {
        const tally::Endpoint host{services.front().failure->key.address, 0};
        Cause whole = empty_cause({AlertScope::host, Direction::incoming, host});
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

    /// Silence that one client alone meets may be of its own making, all the more where others get through.
    bool is_lonely_silence(const Failing& failing) const {
        return tally::is_told_of_absent_hosts(failing.failure->cause()) && failing.failure->clients.count() == 1 &&
               failing.failure->peers.size() == 1;
    }

    void trace_clients() {
        std::map<tally::Endpoint, std::vector<Cause>> by_client;
        for (const Cause& cause : lonely_)
            by_client[book_.of_service(cause.subject.endpoint)->peers[0].who].push_back(cause);
        for (auto& [client, parts] : by_client) {
            const Failure* failure = book_.of_client(client.address);
            const bool reaches_nobody = failure != nullptr && !failure->is_partial() && is_home(client.address);
            if (parts.size() < several || !reaches_nobody) {
                causes_.insert(causes_.end(), parts.begin(), parts.end());
                continue;
            }
            Cause whole = empty_cause({AlertScope::host, Direction::outgoing, client});
            for (const Cause& part : parts) nest(whole, part);
            causes_.push_back(whole);
        }
    }

    /// A client that fails more than it usually does, at services that do not.
    void trace_clients_apart() {
        for (const AlertSubject& subject : search_.apart) {
            if (subject.scope != AlertScope::host || subject.direction != Direction::outgoing) continue;
            const Failure* failure = book_.of_client(subject.endpoint.address);
            const Rates::Sum sum = failure == nullptr ? Rates::Sum{} : sum_of(*failure);
            if (sum.failed == 0 || std::ranges::find(causes_, subject, &Cause::subject) != causes_.end()) continue;
            Cause whole = empty_cause(subject);
            for (const Cause& cause : causes_)
                if (is_small(cause) && fails_only_for(cause, subject.endpoint)) nest(whole, cause);
            std::erase_if(causes_, [&](const Cause& cause) {
                return std::ranges::find(whole.nested, cause.subject) != whole.nested.end();
            });
            whole.failed = sum.failed;
            whole.accepted = sum.accepted;
            whole.total = failure->failed;
            whole.since = failure->since;
            causes_.push_back(whole);
        }
    }

    bool fails_only_for(const Cause& cause, const tally::Endpoint& client) const {
        const Failure* service =
            cause.subject.scope == AlertScope::service ? book_.of_service(cause.subject.endpoint) : nullptr;
        return service != nullptr && service->peers.size() == 1 && service->peers[0].who == client;
    }

    void trace_network() {
        Cause network = empty_cause({});
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
    const CauseSearch& search_;
    const tally::Interval now_;
    const std::vector<config::Network>& home_;
    std::vector<Failing> failing_;
    std::vector<Cause> silent_hosts_;
    std::vector<Cause> lonely_;
    std::vector<Cause> causes_;
};

}  // namespace

double Cause::rate_since_it_began(tally::Time now) const {
    const double age = static_cast<double>(now - std::min(since, now)) / tally::second;
    return static_cast<double>(failed) / std::clamp(age, 1.0, seconds);
}

std::vector<Cause> find_causes(const FailureBook& book, const CauseSearch& search,
                               const std::vector<config::Network>& home) {
    return Tracing(book, search, home).trace();
}

}  // namespace rstwatch::control
