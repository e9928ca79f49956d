// SPDX-License-Identifier: Apache-2.0
// Bytes as the segments, ICMP errors and pauses of one four-tuple, through the state machine alone, called as the
// tracker calls it. After each of them what is known of the connection must agree with itself.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/tcp/header_prediction.h"
#include "dataplane/tcp/record.h"
#include "dataplane/tcp/state_machine.h"
#include "tests/fuzz/connection_rules.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

namespace packet = rstwatch::packet;
namespace tally = rstwatch::tally;
namespace tcp = rstwatch::tcp;

using rstwatch::fuzz::Input;
using tcp::Connection;
using tcp::Outcome;
using tcp::Phase;
using tcp::Segment;
using tcp::Side;
using tcp::Time;

namespace {

constexpr tcp::Limits limits{.provisional = 3 * tally::second,
                             .unanswered = 75 * tally::second,
                             .syn_ack = 64 * tally::second,
                             .reset = 3 * tally::second,
                             .closed = 60 * tally::second,
                             .early_answer = 5000,
                             .half_open_scan = tally::second,
                             .reset_hold = 5000,
                             .gap = 5 * tally::second,
                             .long_gap = 120 * tally::second,
                             .stall = 2 * tally::second,
                             .stalled = 150 * tally::second};

/// One four-tuple, followed as Tracker does it.
class FourTuple {
  public:
    explicit FourTuple(Input input) : input_(input) {
        const std::uint8_t setting = input_.byte();
        long_lived_ = (setting & 1) != 0;
        low_port_first_ = (setting & 2) != 0;
    }
    void play() {
        while (!input_.empty()) {
            pause();
            play_event();
            expire_due();
            if (used_) rstwatch::fuzz::check(connection_, now_);
        }
        finish();
    }

  private:
    void pause();
    void play_event();
    Segment segment(std::uint8_t what);
    std::uint32_t number(std::uint8_t choice, Side side) const;
    void begin(Segment segment);
    void advance(const Segment& segment);
    void icmp_error(std::uint8_t what);
    void note_attempt();
    void expire_due();
    void expire();
    void end(Outcome outcome);
    void finish();

