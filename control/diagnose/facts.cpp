// SPDX-License-Identifier: Apache-2.0
#include "control/diagnose/facts.h"

#include <algorithm>

namespace rstwatch::control {
namespace {

constexpr std::size_t over_ten_seconds = 0;  // of rate_spans
constexpr std::size_t over_a_minute = 1;

const Failure* failure_of(const FailureBook& book, const AlertSubject& subject) {
    if (subject.scope == AlertScope::network) return nullptr;
    if (subject.scope == AlertScope::host)
        return subject.direction == Direction::incoming ? book.of_host(subject.endpoint.address)
                                                        : book.of_client(subject.endpoint.address);
    return book.why_fails(subject.endpoint);
}

/// Over the ten seconds that end with the last failure: what has stopped is told as it was.
double rate_of(const Failure& failure, const FailureBook& book) {
    const tally::Interval end = std::min(book.interval(), tally::interval_of(failure.last));
    const Rates::Sum sum = failure.rates.over(over_ten_seconds, end);
    const double age = static_cast<double>(tally::interval_start(end + 1) - failure.since) / tally::second;
    // Successes since then may have used its seconds anew.
    if (sum.failed == 0) return static_cast<double>(failure.failed) / std::max(age, 1.0);
    return static_cast<double>(sum.failed) / std::clamp(age, 1.0, 10.0);
}

void take_failure(Facts& facts, const Failure& failure, const FailureBook& book) {
    facts.failing = failure.failed > 0;
    facts.cause = failure.cause();
    facts.failed = failure.failed;
    facts.outcomes = failure.outcomes;
    facts.per_second = rate_of(failure, book);
    facts.since = failure.since;
    facts.last = failure.last;
    facts.clients = failure.clients.count();
    facts.succeeding = failure.succeeding.count_without(failure.clients);
    facts.icmp = failure.icmp;
    facts.kernel_answers = failure.answers || failure.is_partial();
    facts.peers = failure.peers;
    std::ranges::stable_sort(facts.peers, std::greater{}, &FailurePeer::count);
    if (failure.has_example) facts.example = failure.example;
    facts.idle_least = failure.idle_least;
    facts.idle_most = failure.idle_most;
}

/// A host that died was well a moment before: what it accepted before the failure began says nothing of it, and what it
/// accepts once it is back nothing of the failure.
void take_host(Facts& facts, const FailureBook& book) {
    const tally::IpAddress& address = facts.subject.endpoint.address;
    if (const Failure* host = book.of_host(address)) {
        const Failure* service = book.why_fails(facts.subject.endpoint);
        const tally::Time own = service == nullptr ? 0 : service->succeeded_last;
        facts.host_answers = facts.subject.scope == AlertScope::host
                                 ? host->is_partial()
                                 : host->succeeded_last > std::max(own, facts.since);
    }
}

/// The ports of a host are what is said of it; of a service they are evidence.
void take_neighbours(Facts& facts, const FailureBook& book, FactsFor purpose) {
    if (purpose == FactsFor::diagnosis || facts.subject.scope == AlertScope::host)
        facts.host_failing_ports = book.failing_services(facts.subject.endpoint.address);
    if (purpose == FactsFor::diagnosis && facts.cause == tally::Outcome::refused_by_device)
        facts.device_hosts = book.hosts_rejected_by_devices();
}

void take_host_names(Facts& facts, const ServiceNames& names) {
    if (facts.subject.scope != AlertScope::network) facts.host = names.name_of_host(facts.subject.endpoint.address);
    for (const FailurePeer& peer : facts.peers) facts.peer_hosts.emplace_back(names.name_of_host(peer.who.address));
}

void take_name(Facts& facts, const ServiceNames& names) {
    facts.service = names.name_of(facts.subject.endpoint).name;
    const Identity* identity = names.identity_of(facts.subject.endpoint);
    if (identity == nullptr) return;
    facts.application = identity->application;
    facts.detail = identity->detail;
}

}  // namespace

Facts gather(const FactSources& sources, const AlertSubject& subject, FactsFor purpose) {
    const FailureBook& book = sources.failures;
    Facts facts;
    facts.subject = subject;
    facts.now = tally::interval_start(book.interval() + 1);
    if (const Failure* failure = failure_of(book, subject)) take_failure(facts, *failure, book);
    if (subject.scope == AlertScope::service) {
        take_name(facts, sources.names);
        if (const RegistryRow* row = sources.registry.destination(subject.endpoint)) {
            facts.accepted = row->accepted.count;
            facts.last_accepted = row->accepted.last;
        }
    }
    if (subject.scope != AlertScope::network) {
        take_host(facts, book);
        take_neighbours(facts, book, purpose);
    }
    take_host_names(facts, sources.names);
    const std::vector<std::uint8_t> hops = sources.baselines.distances(subject.endpoint.address);
    if (subject.scope == AlertScope::service && hops.size() == 1) facts.server_hops = hops[0];
    facts.scanners_alone = facts.clients == facts.peers.size() && !facts.peers.empty() &&
                           std::ranges::all_of(facts.peers, [&](const FailurePeer& peer) {
                               return sources.scanners.is_scanner(peer.who.address);
                           });
    if (facts.clients == 1 && !facts.peers.empty()) {
        const Failure* client = book.of_client(facts.peers[0].who.address);
        facts.client_succeeds_elsewhere =
            client != nullptr && client->rates.over(over_a_minute, book.interval()).accepted > 0;
    }
    return facts;
}

}  // namespace rstwatch::control
