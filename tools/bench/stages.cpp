// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/stages.h"

#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/identify/identifier.h"
#include "dataplane/packet/parser.h"
#include "dataplane/packet/tunnel_ports.h"
#include "dataplane/setup.h"
#include "dataplane/tally/bank_exchange.h"
#include "dataplane/tally/core_tally.h"
#include "dataplane/tcp/connection_table.h"
#include "dataplane/tcp/header_prediction.h"
#include "dataplane/tcp/state_machine.h"
#include "dataplane/tcp/tracker.h"

namespace rstwatch::bench {
namespace {

constexpr std::size_t longest_burst = 64;

using tcp::ParsedPacket;
using Burst = std::array<ParsedPacket, longest_burst>;

/// Frames burst by burst, as the driver delivers them.
template <typename Work>
void in_bursts(std::span<const packet::Frame> frames, std::size_t burst, Work&& work) {
    for (std::size_t at = 0; at < frames.size(); at += burst)
        work(frames.subspan(at, std::min(burst, frames.size() - at)));
}

/// As BurstPipeline does: headers are fetched some packets ahead. Where they lie in the cache that costs an
/// instruction.
void fetch_ahead(std::span<const packet::Frame> burst, std::size_t i) {
    constexpr std::size_t ahead = 4;
    if (i + ahead < burst.size()) __builtin_prefetch(burst[i + ahead].data);
}

class Touch : public Runner {
  public:
    void run(std::span<const packet::Frame> frames, tally::Time) override {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            fetch_ahead(frames, i);
            const std::uint8_t* ip = frames[i].data + 14;
            const std::uint8_t* tcp = ip + (ip[0] & 0x0f) * 4;
            ++flags_[tcp[13] & packet::tcp_flag::all];
            sum_ += static_cast<std::uint64_t>(ip[9]) + tcp[0];
        }
    }
    std::uint64_t digest() const override { return sum_ + flags_[packet::tcp_flag::syn]; }

  private:
    std::array<std::uint64_t, 64> flags_{};
    std::uint64_t sum_ = 0;
};

class Parse : public Runner {
  public:
    explicit Parse(const Conditions& conditions)
        : burst_(conditions.burst), ports_(tunnel_ports(conditions.settings.tunnel)) {}

    void run(std::span<const packet::Frame> frames, tally::Time) override {
        in_bursts(frames, burst_, [this](std::span<const packet::Frame> burst) {
            for (std::size_t i = 0; i < burst.size(); ++i) {
                fetch_ahead(burst, i);
                packet::parse(burst[i], ports_, parsed_[i].view);
                ++classes_[static_cast<std::size_t>(parsed_[i].view.packet_class)];
            }
        });
    }
    std::uint64_t digest() const override { return classes_[static_cast<std::size_t>(tally::PacketClass::tcp)]; }

  private:
    std::size_t burst_;
    packet::TunnelPorts ports_;
    Burst parsed_;
    std::array<std::uint64_t, tally::packet_class_count> classes_{};
};

class Hash : public Runner {
  public:
    explicit Hash(const Conditions& conditions)
        : burst_(conditions.burst), ports_(tunnel_ports(conditions.settings.tunnel)) {}

    void run(std::span<const packet::Frame> frames, tally::Time) override {
        in_bursts(frames, burst_, [this](std::span<const packet::Frame> burst) {
            for (std::size_t i = 0; i < burst.size(); ++i) {
                fetch_ahead(burst, i);
                packet::parse(burst[i], ports_, parsed_[i].view);
                parsed_[i].digest = tcp::digest(parsed_[i].view, 0, secret_);
                sum_ ^= parsed_[i].digest.value;
            }
        });
    }
    std::uint64_t digest() const override { return sum_; }

  private:
    std::size_t burst_;
    packet::TunnelPorts ports_;
    tcp::HashSecret secret_;
    Burst parsed_;
    std::uint64_t sum_ = 0;
};

/// What the stages from the table on have in common: the passes over a burst that fetch what the last one needs.
class WithTable : public Runner {
  public:
    explicit WithTable(const Conditions& conditions)
        : table_(static_cast<std::size_t>(conditions.settings.tracking.connections)),
          limits_(limits_of(conditions.settings)),
          burst_(conditions.burst),
          ports_(tunnel_ports(conditions.settings.tunnel)) {}

