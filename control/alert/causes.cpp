// SPDX-License-Identifier: Apache-2.0
#include "control/alert/causes.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace rstwatch::control {
namespace {

constexpr std::size_t ten_seconds = 0;  // of rate_spans
/// Of a client that reaches nobody, and of hosts that fall silent together: fewer may be chance.
constexpr std::size_t several = 3;
constexpr tally::Time together = 60 * tally::second;

/// One service that fails now. With its key, because thousands are sorted by it in each second.
struct Failing {
    tally::Endpoint key;
    const Failure* failure;
    Rates::Sum sum;
};

AlertSubject service_subject(const Failing& failing) {
    return {AlertScope::service, Direction::incoming, failing.key};
}

/// While causes are traced, one that is a single service is not listed among its own services: nearly all of them are
/// nested in something else in the end.
bool is_single_service(const Cause& cause) {
    return cause.subject.scope == AlertScope::service;
}

/// Joins a part to the cause that explains it.
void nest(Cause& whole, const Cause& part) {
    whole.since = whole.failed == 0 ? part.since : std::min(whole.since, part.since);
    whole.failed += part.failed;
    whole.accepted += part.accepted;
    whole.total += part.total;
    whole.nested.push_back(part.subject);
    if (is_single_service(part)) return whole.services.push_back(part.subject);
    whole.services.insert(whole.services.end(), part.services.begin(), part.services.end());
}

class Tracing {
  public:
    Tracing(const FailureBook& book, const CauseSearch& search, const std::vector<config::Network>& home)
        : book_(book), search_(search), now_(search.now), home_(home) {}

    std::vector<Cause> trace() {
        collect();
        causes_.reserve(failing_.size());
        for (auto first = failing_.begin(); first != failing_.end();) {
            const auto next = std::find_if(
                first, failing_.end(), [&](const Failing& other) { return other.key.address != first->key.address; });
            trace_host({first, next});
            first = next;
        }
        trace_clients();
        trace_clients_apart();
        trace_network();
        std::ranges::sort(causes_, {}, &Cause::subject);
        for (Cause& cause : causes_)
            if (is_single_service(cause)) cause.services = {cause.subject};
        return std::move(causes_);
    }

  private:
    /// A service that one client alone finds silent.
    struct Lonely {
        tally::Endpoint client;
        Cause cause;
    };

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
        return cause;
    }

    void collect() {
        const tally::Interval span = search_.span == CauseSearch::Span::minute ? 60 : 10;
        const tally::Interval oldest = now_ + 1 - std::min(now_ + 1, span);
        book_.for_each_failing(oldest, [&](const Failure& failure) {
            const Rates::Sum sum = sum_of(failure);
            if (failure.failed > 0 && sum.failed > 0) failing_.push_back({failure.key, &failure, sum});
        });
        const std::size_t services = failing_.size();
        book_.for_each_suspect(oldest, [&](const Failure& suspect) {
            const Rates::Sum sum = sum_of(suspect);
            if (suspect.failed > 0 && sum.failed > 0 && book_.is_mass(suspect))
                failing_.push_back({suspect.key, &suspect, sum});
        });
        std::ranges::sort(failing_, {}, &Failing::key);
        if (failing_.size() > services) keep_one_of_each();
    }

    /// A service may fail in both ways; it has one cause.
    void keep_one_of_each() {
        for (auto first = failing_.begin(); first != failing_.end(); ++first) {
            const auto second = std::next(first);
            if (second == failing_.end() || second->key != first->key) continue;
            if (book_.why_fails(first->key) != first->failure) std::swap(*first, *second);
        }
        const auto is_same = [](const Failing& a, const Failing& b) { return a.key == b.key; };
        failing_.erase(std::unique(failing_.begin(), failing_.end(), is_same), failing_.end());
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
        if (services.size() < 2) return false;
        tally::Time known = 0;
        bool recovered = true;
        for (const auto& [key, failure, sum] : services) {
            if (!tally::is_told_of_absent_hosts(failure->cause()) || failure->is_partial()) return false;
            known = std::max({known, failure->since, failure->succeeded_last});
            recovered = recovered && failure->succeeded_last > failure->last_began;
        }
        // The host is looked up last: that is a miss of the cache, and most hosts are not silent.
        const Failure* host = book_.of_host(services.front().key.address);
        return host != nullptr && (recovered || host->succeeded_last <= known);
    }

