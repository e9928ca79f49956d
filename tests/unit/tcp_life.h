// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/record.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/state_machine.h"

namespace rstwatch::tcp {

inline constexpr Time millisecond = 1000;
inline constexpr Time life_start = 1000 * tally::second;

/// The defaults of the settings `deadline.*`.
inline constexpr Limits default_limits{
    .provisional = 3 * tally::second,
    .unanswered = 75 * tally::second,
    .syn_ack = 64 * tally::second,
    .reset = 3 * tally::second,
    .closed = 60 * tally::second,
    .early_answer = 5 * millisecond,
    .half_open_scan = 1 * tally::second,
    .reset_hold = 5 * millisecond,
    .gap = 5 * tally::second,
    .long_gap = 120 * tally::second,
    .stall = 2 * tally::second,
    .stalled = 150 * tally::second,
};

inline tally::AttemptRecord record_of(const Connection& connection, Outcome outcome) {
    tally::AttemptRecord record;
    fill_record(connection, outcome, record);
    return record;
}

/// The life of one entry, played from a line of text: words separated by blanks, each of them one event.
///
///     >SA:10,ttl=9   the client sends a segment with these flags (S A R F P U, `-` for none) and 10 bytes of payload
///     <RA,s=0        the server does
///     +3s +5ms +1us  time goes by, and fires the deadlines that fall due
///     !3/1 !<3/1     an ICMP error of that type and code quotes the first SYN of the client (the server)
///     C=7 V=9        initial sequence numbers of client and server: 1000 and 5000 unless told otherwise
///
/// Numbers follow from what was said before: a SYN has the sender's ISN, everything else its next number, and an ACK
/// acknowledges the other side's next number. Attributes behind commas change one segment: `s=` sequence number, `s+`
/// and `s-` relative to the one it would have, likewise `a`; `isn=` begins anew; `ttl=`; `w=` window, 1000 unless
/// told otherwise; `id=` IP identification, 0 unless told otherwise; `ts` and `ws` options; of an ICMP error `q+` moves
/// the number that is quoted.
class Life {
  public:
    explicit Life(std::string_view script, const Limits& limits = default_limits) : limits_(limits) { play(script); }

    Life& play(std::string_view script) {
        while (!script.empty()) {
            const std::size_t end = script.find(' ');
            if (end != 0) event(script.substr(0, end));
            script.remove_prefix(end == std::string_view::npos ? script.size() : end + 1);
        }
        return *this;
    }

    Connection connection;
    std::vector<Outcome> ended;  ///< final outcomes, in the order in which they were given
    Time now = life_start;

    /// The deadline, counted from the beginning of the play; nothing if there is none.
    std::optional<Time> due() const {
        if (connection.deadline == 0) return std::nullopt;
        return connection.deadline - life_start;
    }

  private:
    static constexpr std::uint16_t client_port = 40000, server_port = 80;

    struct Half {
        std::uint32_t isn;
        std::uint32_t next;
        std::uint8_t ttl;
    };