    void run(std::span<const packet::Frame> frames, tally::Time now) override {
        std::array<tcp::ConnectionTable::Slot, longest_burst> slots;
        std::array<bool, longest_burst> is_control;
        in_bursts(frames, burst_, [&](std::span<const packet::Frame> burst) {
            for (std::size_t i = 0; i < burst.size(); ++i) {
                fetch_ahead(burst, i);
                packet::parse(burst[i], ports_, parsed_[i].view);
                parsed_[i].digest = tcp::digest(parsed_[i].view, 0, secret_);
                is_control[i] = tcp::is_control(parsed_[i].view.tcp_flags);
            }
            // As Tracker::fetch() does.
            for (std::size_t i = 0; i < burst.size(); ++i) table_.touch_set(parsed_[i].digest.value);
            for (std::size_t i = 0; i < burst.size(); ++i)
                slots[i] = table_.likely_slot(parsed_[i].digest.value, tally::interval_of(now));
            for (std::size_t i = 0; i < burst.size(); ++i) table_.touch_entry(slots[i]);
            for (std::size_t i = 0; i < burst.size(); ++i)
                if (is_control[i]) table_.touch_rest_of_entry(slots[i]);
            for (std::size_t i = 0; i < burst.size(); ++i) judge(parsed_[i], now);
        });
    }
    std::uint64_t digest() const override { return table_.used(); }

  protected:
    virtual void judge(const ParsedPacket& parsed, tally::Time now) = 0;

    /// A new entry for the packet's connection, in place of the least useful one where the set is full.
    tcp::Connection& make_entry(const ParsedPacket& parsed, tally::Time now, tcp::ConnectionTable::Slot& slot) {
        slot = table_.choose(parsed.digest.value, tally::interval_of(now));
        return table_.occupy(slot, parsed.digest.value);
    }

    tcp::ConnectionTable table_;
    tcp::Limits limits_;

  private:
    std::size_t burst_;
    packet::TunnelPorts ports_;
    tcp::HashSecret secret_;
    Burst parsed_;
};

class Table final : public WithTable {
  public:
    using WithTable::WithTable;

  private:
    void judge(const ParsedPacket& parsed, tally::Time now) override {
        tcp::ConnectionTable::Slot slot = table_.find(parsed.digest.value);
        if (slot != tcp::ConnectionTable::no_slot) {
            table_[slot].last_seen = now;
            return;
        }
        make_entry(parsed, now, slot).phase = tcp::Phase::syn_sent;
        table_.update(slot);
    }
};

class Machine final : public WithTable {
  public:
    using WithTable::WithTable;

  private:
    void judge(const ParsedPacket& parsed, tally::Time now) override {
        tcp::ConnectionTable::Slot slot = table_.find(parsed.digest.value);
        tcp::Segment segment = tcp::segment_of(parsed.view, now);
        if (slot == tcp::ConnectionTable::no_slot) return begin(parsed, segment);
        tcp::Connection& connection = table_[slot];
        segment.from = parsed.digest.source_is_low == connection.flows(tcp::Side::client, tcp::flow::client_is_low)
                           ? tcp::Side::client
                           : tcp::Side::server;
        const tally::Time deadline = connection.deadline;
        const tcp::Phase phase = connection.phase;
        if (tcp::predict(connection, segment, limits_)) return;
        if (tcp::step(connection, segment, limits_) == tcp::Step::new_attempt) return begin(parsed, segment);
        if (connection.phase != phase || connection.deadline != deadline) table_.update(slot);
    }

    void begin(const ParsedPacket& parsed, tcp::Segment& segment) {
        tcp::ConnectionTable::Slot slot;
        tcp::Connection& connection = make_entry(parsed, segment.time, slot);
        const packet::PacketView& view = parsed.view;
        const bool by_client = tcp::sender_is_client(segment, view.source_port, view.destination_port);
        segment.from = by_client ? tcp::Side::client : tcp::Side::server;
        if (parsed.digest.source_is_low == by_client) connection.set_flow(tcp::Side::client, tcp::flow::client_is_low);
        connection.client = {by_client ? view.source : view.destination,
                             by_client ? view.source_port : view.destination_port};
        connection.server = {by_client ? view.destination : view.source,
                             by_client ? view.destination_port : view.source_port};
        tcp::begin(connection, segment, limits_);
        table_.update(slot);
    }
};

class Tally final : public Runner {
  public:
    explicit Tally(const Conditions& conditions)
        : exchange_(0, static_cast<std::size_t>(conditions.settings.tally.banks),
                    bank_capacity(conditions.settings,
                                  {.identifies = conditions.signatures != nullptr, .serves = true, .prefault = true})),
          core_(exchange_, tally::WhenFull::lose),
          services_({.services = static_cast<std::size_t>(conditions.settings.identify.services),
                     .period = microseconds(conditions.settings.identify.again),
                     .most_tries = 64,  // as live
                     .secret = secret_.words[3]}),
          tracker_(static_cast<std::size_t>(conditions.settings.tracking.connections), limits_of(conditions.settings),
                   duplicate_limits_of(conditions.settings), core_,
                   conditions.signatures == nullptr ? nullptr : &services_),
          burst_(conditions.burst),
          ports_(tunnel_ports(conditions.settings.tunnel)) {
        if (conditions.signatures != nullptr)
            identifier_ = std::make_unique<identify::Identifier>(
                *conditions.signatures, services_, static_cast<std::size_t>(conditions.settings.identify.waiting),
                core_);
    }