    void trace_host(std::span<const Failing> services) {
        const tally::Endpoint host{services.front().key.address, 0};
        Cause whole = empty_cause({AlertScope::host, Direction::incoming, host});
        const bool home = is_home(host.address), down = home && is_down(services);
        const bool is_one = services.size() == 1 && !is_apart(whole.subject);
        for (const Failing& each : services) {
            const Cause cause = cause_of(each);
            if (down || (home && !is_one && is_small(cause))) {
                nest(whole, cause);
            } else if (is_lonely_silence(each)) {
                lonely_.push_back({each.failure->peers[0].who, cause});
            } else {
                causes_.push_back(cause);
            }
        }
        if (whole.failed > 0) (down ? silent_hosts_ : causes_).push_back(std::move(whole));
    }

    /// Silence that one client alone meets may be of its own making, all the more where others get through. All whom
    /// the failure of a service concerns are clients, so one peer is one client.
    bool is_lonely_silence(const Failing& failing) const {
        return failing.failure->peers.size() == 1 && tally::is_told_of_absent_hosts(failing.failure->cause());
    }

    void trace_clients() {
        std::ranges::stable_sort(lonely_, {}, &Lonely::client);
        for (auto first = lonely_.begin(); first != lonely_.end();) {
            const auto next =
                std::find_if(first, lonely_.end(), [&](const Lonely& other) { return other.client != first->client; });
            trace_client({first, next});
            first = next;
        }
    }

    void trace_client(std::span<const Lonely> parts) {
        const tally::Endpoint& client = parts.front().client;
        const Failure* failure = book_.of_client(client.address);
        const bool reaches_nobody = failure != nullptr && !failure->is_partial() && is_home(client.address);
        if (parts.size() < several || !reaches_nobody) {
            for (const Lonely& part : parts) causes_.push_back(part.cause);
            return;
        }
        Cause whole = empty_cause({AlertScope::host, Direction::outgoing, client});
        for (const Lonely& part : parts) nest(whole, part.cause);
        causes_.push_back(std::move(whole));
    }

    /// Clients that fail more than they usually do, at services that do not.
    void trace_clients_apart() {
        std::vector<Cause> wholes;
        for (const AlertSubject& subject : search_.apart) {
            if (subject.scope != AlertScope::host || subject.direction != Direction::outgoing) continue;
            const bool is_repeated = !wholes.empty() && wholes.back().subject == subject;
            if (!is_repeated && fails_untold(subject)) wholes.push_back(empty_cause(subject));
        }
        if (wholes.empty()) return;
        std::erase_if(causes_, [&](const Cause& cause) {
            Cause* whole = is_small(cause) ? find_client_of(cause, wholes) : nullptr;
            if (whole != nullptr) nest(*whole, cause);
            return whole != nullptr;
        });
        for (Cause& whole : wholes) {
            const Failure& failure = *book_.of_client(whole.subject.endpoint.address);
            const Rates::Sum sum = sum_of(failure);
            whole.failed = sum.failed;
            whole.accepted = sum.accepted;
            whole.total = failure.failed;
            whole.since = failure.since;
            causes_.push_back(std::move(whole));
        }
    }

    bool fails_untold(const AlertSubject& client) const {
        const Failure* failure = book_.of_client(client.endpoint.address);
        return failure != nullptr && sum_of(*failure).failed > 0 &&
               std::ranges::find(causes_, client, &Cause::subject) == causes_.end();
    }

    /// Whichever of the clients, which are in order, is the only one that a service fails for.
    Cause* find_client_of(const Cause& cause, std::span<Cause> clients) const {
        if (!is_single_service(cause)) return nullptr;
        const Failure* service = book_.why_fails(cause.subject.endpoint);
        if (service == nullptr || service->peers.size() != 1) return nullptr;
        const AlertSubject client{AlertScope::host, Direction::outgoing, service->peers[0].who};
        const auto found = std::ranges::lower_bound(clients, client, {}, &Cause::subject);
        return found != clients.end() && found->subject == client ? &*found : nullptr;
    }

    void trace_network() {
        Cause network = empty_cause({});
        if (fell_silent_together()) {
            for (const Cause& host : silent_hosts_) nest(network, host);
        } else {
            std::ranges::move(silent_hosts_, std::back_inserter(causes_));
        }
        // What is too little for an alert anywhere may be much in all.
        const auto small =
            std::stable_partition(causes_.begin(), causes_.end(), [&](const Cause& cause) { return !is_small(cause); });
        const std::span rest(small, causes_.end());
        if (rest.size() > 1) {
            network.nested.reserve(network.nested.size() + rest.size());
            for (const Cause& cause : rest) nest(network, cause);
            causes_.erase(small, causes_.end());
        }
        if (network.failed > 0) causes_.push_back(std::move(network));
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
    std::vector<Lonely> lonely_;
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
