// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/services.h"
#include "dataplane/tally/identification.h"

namespace rstwatch::control {

/// What a name rests on.
enum class NameSource : std::uint8_t {
    none,
    port,   ///< what the port is commonly used for
    spoke,  ///< what it spoke
    label   ///< the operator
};
std::string_view name(NameSource source);

struct ServiceName {
    std::string_view name;  ///< empty: none. Lives as long as the directory
    NameSource source = NameSource::none;
};

/// What a service was seen to speak.
struct Identity {
    std::string application;  ///< name of the signature; empty: only words of a RST are known
    std::string detail;       ///< such as "SNI collector.example, ALPN h2"; bytes of strangers, as they were
    tally::HeardFrom from = tally::HeardFrom::client;
    tally::Time seen = 0;        ///< when this was seen first in the last period in which it was seen
    std::string reset_text;      ///< words of a RST, likewise
    tally::Time reset_seen = 0;  ///< 0: none
};

/// Names that prefixes of addresses and ports have, or as port 0 hosts; the longest prefix wins.
class LabelTable {
  public:
    explicit LabelTable(const std::vector<config::ServiceLabel>& labels);
    /// Empty: none.
    std::string_view find(const tally::Endpoint& endpoint) const;

  private:
    std::unordered_map<std::uint16_t, std::vector<config::ServiceLabel>> by_port_;  // the longest prefix first
};

/// The names that nobody has learnt from packets.
struct FixedNames {
    LabelTable labels;  ///< the operator's
    LabelTable ports;   ///< what ports are commonly used for
};

struct EndpointHash {
    std::size_t operator()(const tally::Endpoint& endpoint) const;
};

/// What services are called and what they speak, as of one moment. Immutable; any thread.
class ServiceDirectory {
  public:
    static constexpr std::size_t shard_count = 256;
    using Shard = std::unordered_map<tally::Endpoint, Identity, EndpointHash>;
    using Shards = std::array<std::shared_ptr<const Shard>, shard_count>;

    ServiceDirectory() = default;
    ServiceDirectory(std::shared_ptr<const FixedNames> fixed, const Shards& shards)
        : fixed_(std::move(fixed)), shards_(shards) {}

    /// The operator's name, else what it spoke, else what the port is commonly used for.
    ServiceName name_of(const tally::Endpoint& endpoint) const;

    /// The operator's name of a host; empty: none. Lives as long as the directory.
    std::string_view name_of_host(const tally::IpAddress& host) const;

    /// nullptr if it is not known.
    const Identity* identity_of(const tally::Endpoint& endpoint) const;

    /// For the one who makes it, before anybody else has it.
    void rename(std::shared_ptr<const FixedNames> fixed) { fixed_ = std::move(fixed); }
    void replace(std::size_t shard, std::shared_ptr<const Shard> by) { shards_[shard] = std::move(by); }

    static std::size_t shard_of(const tally::Endpoint& endpoint) { return EndpointHash()(endpoint) % shard_count; }

  private:
    std::shared_ptr<const FixedNames> fixed_;
    Shards shards_;
};

}  // namespace rstwatch::control
