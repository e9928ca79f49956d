// SPDX-License-Identifier: Apache-2.0
#include "control/classify/listen_queue.h"

#include <algorithm>
#include <utility>

namespace rstwatch::control {
namespace {

using tally::Outcome;
using tally::Time;

constexpr Time minute = 60 * tally::second;
constexpr std::size_t crowd = 3;  // clients: one or two may have a rule of their own
constexpr std::size_t most_ports = 16;
constexpr Time idle_host = 10 * minute;

constexpr tally::RowKind unanswered_kind = tally::row_kind(Outcome::unanswered);
constexpr tally::RowKind rejected_kind = tally::row_kind(Outcome::icmp_rejected);

/// Not longer than a minute ago. Within an interval rows are ahead of contacts.
bool is_recent(Time time, Time now) {
    return time != 0 && time + minute >= now;
}

}  // namespace

ListenQueue::ListenQueue(const Capacity& capacity)
    : capacity_(capacity), memory_(capacity.memory_sets), decided_(capacity.decided) {}

void ListenQueue::judge(MergedInterval& interval, const Registry& registry, OutcomeOverlay& overlay) {
    const Context context{interval, registry, overlay};
    for (const tally::Sighting& sighting : interval.sightings)
        if (sighting.kind == rejected_kind) rejected(sighting, context);
    from_cores_.swap(interval.revisions);
    interval.revisions.clear();
    auto revision = from_cores_.begin();
    constexpr std::size_t ahead = 8;
    const std::vector<tally::Sighting>& contacts = interval.contacts;
    for (std::size_t i = 0; i < contacts.size(); ++i) {
        if (i + ahead < contacts.size())
            memory_.prefetch(contacts[i + ahead].client.address, contacts[i + ahead].server);
        for (; revision != from_cores_.end() && revision->time < contacts[i].time; ++revision) take(*revision, context);
        take(contacts[i], context);
    }
    for (; revision != from_cores_.end(); ++revision) take(*revision, context);
    if (hosts_.empty()) return;
    for (tally::AttemptRecord& record : interval.records) settle(record, context);
    if (tally::interval_start(interval.interval) >= next_cleaning_)
        forget_idle_hosts(tally::interval_start(interval.interval));
}

void ListenQueue::take(const tally::Sighting& contact, const Context& context) {
    if (contact.kind == tally::accepted_kind) {
        // Inferred from the client's packets it shows no life: where only clients are seen, silence may be a refusal.
        if (contact.hops != tally::unknown_hops) accepted(contact, context);
    } else if (contact.kind == unanswered_kind) {
        unanswered(contact, context);
    } else if (contact.answered) {
        fell_silent(contact, context);
    }
}

void ListenQueue::accepted(const tally::Sighting& contact, const Context& context) {
    memory_.remember(contact.client.address, contact.server, contact.time);
    Host* host = host_of(contact.server.address);
    if (host == nullptr) return;
    host->accepted = host->touched = contact.time;
    const auto port = std::ranges::find(host->ports, contact.server.port, &Port::number);
    if (port == host->ports.end()) return;
    port->accepted = contact.time;
    judge_crowd(*host, *port, contact.time, context);
}

void ListenQueue::fell_silent(const tally::Sighting& contact, const Context& context) {
    Host* host = make_host(contact.server.address, contact.time);
    if (host == nullptr) return;
    host->silent = contact.time;
    take_back(*host, contact.time, context);
}

/// Where a router says that there is no way, it does not say so for each SYN: routers limit their ICMP errors (RFC 1812
/// section 4.3.2.8). What stays unanswered there is no full queue.
void ListenQueue::rejected(const tally::Sighting& sighting, const Context& context) {
    if (context.registry.last_accepted(sighting.server) == 0) return;
    Host* host = make_host(sighting.server.address, sighting.time);
    Port* port = host == nullptr ? nullptr : make_port(*host, sighting.server, context.registry);
    if (port != nullptr) port->rejected = std::max(port->rejected, sighting.time);
}

void ListenQueue::unanswered(const tally::Sighting& contact, const Context& context) {
    // A port that was never seen to accept anybody has no queue to be full. Scans end here.
    if (context.registry.last_accepted(contact.server) == 0) return;
    Host* host = make_host(contact.server.address, contact.time);
    Port* port = host == nullptr ? nullptr : make_port(*host, contact.server, context.registry);
    if (port == nullptr) {
        ++overflowed_;
        return;
    }
    if (is_recent(port->accepted, contact.time)) port->silent = contact.time;
    if (is_silent(*host, *port, contact.time)) return take_back(*host, contact.time, context);

    const Unanswered attempt{{contact.client, contact.server}, context.interval.interval, contact.time};
    const auto handshake = memory_.last(contact.client.address, contact.server);
    if (handshake && is_recent(*handshake, contact.time) && !is_singled_out(*port, contact, *handshake))
        return decide(*host, attempt, context);
    prune(*port, contact.time);
    if (waiting_ == capacity_.waiting) {
        ++overflowed_;
    } else {
        port->waiting.push_back(attempt);
        ++waiting_;
    }
    const auto known = std::ranges::find(port->ignored, contact.client.address, &Ignored::client);
    if (known != port->ignored.end()) {
        known->time = contact.time;
    } else if (port->ignored.size() < crowd) {
        port->ignored.push_back({contact.client.address, contact.time});
    } else {
        *std::ranges::min_element(port->ignored, {}, &Ignored::time) = {contact.client.address, contact.time};
    }
    judge_crowd(*host, *port, contact.time, context);
}

/// A connection that had been answered is no longer, or another port that was accepting has fallen silent as well, and
/// the host has shown no life since.
bool ListenQueue::is_silent(const Host& host, const Port& port, Time now) {
    if (is_recent(host.silent, now) && host.accepted <= host.silent) return true;
    if (is_recent(port.rejected, now) && port.accepted <= port.rejected) return true;
    return std::ranges::any_of(host.ports, [&](const Port& other) {
        return other.number != port.number && is_recent(other.silent, now) && host.accepted <= other.silent;
    });
}

/// A full queue ignores whoever comes. Where others were accepted since this client's SYN, and it was not since it was
/// first ignored, a rule may be meant for it.
bool ListenQueue::is_singled_out(const Port& port, const tally::Sighting& contact, Time handshake) {
    const bool now_and_then = std::ranges::any_of(port.waiting, [&](const Unanswered& each) {
        return each.attempt.client.address == contact.client.address && each.time < handshake;
    });
    return port.accepted > contact.began && handshake <= contact.began && !now_and_then;
}

void ListenQueue::judge_crowd(Host& host, Port& port, Time now, const Context& context) {
    if (port.waiting.empty() || !is_recent(port.accepted, now)) return;
    prune(port, now);
    if (port.ignored.size() < crowd) return;
    waiting_ -= port.waiting.size();
    for (const Unanswered& attempt : std::exchange(port.waiting, {})) decide(host, attempt, context);
}

void ListenQueue::prune(Port& port, Time now) {
    waiting_ -= std::erase_if(port.waiting, [&](const Unanswered& each) { return !is_recent(each.time, now); });
    std::erase_if(port.ignored, [&](const Ignored& each) { return !is_recent(each.time, now); });
}

void ListenQueue::decide(Host& host, const Unanswered& attempt, const Context& context) {
    if (!decided_.put(attempt.attempt, attempt.given_in, context.interval.interval)) return;
    host.decided.push_back(attempt);
    context.overlay.move(Outcome::unanswered, Outcome::listen_overflow, 1);
    context.interval.revisions.push_back({attempt.given_in, attempt.attempt.server, attempt.attempt.client,
                                          tally::unknown_hops, Outcome::unanswered, Outcome::listen_overflow,
                                          attempt.time});
}

/// What was said since the host last showed life was wrong.
void ListenQueue::take_back(Host& host, Time now, const Context& context) {
    for (const Unanswered& each : host.decided) {
        if (each.time < host.accepted || !decided_.erase(each.attempt)) continue;
        context.overlay.move(Outcome::unanswered, Outcome::listen_overflow, -1);
        context.interval.revisions.push_back({each.given_in, each.attempt.server, each.attempt.client,
                                              tally::unknown_hops, Outcome::listen_overflow, Outcome::unanswered, now});
    }
    host.decided.clear();
}

/// An answer after all, however late: the attempt is no longer unanswered.
void ListenQueue::take(tally::Revision& revision, const Context& context) {
    const Attempt attempt{revision.client, revision.server};
    if (revision.from == Outcome::unanswered && watches(revision.server.address)) {
        if (decided_.erase(attempt)) {
            context.overlay.move(Outcome::unanswered, Outcome::listen_overflow, -1);
            revision.from = Outcome::listen_overflow;
        } else {
            stop_waiting(attempt);
        }
    }
    context.interval.revisions.push_back(revision);
}

void ListenQueue::settle(tally::AttemptRecord& record, const Context& context) {
    if (record.outcome != Outcome::unanswered || !watches(record.server.address)) return;
    const Attempt attempt{record.client, record.server};
    if (!decided_.erase(attempt)) return stop_waiting(attempt);
    context.overlay.move(Outcome::unanswered, Outcome::listen_overflow, -1);
    set_outcome(context.interval, record, Outcome::listen_overflow);
}

void ListenQueue::stop_waiting(const Attempt& attempt) {
    Host* host = host_of(attempt.server.address);
    if (host == nullptr) return;
    const auto port = std::ranges::find(host->ports, attempt.server.port, &Port::number);
    if (port == host->ports.end()) return;
    waiting_ -= std::erase_if(port->waiting, [&](const Unanswered& each) { return each.attempt == attempt; });
}

bool ListenQueue::watches(const tally::IpAddress& address) const {
    return watched_.test(AddressHash{}(address) % watched_bits);
}

ListenQueue::Host* ListenQueue::host_of(const tally::IpAddress& address) {
    if (!watches(address)) return nullptr;
    const auto found = hosts_.find(address);
    return found == hosts_.end() ? nullptr : &found->second;
}

ListenQueue::Host* ListenQueue::make_host(const tally::IpAddress& address, Time now) {
    Host* host = host_of(address);
    if (host == nullptr) {
        if (hosts_.size() == capacity_.hosts) return nullptr;
        host = &hosts_[address];
        watched_.set(AddressHash{}(address) % watched_bits);
    }
    host->touched = now;
    return host;
}

ListenQueue::Port* ListenQueue::make_port(Host& host, const tally::Endpoint& server, const Registry& registry) {
    const auto found = std::ranges::find(host.ports, server.port, &Port::number);
    if (found != host.ports.end()) return &*found;
    if (host.ports.size() == most_ports) return nullptr;
    Port& port = host.ports.emplace_back();
    port.number = server.port;
    port.accepted = registry.last_accepted(server);
    host.accepted = std::max(host.accepted, port.accepted);
    return &port;
}

/// Now and then, because it reads them all.
void ListenQueue::forget_idle_hosts(Time now) {
    next_cleaning_ = now + minute;
    watched_.reset();
    for (auto each = hosts_.begin(); each != hosts_.end();) {
        Host& host = each->second;
        std::erase_if(host.decided, [&](const Unanswered& one) { return decided_.find(one.attempt) == nullptr; });
        for (Port& port : host.ports) prune(port, now);
        if (host.decided.empty() && host.touched + idle_host < now) {
            each = hosts_.erase(each);
        } else {
            watched_.set(AddressHash{}(each->first) % watched_bits);
            ++each;
        }
    }
}

}  // namespace rstwatch::control