    void run(std::span<const packet::Frame> frames, tally::Time now) override {
        if (now >= interval_end_) {
            tracker_.advance_to(tally::interval_of(now));
            interval_end_ = tally::interval_start(tally::interval_of(now) + 1);
        }
        in_bursts(frames, burst_, [&](std::span<const packet::Frame> burst) {
            met_ = 0;
            for (std::size_t i = 0; i < burst.size(); ++i) {
                fetch_ahead(burst, i);
                parse(burst[i], parsed_[i]);
            }
            tracker_.fetch(std::span(parsed_).first(burst.size()));
            for (std::size_t i = 0; i < burst.size(); ++i) {
                tally::PacketTotals& totals = core_.packets();
                ++totals.received;
                totals.bytes += parsed_[i].view.wire_length;
                ++totals.by_class[static_cast<std::size_t>(parsed_[i].view.packet_class)];
                core_.note_packet_time(now);
                if (!parsed_[i].view.trackable) continue;
                const tcp::Heard heard = tracker_.take(parsed_[i], now);
                if (heard.connection != nullptr) [[unlikely]]
                    hear(burst[i], parsed_[i], heard, now);
            }
        });
    }

    void relieve() override {
        while (tally::IntervalBank* bank = exchange_.take_full()) {
            attempts_ += bank->outcomes.attempts;
            exchange_.give_back(bank);
        }
    }
    std::uint64_t digest() const override { return attempts_; }

  private:
    /// As BurstPipeline::parse_all() does.
    void parse(const packet::Frame& frame, ParsedPacket& parsed) {
        const bool at_control_depth = tracker_.depth() == tally::Depth::control;
        packet::PlainSegment plain;
        if (at_control_depth && packet::parse_plain_segment(frame, plain) && !tracker_.wants(plain) &&
            (met_ & plain.tuple.bit()) == 0)
            return packet::view_to_count(plain, parsed.view);
        packet::parse(frame, ports_, parsed.view);
        if (at_control_depth) met_ |= packet::fold_of(parsed.view).bit();
        parsed.digest = tcp::digest(parsed.view, 0, secret_);
        tracker_.prefetch(parsed.digest);
    }

    void hear(const packet::Frame& frame, const ParsedPacket& parsed, const tcp::Heard& heard, tally::Time now) {
        const bool is_reset = (parsed.view.tcp_flags & packet::tcp_flag::rst) != 0;
        const identify::Payload payload{frame.data + parsed.view.payload_at, parsed.view.payload_length};
        identifier_->hear({heard.connection->server, heard.connection->client, parsed.digest.value, heard.from,
                           is_reset, payload, now});
    }

    tcp::HashSecret secret_;
    tally::BankExchange exchange_;
    tally::CoreTally core_;
    identify::KnownServices services_;
    std::unique_ptr<identify::Identifier> identifier_;  // null where nothing is identified
    tcp::Tracker tracker_;
    std::size_t burst_;
    packet::TunnelPorts ports_;
    Burst parsed_;
    tally::Time interval_end_ = 0;
    std::uint64_t met_ = 0;  // tuples of packets before in this burst
    std::uint64_t attempts_ = 0;
};

}  // namespace

std::string_view name(Stage stage) {
    constexpr std::array<std::string_view, stages> names{"touch", "parse", "hash", "table", "machine", "tally"};
    return names[static_cast<std::size_t>(stage)];
}

std::unique_ptr<Runner> make_runner(Stage stage, const Conditions& conditions) {
    switch (stage) {
        case Stage::touch:
            return std::make_unique<Touch>();
        case Stage::parse:
            return std::make_unique<Parse>(conditions);
        case Stage::hash:
            return std::make_unique<Hash>(conditions);
        case Stage::table:
            return std::make_unique<Table>(conditions);
        case Stage::machine:
            return std::make_unique<Machine>(conditions);
        case Stage::tally:
            break;
    }
    return std::make_unique<Tally>(conditions);
}

}  // namespace rstwatch::bench
