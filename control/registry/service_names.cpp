// SPDX-License-Identifier: Apache-2.0
#include "control/registry/service_names.h"

#include <algorithm>
#include <utility>

namespace rstwatch::control {
namespace {

/// The shipped names come first: they do not differ from machine to machine.
std::vector<config::ServiceLabel> port_names(std::vector<config::ServiceLabel> system_ports) {
    std::vector<config::ServiceLabel> names = config::load_services(config::builtin_services(), "built-in names").all;
    std::ranges::move(system_ports, std::back_inserter(names));
    return names;
}

tally::Time last_seen(const Identity& identity) {
    return std::max(identity.seen, identity.reset_seen);
}

}  // namespace

ServiceNames::ServiceNames(Setup setup)
    : applications_(std::move(setup.applications)),
      period_(setup.period),
      capacity_(setup.capacity),
      shard_capacity_((setup.capacity + ServiceDirectory::shard_count - 1) / ServiceDirectory::shard_count),
      fixed_(std::make_shared<FixedNames>(
          FixedNames{LabelTable(setup.labels), LabelTable(port_names(std::move(setup.system_ports)))})) {
    for (auto& shard : shards_) shard = std::make_shared<Shard>();
    directory_ = directory();
    is_shared_.fill(false);
}

void ServiceNames::set_labels(const std::vector<config::ServiceLabel>& labels) {
    fixed_ = std::make_shared<FixedNames>(FixedNames{LabelTable(labels), fixed_->ports});
    directory_.rename(fixed_);
}

void ServiceNames::add(const MergedInterval& interval) {
    for (const tally::Identification& found : interval.identifications)
        if (is_news(found)) learn(found);
}

/// Each core reports a service once in each period, so several may report the same: the first one counts, unless a
/// later one is more convincing. What the server has shown itself is not unsaid by what a client asks for.
bool ServiceNames::is_news(const tally::Identification& found) const {
    const Identity* known = identity_of(found.server);
    if (known == nullptr) return true;
    const auto period_of = [&](tally::Time time) { return tally::identification_period(found.server, time, period_); };
    if (found.from == tally::HeardFrom::reset)
        return known->reset_seen == 0 || period_of(known->reset_seen) != period_of(found.time);
    if (known->application.empty() || found.from > known->from) return true;
    return found.from == known->from && period_of(known->seen) != period_of(found.time);
}

void ServiceNames::learn(const tally::Identification& found) {
    Identity& identity = at(found.server);
    if (found.from == tally::HeardFrom::reset) {
        identity.reset_text = found.detail.view();
        identity.reset_seen = found.time;
        return;
    }
    if (found.application < applications_.size()) identity.application = applications_[found.application];
    identity.detail = found.detail.view();
    identity.from = found.from;
    identity.seen = found.time;
}

ServiceNames::Shard& ServiceNames::writable(std::size_t number) {
    if (is_shared_[number]) {
        shards_[number] = std::make_shared<Shard>(*shards_[number]);
        is_shared_[number] = false;
        directory_.replace(number, shards_[number]);
    }
    return *shards_[number];
}

/// In a full shard the service that was identified longest ago gives way.
Identity& ServiceNames::at(const tally::Endpoint& endpoint) {
    Shard& shard = writable(ServiceDirectory::shard_of(endpoint));
    if (const auto known = shard.find(endpoint); known != shard.end()) return known->second;
    if (shard.size() >= shard_capacity_) {
        shard.erase(std::ranges::min_element(
            shard, {}, [](const auto& each) { return std::pair(last_seen(each.second), each.first); }));
        ++evicted_;
        --size_;
    }
    ++size_;
    return shard[endpoint];
}

ServiceDirectory ServiceNames::directory() const {
    is_shared_.fill(true);
    ServiceDirectory::Shards shards;
    std::ranges::copy(shards_, shards.begin());
    return {fixed_, shards};
}

void ServiceNames::restore(const tally::Endpoint& endpoint, const Identity& identity) {
    if (identity_of(endpoint) == nullptr) at(endpoint) = identity;
}

void ServiceNames::for_each(const std::function<void(const tally::Endpoint&, const Identity&)>& visit) const {
    for (const auto& shard : shards_)
        for (const auto& [endpoint, identity] : *shard) visit(endpoint, identity);
}

}  // namespace rstwatch::control
