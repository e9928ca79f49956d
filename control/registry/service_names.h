// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.h"
#include "control/merge/merged_interval.h"
#include "control/registry/service_directory.h"

namespace rstwatch::control {

/// Learns what services speak from what the cores have identified. Control thread only; others read a directory().
class ServiceNames {
  public:
    struct Setup {
        std::vector<std::string> applications;           ///< names of the signatures, by their numbers
        std::vector<config::ServiceLabel> labels;        ///< the operator's
        std::vector<config::ServiceLabel> system_ports;  ///< used where the built-in names have none
        std::size_t capacity = 1;                        ///< services
        tally::Time period = 3600 * tally::second;       ///< in which a service is identified once
    };

    explicit ServiceNames(Setup setup);

    /// Other names of the operator's. What directories that were given away say stays as it was.
    void set_labels(const std::vector<config::ServiceLabel>& labels);

    void add(const MergedInterval& interval);

    ServiceName name_of(const tally::Endpoint& endpoint) const { return directory_.name_of(endpoint); }
    std::string_view name_of_host(const tally::IpAddress& host) const { return directory_.name_of_host(host); }
    const Identity* identity_of(const tally::Endpoint& endpoint) const { return directory_.identity_of(endpoint); }

    /// For other threads, or to be kept.
    ServiceDirectory directory() const;

    /// What was known before a restart. Newer knowledge stays.
    void restore(const tally::Endpoint& endpoint, const Identity& identity);

    void for_each(const std::function<void(const tally::Endpoint&, const Identity&)>& visit) const;

    std::size_t capacity() const { return capacity_; }
    std::size_t size() const { return size_; }
    std::uint64_t evicted() const { return evicted_; }

  private:
    using Shard = ServiceDirectory::Shard;

    bool is_news(const tally::Identification& found) const;
    void learn(const tally::Identification& found);
    Shard& writable(std::size_t number);
    Identity& at(const tally::Endpoint& endpoint);

    std::vector<std::string> applications_;
    tally::Time period_;
    std::size_t capacity_;
    std::size_t shard_capacity_;
    std::array<std::shared_ptr<Shard>, ServiceDirectory::shard_count> shards_;
    mutable std::array<bool, ServiceDirectory::shard_count> is_shared_{};  // a directory that was given away has it
    ServiceDirectory directory_;                                           // of the shards as they are now
    std::shared_ptr<const FixedNames> fixed_;
    std::size_t size_ = 0;
    std::uint64_t evicted_ = 0;
};

}  // namespace rstwatch::control