    static std::uint64_t number(std::string_view& text) {
        std::uint64_t value = 0;
        if (text.empty() || text[0] < '0' || text[0] > '9') throw std::invalid_argument("a number is missing");
        for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1))
            value = value * 10 + static_cast<std::uint64_t>(text[0] - '0');
        return value;
    }

    static bool take(std::string_view& text, std::string_view prefix) {
        if (!text.starts_with(prefix)) return false;
        text.remove_prefix(prefix.size());
        return true;
    }

    void event(std::string_view word) {
        const std::string whole(word);
        if (take(word, "+")) {
            wait(word);
        } else if (take(word, ">")) {
            segment(0, word);
        } else if (take(word, "<")) {
            segment(1, word);
        } else if (take(word, "!")) {
            icmp(word);
        } else if (take(word, "C=")) {
            restart(0, static_cast<std::uint32_t>(number(word)));
        } else if (take(word, "V=")) {
            restart(1, static_cast<std::uint32_t>(number(word)));
        } else {
            throw std::invalid_argument(whole);
        }
        if (!word.empty()) throw std::invalid_argument(whole);
    }

    void restart(std::size_t side, std::uint32_t isn) {
        half_[side].isn = isn;
        half_[side].next = isn + 1;
    }

    void wait(std::string_view& text) {
        const std::uint64_t amount = number(text);
        const Time unit = take(text, "us") ? 1 : take(text, "ms") ? millisecond : take(text, "s") ? tally::second : 0;
        if (unit == 0) throw std::invalid_argument("a unit is missing");
        now += amount * unit;
        fire();
    }

    void fire() {
        while (connection.deadline != 0 && connection.deadline <= now) {
            const Expiry expiry = expire(connection, limits_);
            if (expiry == Expiry::final || expiry == Expiry::final_gone) ended.push_back(*connection.outcome());
            if (expiry == Expiry::final_gone || expiry == Expiry::gone) connection = Connection{};
        }
    }

    static std::uint8_t flags(std::string_view& text) {
        static constexpr std::string_view letters = "FSRPAU";
        std::uint8_t all = 0;
        for (; !text.empty() && text[0] != ':' && text[0] != ','; text.remove_prefix(1)) {
            if (text[0] == '-') continue;
            const std::size_t bit = letters.find(text[0]);
            if (bit == std::string_view::npos) throw std::invalid_argument("no such flag");
            all = static_cast<std::uint8_t>(all | 1u << bit);
        }
        return all;
    }

    static void change(std::string_view& text, std::uint32_t& value) {
        if (take(text, "=")) {
            value = static_cast<std::uint32_t>(number(text));
        } else if (take(text, "+")) {
            value += static_cast<std::uint32_t>(number(text));
        } else if (take(text, "-")) {
            value -= static_cast<std::uint32_t>(number(text));
        } else {
            throw std::invalid_argument("=, + or - is missing");
        }
    }

    void segment(std::size_t side, std::string_view& text) {
        Half& sender = half_[side];
        Segment built;
        built.time = now;
        built.flags = flags(text);
        if (take(text, ":")) built.payload_length = static_cast<std::uint32_t>(number(text));
        if (const std::size_t at = text.find(",isn="); at != std::string_view::npos) {
            std::string_view rest = text.substr(at + 5);
            restart(side, static_cast<std::uint32_t>(number(rest)));
        }
        built.sequence = built.syn() ? sender.isn : sender.next;
        if (built.ack()) built.acknowledgement = half_[1 - side].next;
        built.ttl = sender.ttl;
        built.window = 1000;
        while (take(text, ",")) {
            if (take(text, "isn=")) {
                (void)number(text);
            } else if (take(text, "ttl=")) {
                built.ttl = static_cast<std::uint8_t>(number(text));
            } else if (take(text, "ts")) {
                built.options |= packet::tcp_option::timestamps;
            } else if (take(text, "ws")) {
                built.options |= packet::tcp_option::window_scale;
            } else if (take(text, "id=")) {
                built.ip_id = static_cast<std::uint16_t>(number(text));
            } else if (take(text, "w=")) {
                built.window = static_cast<std::uint16_t>(number(text));
            } else if (take(text, "s")) {
                change(text, built.sequence);
            } else if (take(text, "a")) {
                change(text, built.acknowledgement);
            } else {
                throw std::invalid_argument("no such attribute");
            }
        }
        if (!built.rst() && after(built.end(), sender.next)) sender.next = built.end();
        if (built.syn() && built.payload_length > 0) sender.next = built.end();
        deliver(built, side);
    }

    void deliver(Segment built, std::size_t side) {
        if (!limits_.every_segment && !is_control(built.flags) && !wants_every_segment(connection)) return;
        built.from = (side == 0) != swapped_ ? Side::client : Side::server;
        if (connection.phase == Phase::none) return start(built, side);
        if (step(connection, built, limits_) == Step::taken) return;
        if (connection.phase != Phase::finished) ended.push_back(outcome_when_replaced(connection));
        connection = Connection{};
        start(built, side);
    }

    void start(Segment built, std::size_t side) {
        const bool is_client =
            sender_is_client(built, side == 0 ? client_port : server_port, side == 0 ? server_port : client_port);
        swapped_ = is_client != (side == 0);
        built.from = is_client ? Side::client : Side::server;
        begin(connection, built, limits_);
    }

    void icmp(std::string_view& text) {
        const std::size_t side = take(text, "<") ? 1 : 0;
        packet::PacketView message;
        constexpr std::uint8_t quoted_source[4] = {10, 0, 0, 1}, router[4] = {10, 0, 0, 254};
        message.source = tally::IpAddress::v4(quoted_source);
        message.icmp_from = tally::IpAddress::v4(router);
        if (take(text, "v6:")) message.source.bytes[10] = 0;
        message.icmp_type = static_cast<std::uint8_t>(number(text));
        if (!take(text, "/")) throw std::invalid_argument("/ is missing");
        message.icmp_code = static_cast<std::uint8_t>(number(text));
        std::uint32_t quoted = half_[side].isn;
        if (take(text, ",q")) change(text, quoted);
        icmp_error(connection, now, side == 0 ? Side::client : Side::server, quoted, message, limits_);
    }

    Limits limits_;
    std::array<Half, 2> half_{{{1000, 1001, 64}, {5000, 5001, 60}}};
    bool swapped_ = false;  ///< the side written `>` is the server of the entry
};