    Input input_;
    Connection connection_;
    Time now_ = 1'700'000'000 * tally::second;
    bool used_ = false;        ///< there is an entry
    bool counted_ = false;     ///< its attempt has been counted
    bool ended_ = false;       ///< its final outcome has been counted
    bool long_lived_ = false;  ///< counters begin close to their limits
    bool low_port_first_ = false;
};

/// Around everything that the state machine compares times with.
void FourTuple::pause() {
    constexpr std::array<Time, 14> lengths{0,
                                           1,
                                           100,
                                           limits.reset_hold,
                                           limits.reset_hold + 1,
                                           tally::second / 2,
                                           limits.stall,
                                           limits.provisional,
                                           limits.gap,
                                           limits.closed,
                                           limits.unanswered,
                                           limits.long_gap,
                                           limits.stalled,
                                           Time{1} << 32};
    const std::uint8_t choice = input_.byte();
    const std::size_t which = choice & 15;
    if (which < lengths.size()) {
        now_ += lengths[which] + (choice >> 4);
    } else if (used_ && connection_.deadline > now_) {
        now_ = connection_.deadline - (which & 1);
    }
}

/// A number near those that the connection makes likely, so that comparisons go either way.
std::uint32_t FourTuple::number(std::uint8_t choice, Side side) const {
    const std::size_t i = tally::index(side);
    const std::size_t other = tally::index(tally::other(side));
    const std::uint32_t step = static_cast<std::uint32_t>(choice >> 3) - 8;  // -8 … 23
    switch (choice & 7) {
        case 0:
            return step + 8;
        case 1:
            return connection_.isn[i] + step;
        case 2:
            return connection_.next[i] + step;
        case 3:
            return connection_.acked[other] + step;
        case 4:
            return connection_.rst_sequence + step;
        case 5:
            return connection_.rst_acknowledgement + step;
        case 6:
            return connection_.next[i] + (step << 27);
        default:
            return 1000 + (step << 20);
    }
}

Segment FourTuple::segment(std::uint8_t what) {
    constexpr std::array<std::uint16_t, 4> windows{0xffff, 0, 1, 502};
    constexpr std::array<std::uint32_t, 8> lengths{0, 0, 0, 1, 2, 1460, 65535, 9};
    constexpr std::array<std::uint8_t, 4> ttls{64, 63, 128, 0};
    Segment segment;
    segment.time = now_;
    segment.from = (what & 0x40) != 0 ? Side::server : Side::client;
    segment.flags = what & packet::tcp_flag::all;
    segment.sequence = number(input_.byte(), segment.from);
    segment.acknowledgement = number(input_.byte(), tally::other(segment.from));
    const std::uint8_t rest = input_.byte();
    segment.payload_length = lengths[rest & 7];
    segment.window = windows[rest >> 3 & 3];
    segment.ttl = ttls[rest >> 5 & 3];
    segment.options = segment.syn() ? rest >> 5 & 7 : 0;
    return segment;
}

void FourTuple::play_event() {
    const std::uint8_t what = input_.byte();
    if ((what & 0x80) != 0) {
        if (used_) icmp_error(what);
        return;
    }
    const Segment given = segment(what);
    used_ ? advance(given) : begin(given);
}

void FourTuple::begin(Segment segment) {
    const std::uint16_t source = low_port_first_ ? 80 : 40000, destination = low_port_first_ ? 40000 : 80;
    segment.from = tcp::sender_is_client(segment, source, destination) ? Side::client : Side::server;
    connection_ = Connection{};
    used_ = true;
    counted_ = ended_ = false;
    tcp::begin(connection_, segment, limits);
    if (long_lived_) {
        for (std::uint16_t* count : {&connection_.syn_count, &connection_.synack_count, &connection_.rst_count})
            if (*count != 0) *count = 0xffff;
        connection_.wraps.fill(0xff);
        connection_.repeats.fill(0xff);
    }
    note_attempt();
}

void FourTuple::advance(const Segment& segment) {
    const Connection before = connection_;
    Connection predicted = connection_;
    if (tcp::predict(predicted, segment, limits)) {
        require(tcp::step(connection_, segment, limits) == tcp::Step::taken);
        require(connection_ == predicted);
        return;
    }
    if (tcp::step(connection_, segment, limits) == tcp::Step::new_attempt) {
        require(segment.syn() && !segment.ack() && !segment.rst());
        if (connection_.phase != Phase::finished) end(tcp::outcome_when_replaced(connection_));
        begin(segment);
        return;
    }
    rstwatch::fuzz::check_step(before, connection_);
    note_attempt();
}

void FourTuple::icmp_error(std::uint8_t what) {
    packet::PacketView message;
    message.icmp_type = what & 3;
    message.icmp_code = what >> 2 & 15;
    const Side quoted = (what & 0x40) != 0 ? Side::server : Side::client;
    const Connection before = connection_;
    tcp::icmp_error(connection_, now_, quoted, number(input_.byte(), quoted), message, limits);
    rstwatch::fuzz::check_step(before, connection_);
}

void FourTuple::note_attempt() {
    if (!counted_ && tcp::is_attempt(connection_)) counted_ = true;
    require(counted_ == tcp::is_attempt(connection_));
}

void FourTuple::expire_due() {
    // Provisional, final, forgotten: nothing is judged more often.
    for (int judged = 0; used_ && connection_.deadline != 0 && connection_.deadline <= now_; ++judged) {
        require(judged < 3);
        expire();
    }
}

void FourTuple::expire() {
    const Time due = connection_.deadline;
    const tcp::Expiry expiry = tcp::expire(connection_, limits);
    switch (expiry) {
        case tcp::Expiry::goes_on:
            require(connection_.deadline > due && connection_.verdict != tcp::no_verdict);
            return;
        case tcp::Expiry::final:
            require(connection_.phase == Phase::finished && connection_.deadline > due);
            end(*connection_.outcome());
            return;
        case tcp::Expiry::final_gone:
            end(*connection_.outcome());
            break;
        case tcp::Expiry::gone:
            require(ended_ && connection_.phase == Phase::finished);
            break;
    }
    used_ = false;
}

/// The final outcome, which every connection has exactly once.
void FourTuple::end(Outcome outcome) {
    require(!ended_);
    ended_ = true;
    require(tally::is_attempt(outcome) == counted_);
    tally::AttemptRecord record;
    tcp::fill_record(connection_, outcome, record);
    rstwatch::fuzz::check_record(record, connection_, now_);
}

void FourTuple::finish() {
    if (used_ && connection_.phase != Phase::finished) end(tcp::outcome_as_it_stands(connection_));
    require(!used_ || ended_);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FourTuple(Input(data, size)).play();
    return 0;
}
