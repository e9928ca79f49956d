// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dataplane/tally/address.h"
#include "dataplane/tally/interval_bank.h"

namespace rstwatch::control {

/// Whom a minute's count is about. The numbers are those of the file.
enum class Scope : std::uint8_t {
    network = 0,
    service = 1,   ///< an address and port, by what became of attempts to it
    incoming = 2,  ///< a host, by what became of attempts to it
    outgoing = 3   ///< a host, by what became of attempts of its own
};
inline constexpr std::uint8_t scope_count = 4;

/// What is counted: outcomes and accepted handshakes as in a bank's rows, and what only the store counts.
namespace stored_kind {
inline constexpr tally::RowKind attempts = tally::accepted_kind + 1;  ///< of the network: begun
inline constexpr tally::RowKind packets = attempts + 1;               ///< of the network
inline constexpr tally::RowKind seconds = packets + 1;                ///< of the network: in which the daemon ran
/// Of the network: of these, in which not every segment was looked up.
inline constexpr tally::RowKind control_depth = seconds + 1;
/// The most by which any one row of this scope and minute can be short.
inline constexpr tally::RowKind missed = control_depth + 1;
inline constexpr tally::RowKind count = missed + 1;
}  // namespace stored_kind

/// As the file has it: numbers of outcomes may change from one version to the next, names do not.
std::string_view stored_name(tally::RowKind kind);

struct MinuteKey {
    std::uint64_t minute = 0;  ///< since the epoch
    Scope scope = Scope::network;
    tally::RowKind kind = 0;
    bool named = false;         ///< false: of the network, or of all that have no row of their own
    tally::Endpoint subject{};  ///< port 0 of a host

    bool operator==(const MinuteKey&) const = default;
};

/// What is to be added to a row; a revision takes away.
struct MinuteRow {
    MinuteKey key;
    std::int64_t count = 0;
    std::int64_t clients = 0;  ///< different ones within the minute, as far as they could be told apart
    tally::Time first = 0;     ///< 0: none
    tally::Time last = 0;
};

}  // namespace rstwatch::control