/// Whether a play may come to something else where established connections show their control segments only.
enum class Depth : std::uint8_t { does_not_matter, matters };

/// What a play is expected to come to.
struct Play {
    std::string name;
    std::string script;
    Phase phase;
    std::optional<Outcome> outcome;
    tally::ZeekState zeek;
    std::uint16_t flags = 0;          ///< of record_flag
    std::vector<Outcome> ended = {};  ///< outcomes that had become final on the way
    Depth depth = Depth::does_not_matter;
};

inline constexpr std::nullopt_t undecided = std::nullopt;

/// GoogleTest prints parameters; without this, as bytes.
inline void PrintTo(const Play& play, std::ostream* out) {
    *out << play.script;
}

inline std::string words(const std::vector<Outcome>& outcomes) {
    std::string all;
    for (const Outcome outcome : outcomes) all += (all.empty() ? "" : " ") + std::string(tally::name(outcome));
    return all;
}

inline std::string words(const std::optional<Outcome>& outcome) {
    return outcome ? std::string(tally::name(*outcome)) : "none";
}

inline std::string words(Phase phase) {
    static constexpr const char* all[] = {"none",  "syn_sent",    "syn_received", "established", "closed",
                                          "reset", "unsolicited", "midstream",    "finished"};
    return all[static_cast<std::size_t>(phase)];
}

inline std::string words(tally::ZeekState state) {
    static constexpr const char* all[] = {"S0",   "S1",     "SF",    "REJ", "S2",  "S3", "RSTO",
                                          "RSTR", "RSTOS0", "RSTRH", "SH",  "SHR", "OTH"};
    return all[static_cast<std::size_t>(state)];
}

inline Limits control_depth() {
    Limits limits = default_limits;
    limits.every_segment = false;
    return limits;
}

/// Plays the script with the segments that are looked up at depth "control", and expects what "full" comes to, unless
/// that is something that only the other segments show.
inline void expect_the_same_at_control_depth(const Play& play, const Life& full) {
    if (play.depth == Depth::matters) return;
    const Life control(play.script, control_depth());
    for (const std::optional<Outcome>& outcome : {full.connection.outcome(), control.connection.outcome()})
        if (outcome && !is_told_at_control_depth(*outcome)) return;
    if (!is_attempt(full.connection) || std::ranges::find(full.ended, Outcome::midstream) != full.ended.end()) return;
    EXPECT_EQ(words(control.connection.outcome()), words(full.connection.outcome())) << "at depth control";
    EXPECT_EQ(words(zeek_state(control.connection)), words(zeek_state(full.connection))) << "at depth control";
    EXPECT_EQ(words(control.ended), words(full.ended)) << "at depth control";
}

/// Plays the script and compares everything that a row says.
inline void expect(const Play& play) {
    SCOPED_TRACE(play.script);
    const Life life(play.script);
    EXPECT_EQ(words(life.connection.phase), words(play.phase));
    EXPECT_EQ(words(life.connection.outcome()), words(play.outcome));
    EXPECT_EQ(words(zeek_state(life.connection)), words(play.zeek));
    EXPECT_EQ(record_of(life.connection, Outcome::open).flags, play.flags);
    EXPECT_EQ(words(life.ended), words(play.ended));
    expect_the_same_at_control_depth(play, life);
}

inline std::string name_of(const testing::TestParamInfo<Play>& info) {
    return info.param.name;
}

}  // namespace rstwatch::tcp
