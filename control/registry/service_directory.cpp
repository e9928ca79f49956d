// SPDX-License-Identifier: Apache-2.0
#include "control/registry/service_directory.h"

#include <algorithm>
#include <utility>

namespace rstwatch::control {
namespace {

bool is_within(const tally::IpAddress& address, const config::ServiceLabel& label) {
    const unsigned whole = label.prefix / 8, rest = label.prefix % 8;
    if (!std::equal(label.address.begin(), label.address.begin() + whole, address.bytes.begin())) return false;
    return rest == 0 || (address.bytes[whole] ^ label.address[whole]) >> (8 - rest) == 0;
}

}  // namespace

std::string_view name(NameSource source) {
    switch (source) {
        case NameSource::none:
            return "none";
        case NameSource::port:
            return "port";
        case NameSource::spoke:
            return "spoke";
        case NameSource::label:
            return "label";
    }
    return "";
}

LabelTable::LabelTable(const std::vector<config::ServiceLabel>& labels) {
    for (const config::ServiceLabel& label : labels) by_port_[label.port].push_back(label);
    for (auto& [port, list] : by_port_) std::ranges::stable_sort(list, std::greater(), &config::ServiceLabel::prefix);
}

std::string_view LabelTable::find(const tally::Endpoint& endpoint) const {
    const auto found = by_port_.find(endpoint.port);
    if (found == by_port_.end()) return {};
    for (const config::ServiceLabel& label : found->second)
        if (is_within(endpoint.address, label)) return label.name;
    return {};
}

std::size_t EndpointHash::operator()(const tally::Endpoint& endpoint) const {
    return tally::mix(endpoint.address.first_half() ^ 0x9e3779b97f4a7c15,
                      endpoint.address.second_half() ^ endpoint.port * 0xd6e8feb86659fd93);
}

ServiceName ServiceDirectory::name_of(const tally::Endpoint& endpoint) const {
    if (fixed_ == nullptr || endpoint.port == 0) return {};  // 0 stands for the host
    if (const std::string_view label = fixed_->labels.find(endpoint); !label.empty()) return {label, NameSource::label};
    const Identity* identity = identity_of(endpoint);
    if (identity != nullptr && !identity->application.empty()) return {identity->application, NameSource::spoke};
    if (const std::string_view port = fixed_->ports.find(endpoint); !port.empty()) return {port, NameSource::port};
    return {};
}

std::string_view ServiceDirectory::name_of_host(const tally::IpAddress& host) const {
    return fixed_ == nullptr ? std::string_view() : fixed_->labels.find({host, 0});
}

const Identity* ServiceDirectory::identity_of(const tally::Endpoint& endpoint) const {
    const auto& shard = shards_[shard_of(endpoint)];
    if (shard == nullptr) return nullptr;
    const auto found = shard->find(endpoint);
    return found == shard->end() ? nullptr : &found->second;
}

}  // namespace rstwatch::control
