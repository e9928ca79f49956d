// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "tests/unit/tcp_life.h"

namespace rstwatch::tcp {
namespace {

using namespace packet::tcp_flag;
using tally::PacketClass;

constexpr tally::Interval first_interval = tally::interval_of(life_start);

/// What a bank held, kept when the bank has gone back.
struct Sum {
    std::vector<tally::Interval> intervals;         ///< of each bank, in order
    std::vector<tally::Interval> at_control_depth;  ///< likewise
    tally::OutcomeTotals outcomes;
    tally::Losses losses;
    tally::Gauges gauges;  ///< of the last bank
    std::vector<tally::AttemptRecord> records;
    std::vector<tally::Revision> revisions;
    std::vector<tally::Sighting> sightings;
    std::uint64_t destination_rows = 0, client_rows = 0;  ///< Σ of the rows and `other`
    bool unbalanced = false;  ///< attempts ≠ pending + open + Σ final, or provisional > pending, in some bank

    std::uint64_t final_attempts() const {
        std::uint64_t sum = 0;
        for (const Outcome outcome : tally::all_outcomes())
            if (tally::is_attempt(outcome)) sum += outcomes.final[tally::index(outcome)];
        return sum;
    }
    std::uint64_t first_of(Outcome outcome) const { return outcomes.first[tally::index(outcome)]; }
    std::uint64_t final_of(Outcome outcome) const { return outcomes.final[tally::index(outcome)]; }
};

std::uint64_t provisional_attempts(const tally::Gauges& gauges) {
    std::uint64_t sum = 0;
    for (const Outcome outcome : tally::all_outcomes())
        if (tally::is_attempt(outcome)) sum += gauges.provisional[tally::index(outcome)];
    return sum;
}

std::uint64_t weight(const tally::RowTable& table) {
    std::uint64_t sum = table.other();
    for (const tally::Row& row : table.rows()) sum += row.count;
    return sum;
}

tally::BankCapacity capacity_of(std::size_t rows, std::size_t list) {
    tally::BankCapacity capacity{};
    capacity.destinations = capacity.clients = rows;
    capacity.records = list;
    capacity.sightings = true;
    return capacity;
}

/// One core with its banks, played by one thread: what is handed over is summed up and goes back at once.
class Core {
  public:
    explicit Core(TableSize connections, const tally::BankCapacity& capacity = capacity_of(64, 64),
                  const Limits& limits = default_limits, const DuplicateLimits& duplicates = {0, 0},
                  const identify::KnownServices* services = nullptr, bool depth_may_change = false)
        : exchange_(0, 300, capacity),
          tally_(exchange_, tally::WhenFull::wait),
          tracker_(connections, limits, duplicates, tally_, services, depth_may_change) {
        advance(life_start);
    }

    void advance(Time time) {
        now_ = std::max(now_, time);
        if (tally::interval_of(now_) != interval_) {
            interval_ = tally::interval_of(now_);
            tracker_.advance_to(interval_);
        }
        collect();
    }

    Heard take(const packet::PacketView& view, Time time) {
        advance(time);
        const Heard heard = tracker_.take({view, digest(view, 0, secret_)}, now_);
        collect();
        return heard;
    }

    /// All at one time, fetched together as an RX core does or not at all.
    void take_burst(const std::vector<packet::PacketView>& views, Time time, bool fetched) {
        advance(time);
        std::vector<ParsedPacket> burst;
        for (packet::PacketView view : views) {
            view.trackable = true;
            burst.push_back({view, digest(view, 0, secret_)});
        }
        if (fetched) tracker_.fetch(burst);
        for (const ParsedPacket& packet : burst) tracker_.take(packet, now_);
        collect();
    }

    void sweep_ahead() { tracker_.sweep_ahead(now_); }
    void set_depth(tally::Depth depth) { tracker_.set_depth(depth, now_); }

    Sum& finish() {
        tracker_.finish(now_);
        tally_.finish();
        collect();
        return sum_;
    }

    const Sum& sum() const { return sum_; }
    Tracker& tracker() { return tracker_; }
    const tally::Gauges& gauges() const { return tally_.gauges(); }
    Time now() const { return now_; }

  private:
    void collect() {
        while (tally::IntervalBank* bank = exchange_.take_full()) {
            sum_.intervals.push_back(bank->interval);
            if (bank->at_control_depth) sum_.at_control_depth.push_back(bank->interval);
            for (std::size_t i = 0; i < tally::outcome_count; ++i) {
                sum_.outcomes.first[i] += bank->outcomes.first[i];
                sum_.outcomes.final[i] += bank->outcomes.final[i];
            }
            sum_.outcomes.attempts += bank->outcomes.attempts;
            sum_.outcomes.accepted += bank->outcomes.accepted;
            sum_.losses.connections_evicted += bank->losses.connections_evicted;
            sum_.losses.connections_overflowed += bank->losses.connections_overflowed;
            sum_.losses.records_dropped += bank->losses.records_dropped;
            sum_.gauges = bank->gauges;
            sum_.unbalanced |=
                sum_.outcomes.attempts != sum_.final_attempts() + bank->gauges.pending + bank->gauges.open ||
                provisional_attempts(bank->gauges) > bank->gauges.pending;
            sum_.records.insert(sum_.records.end(), bank->records.begin(), bank->records.end());
            sum_.revisions.insert(sum_.revisions.end(), bank->revisions.begin(), bank->revisions.end());
            sum_.sightings.insert(sum_.sightings.end(), bank->sightings.begin(), bank->sightings.end());
            sum_.destination_rows += weight(bank->destinations);
            sum_.client_rows += weight(bank->clients);
            exchange_.give_back(bank);
        }
    }

    tally::BankExchange exchange_;
    tally::CoreTally tally_;
    Tracker tracker_;
    HashSecret secret_;
    Time now_ = 0;
    tally::Interval interval_ = 0;
    Sum sum_;
};

/// Addresses of the `number`th client and of its server.
packet::PacketView tuple(std::uint32_t number, bool v6 = false) {
    packet::PacketView view;
    view.packet_class = PacketClass::tcp;
    view.trackable = true;
    const auto address = [&](std::uint8_t net, std::uint32_t host) {
        std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8, net};
        for (int i = 0; i < 4; ++i)
            bytes[static_cast<std::size_t>(12 + i)] = static_cast<std::uint8_t>(host >> (24 - 8 * i));
        if (v6) return tally::IpAddress::v6(bytes.data());
        bytes[12] = net;
        return tally::IpAddress::v4(bytes.data() + 12);
    };
    view.source = address(10, number);
    view.destination = address(20, number % 7);
    view.source_port = static_cast<std::uint16_t>(30000 + number);
    view.destination_port = 80;
    view.ttl = 60;
    return view;
}

packet::PacketView client(std::uint8_t flags, std::uint32_t sequence, std::uint32_t ack_number = 0,
                          std::uint32_t length = 0, std::uint32_t number = 1, bool v6 = false) {
    packet::PacketView view = tuple(number, v6);
    view.tcp_flags = flags;
    view.sequence = sequence;
    view.acknowledgement = ack_number;
    view.payload_length = length;
    return view;
}

packet::PacketView reversed(packet::PacketView view) {
    std::swap(view.source, view.destination);
    std::swap(view.source_port, view.destination_port);
    return view;
}

packet::PacketView server(std::uint8_t flags, std::uint32_t sequence, std::uint32_t ack_number = 0,
                          std::uint32_t length = 0, std::uint32_t number = 1, bool v6 = false) {
    return reversed(client(flags, sequence, ack_number, length, number, v6));
}

packet::PacketView icmp(std::uint8_t type, std::uint8_t code, packet::PacketView quoted) {
    quoted.packet_class = PacketClass::icmp_error;
    quoted.icmp_type = type;
    quoted.icmp_code = code;
    quoted.tcp_flags = 0;
    quoted.acknowledgement = 0;
    return quoted;
}

TEST(Tracker, RefusalIsOneAttempt) {
    for (const bool v6 : {false, true}) {
        Core core(64);
        core.take(client(syn, 100, 0, 0, 1, v6), life_start);
        EXPECT_EQ(core.gauges().pending, 1U);
        EXPECT_EQ(core.gauges().connections_used, 1U);
        core.take(server(rst | ack, 0, 101, 0, 1, v6), life_start + 100);
        EXPECT_EQ(core.gauges().provisional[tally::index(Outcome::refused)], 1U);
        const Sum& sum = core.finish();
        EXPECT_EQ(sum.outcomes.attempts, 1U);
        EXPECT_EQ(sum.first_of(Outcome::refused), 1U);
        EXPECT_EQ(sum.final_of(Outcome::refused), 1U);
        EXPECT_EQ(sum.destination_rows, 1U);
        EXPECT_EQ(sum.client_rows, 1U);
        EXPECT_TRUE(sum.revisions.empty());
        ASSERT_EQ(sum.records.size(), 1U);
        const tally::AttemptRecord& record = sum.records[0];
        EXPECT_EQ(record.client, (tally::Endpoint{tuple(1, v6).source, 30001}));
        EXPECT_EQ(record.server, (tally::Endpoint{tuple(1, v6).destination, 80}));
        EXPECT_EQ(record.outcome, Outcome::refused);
        EXPECT_EQ(record.start, life_start);
        EXPECT_EQ(record.decided, life_start + 100);
        EXPECT_EQ(record.rst_by, tally::RstBy::server);
        EXPECT_EQ(sum.gauges.pending, 0U);
        EXPECT_EQ(sum.gauges.connections_used, 0U);
    }
}

TEST(Tracker, OpenConnectionIsAcceptedOnceAndOpenAtTheEnd) {
    Core core(64);
    core.take(client(syn, 100), life_start);
    core.take(server(syn | ack, 500, 101), life_start + 10);
    core.take(client(ack, 101, 501), life_start + 20);
    EXPECT_EQ(core.gauges().open, 1U);
    EXPECT_EQ(core.gauges().pending, 0U);
    core.take(server(rst, 9000), life_start + 30);  // nobody must accept it
    EXPECT_EQ(core.gauges().open, 0U);
    EXPECT_EQ(core.gauges().pending, 1U);
    core.take(client(ack | psh, 101, 501, 10), life_start + 40);
    EXPECT_EQ(core.gauges().open, 1U);
    EXPECT_EQ(core.gauges().pending, 0U);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.outcomes.accepted, 1U);
    EXPECT_EQ(sum.final_of(Outcome::open), 1U);
    EXPECT_EQ(sum.final_attempts(), 1U);
    ASSERT_EQ(sum.revisions.size(), 1U);
    EXPECT_EQ(sum.revisions[0].from, Outcome::reset_before_data_by_server);
    EXPECT_EQ(sum.revisions[0].to, std::nullopt);
    EXPECT_EQ(sum.revisions[0].given_in, first_interval);
    EXPECT_EQ(sum.revisions[0].time, life_start + 40);
    EXPECT_EQ(sum.records.at(0).flags, tally::record_flag::accepted | tally::record_flag::rst_ignored);
    EXPECT_EQ(sum.gauges.open, 0U);
    EXPECT_EQ(sum.destination_rows, 3U);  // accepted, the reset, open
}

TEST(Tracker, ReceiverOfASynAckIsTheClientWhateverThePorts) {
    Core core(64);
    packet::PacketView answer = client(syn | ack, 500, 101);  // from port 30001 to port 80
    core.take(answer, life_start);
    const Sum& sum = core.finish();
    ASSERT_EQ(sum.records.size(), 1U);
    EXPECT_EQ(sum.records[0].server.port, 30001);
    EXPECT_EQ(sum.records[0].outcome, Outcome::unsolicited);
    EXPECT_EQ(sum.outcomes.attempts, 0U);
    EXPECT_EQ(sum.gauges.pending, 0U);
}

TEST(Tracker, ProvisionalVerdictIsCountedInTheIntervalOfItsDeadline) {
    Core core(64);
    core.take(client(syn, 100), life_start + 1);  // due 3 s and 1 µs after the start of the interval
    core.advance(life_start + 3 * tally::second);
    EXPECT_EQ(core.gauges().provisional[tally::index(Outcome::unanswered)], 0U);
    core.advance(life_start + 4 * tally::second);
    EXPECT_EQ(core.gauges().provisional[tally::index(Outcome::unanswered)], 1U);
    EXPECT_EQ(core.sum().intervals, (std::vector<tally::Interval>{first_interval, first_interval + 3}));
    EXPECT_EQ(core.sum().first_of(Outcome::unanswered), 1U);
    EXPECT_EQ(core.sum().sightings.at(0).time, life_start + 3 * tally::second + 1);
}

TEST(Tracker, DeadlineOnTheBoundaryBelongsToTheIntervalBefore) {
    Core core(64);
    core.take(client(syn, 100), life_start);
    core.advance(life_start + 3 * tally::second);
    EXPECT_EQ(core.sum().intervals, (std::vector<tally::Interval>{first_interval, first_interval + 2}));
    EXPECT_EQ(core.sum().first_of(Outcome::unanswered), 1U);
}

TEST(Tracker, DeadlineComesBeforeThePacketOfItsTime) {
    for (const Time late : {0U, 1U}) {
        Core core(64);
        core.take(client(syn, 100), life_start + 500);
        core.take(server(syn | ack, 500, 101), life_start + 500 + 3 * tally::second - 1 + late);
        core.take(client(ack, 101, 501), core.now());
        const Sum& sum = core.finish();
        EXPECT_EQ(sum.first_of(Outcome::unanswered), late);
        EXPECT_EQ(sum.revisions.size(), late);
        EXPECT_EQ(sum.final_of(Outcome::open), 1U);
        EXPECT_EQ(sum.final_of(Outcome::unanswered), 0U);
    }
}

TEST(Tracker, RetriedRefusalIsOneAttemptAlsoWhenFinished) {
    Core core(64);
    for (int i = 0; i < 3; ++i) {
        core.take(client(syn, 100), life_start + static_cast<Time>(i) * 10 * tally::second);
        core.take(server(rst | ack, 0, 101), core.now() + 10);
    }
    core.take(client(syn, 200), core.now() + 10);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.outcomes.attempts, 2U);
    EXPECT_EQ(sum.final_of(Outcome::refused), 1U);
    EXPECT_EQ(sum.final_of(Outcome::undetermined), 1U);
}

TEST(Tracker, NewInitialNumberIsANewAttempt) {
    Core core(64);
    core.take(client(syn, 100), life_start);
    core.take(client(syn, 200), life_start + 10);
    core.take(server(syn | ack, 500, 201), life_start + 20);
    core.take(client(ack, 201, 501), life_start + 30);
    core.take(client(syn, 300), life_start + 40);
    // What becomes of the open one shows in how its successor fares.
    EXPECT_EQ(core.gauges().open, 1U);
    EXPECT_EQ(core.gauges().pending, 1U);
    EXPECT_EQ(core.gauges().connections_used, 1U);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.outcomes.attempts, 3U);
    EXPECT_EQ(sum.final_of(Outcome::client_cancelled), 1U);
    EXPECT_EQ(sum.final_of(Outcome::open), 1U);
    EXPECT_EQ(sum.final_of(Outcome::undetermined), 1U);
    EXPECT_EQ(sum.losses.connections_evicted, 0U);
}

TEST(Tracker, EarlyAnswerBelongsToItsSyn) {
    Core core(64);
    core.take(server(rst | ack, 0, 101), life_start);
    core.take(client(syn, 100), life_start + 5000);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.outcomes.attempts, 1U);
    EXPECT_EQ(sum.final_of(Outcome::refused), 1U);
    EXPECT_EQ(sum.first_of(Outcome::unsolicited), 0U);
    ASSERT_EQ(sum.records.size(), 1U);
    EXPECT_EQ(sum.records[0].client.port, 30001);
}

TEST(Tracker, EarlyIcmpErrorBelongsToItsSyn) {
    Core core(64);
    core.take(icmp(3, 13, client(0, 100)), life_start);
    core.take(client(syn, 100), life_start + 2000);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.outcomes.attempts, 1U);
    EXPECT_EQ(sum.final_of(Outcome::icmp_rejected), 1U);
}

TEST(Tracker, IcmpErrorRejectsTheAttemptItQuotes) {
    for (const bool v6 : {false, true}) {
        Core core(64);
        core.take(client(syn, 100, 0, 0, 1, v6), life_start);
        core.take(icmp(v6 ? 1 : 3, 1, client(0, 101, 0, 0, 1, v6)), life_start + 10);  // not its number
        core.take(icmp(v6 ? 1 : 3, 1, server(0, 100, 0, 0, 1, v6)), life_start + 10);  // not its direction
        core.take(icmp(v6 ? 1 : 3, 1, client(0, 100, 0, 0, 2, v6)), life_start + 10);  // nobody's
        EXPECT_EQ(core.gauges().provisional[tally::index(Outcome::icmp_rejected)], 0U);
        core.take(icmp(v6 ? 1 : 3, 1, client(0, 100, 0, 0, 1, v6)), life_start + 20);
        EXPECT_EQ(core.gauges().provisional[tally::index(Outcome::icmp_rejected)], 1U);
        const Sum& sum = core.finish();
        EXPECT_EQ(sum.final_of(Outcome::icmp_rejected), 1U);
        EXPECT_EQ(sum.records.at(0).icmp_code, 1);
        EXPECT_EQ(sum.records.at(0).decided, life_start + 20);
        EXPECT_EQ(sum.outcomes.attempts, 1U);
    }
}

TEST(Tracker, RevisionNamesTheIntervalOfTheFirstVerdict) {
    Core core(64);
    core.take(client(syn, 100), life_start);
    core.take(icmp(3, 1, client(0, 100)), life_start + 10 * tally::second);
    core.take(server(rst | ack, 0, 101), life_start + 20 * tally::second);
    const Sum& sum = core.finish();
    ASSERT_EQ(sum.revisions.size(), 2U);
    EXPECT_EQ(sum.revisions[0].given_in, first_interval + 2);
    EXPECT_EQ(sum.revisions[0].from, Outcome::unanswered);
    EXPECT_EQ(sum.revisions[0].to, Outcome::icmp_rejected);
    EXPECT_EQ(sum.revisions[1].given_in, first_interval + 2);
    EXPECT_EQ(sum.revisions[1].from, Outcome::icmp_rejected);
    EXPECT_EQ(sum.revisions[1].to, Outcome::refused);
    EXPECT_EQ(sum.revisions[1].time, life_start + 20 * tally::second);
    EXPECT_EQ(sum.first_of(Outcome::unanswered), 1U);
    EXPECT_EQ(sum.first_of(Outcome::refused), 0U);
    EXPECT_EQ(sum.final_of(Outcome::refused), 1U);
}

TEST(Tracker, ABankThatIsFullInTheMidstOfAConnectionAddsUp) {
    constexpr std::uint32_t clients = 5, longest_list = 4;
    Core core(64, capacity_of(64, longest_list));
    for (std::uint32_t number = 1; number <= clients; ++number) core.take(client(syn, 100, 0, 0, number), life_start);
    core.advance(life_start + 10 * tally::second);
    EXPECT_EQ(core.sum().first_of(Outcome::unanswered), clients);
    // Their answers were not mirrored; that the clients go on withdraws the verdicts and opens the connections at once.
    std::vector<packet::PacketView> data;
    for (std::uint32_t number = 1; number <= clients; ++number) data.push_back(client(psh | ack, 101, 901, 10, number));
    core.take_burst(data, life_start + 10 * tally::second, false);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.revisions.size(), clients);
    EXPECT_EQ(sum.final_of(Outcome::open), clients);
    EXPECT_FALSE(sum.unbalanced);
}

TEST(Tracker, JumpOfDecadesHandsOverFewBanks) {
    Core empty(64);
    empty.advance(life_start + 1'400'000'000 * tally::second);
    EXPECT_EQ(empty.sum().intervals, std::vector<tally::Interval>{first_interval});

    Core core(64);
    core.take(client(syn, 100), life_start);
    core.advance(life_start + 1'400'000'000 * tally::second);
    // 3 s provisional, 75 s final, 60 s more remembered: each in the interval before its boundary.
    EXPECT_EQ(core.sum().intervals, (std::vector<tally::Interval>{first_interval, first_interval + 2,
                                                                  first_interval + 74, first_interval + 134}));
    EXPECT_EQ(core.sum().final_of(Outcome::unanswered), 1U);
    EXPECT_EQ(core.gauges().connections_used, 0U);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.intervals.back(), first_interval + 1'400'000'000);
    EXPECT_EQ(sum.intervals.size(), 5U);
}

TEST(Tracker, JumpWithAnOpenConnectionHandsOverOneBank) {
    Core core(64);
    core.take(client(ack, 100, 500), life_start);
    core.advance(life_start + 1'400'000'000 * tally::second);
    EXPECT_EQ(core.sum().intervals, std::vector<tally::Interval>{first_interval});
    EXPECT_EQ(core.gauges().connections_used, 1U);
}

TEST(Tracker, FinishSettlesWhatIsDueAndWhatIsNot) {
    Core core(64);
    core.take(client(syn, 100, 0, 0, 1), life_start);
    core.take(client(syn, 100, 0, 0, 2), life_start + tally::second);
    core.take(server(rst, 7, 0, 0, 3), life_start + tally::second);
    core.take(client(ack, 7, 7, 0, 4), life_start + 3 * tally::second);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.final_of(Outcome::unanswered), 1U);
    EXPECT_EQ(sum.final_of(Outcome::undetermined), 1U);
    EXPECT_EQ(sum.final_of(Outcome::unsolicited), 1U);
    EXPECT_EQ(sum.final_of(Outcome::midstream), 1U);
    EXPECT_EQ(sum.outcomes.attempts, 2U);
    EXPECT_EQ(sum.records.size(), 4U);
}

TEST(Tracker, FullTableCountsWhoGivesWay) {
    Core core(32);
    const std::size_t capacity = core.tracker().capacity();
    const auto begun = static_cast<std::uint32_t>(20 * capacity);
    for (std::uint32_t i = 0; i < begun; ++i) core.take(client(syn, 100, 0, 0, i), life_start + i);
    EXPECT_EQ(core.gauges().connections_used, capacity);
    EXPECT_EQ(core.gauges().pending, capacity);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.losses.connections_evicted, begun - capacity);
    EXPECT_EQ(sum.losses.connections_overflowed, begun - capacity);
    EXPECT_EQ(sum.outcomes.attempts, begun);
    EXPECT_EQ(sum.final_of(Outcome::undetermined), begun);
    std::size_t evicted = 0;
    for (const tally::AttemptRecord& record : sum.records) evicted += record.flags == tally::record_flag::evicted;
    EXPECT_EQ(evicted, begun - capacity);
}

/// Answers come in the burst in which the table grows, too: where entries were when it was fetched, they are no more.
TEST(Tracker, NoneGivesWayWhileTheTableMayGrow) {
    constexpr std::uint32_t begun = 2000;
    Core core(TableSize(32, 16384));
    const std::size_t first = core.tracker().capacity();
    for (std::uint32_t i = 0; i < begun; i += 10) {
        std::vector<packet::PacketView> burst;
        for (std::uint32_t j = i; j < i + 10; ++j) burst.push_back(client(syn, 100, 0, 0, j));
        for (std::uint32_t j = i - std::min(i, 5U); j < i + 5; ++j) burst.push_back(server(rst | ack, 0, 101, 0, j));
        core.take_burst(burst, life_start + i, true);
    }
    for (std::uint32_t j = begun - 5; j < begun; ++j) core.take(server(rst | ack, 0, 101, 0, j), life_start + begun);
    EXPECT_GT(core.tracker().capacity(), first);
    EXPECT_EQ(core.gauges().connections_used, begun);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.losses.connections_evicted, 0U);
    EXPECT_EQ(sum.final_of(Outcome::refused), begun);
}

TEST(Tracker, FinishedAttemptsGiveWayWithoutOverflow) {
    Limits limits = default_limits;
    limits.reset = 1;
    limits.closed = 200 * tally::second;
    Core core(32, capacity_of(64, 64), limits);
    for (std::uint32_t i = 0; i < 190; ++i) {
        core.take(client(syn, 100, 0, 0, i), life_start + i * tally::second);
        core.take(server(rst | ack, 0, 101, 0, i), core.now());
    }
    const std::size_t capacity = core.tracker().capacity();
    EXPECT_EQ(core.gauges().connections_used, capacity);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.losses.connections_evicted, 190 - capacity);
    EXPECT_EQ(sum.losses.connections_overflowed, 0U);
    EXPECT_EQ(sum.final_of(Outcome::refused), 190U);
}

TEST(Tracker, VlanTagsOfTheFirstPacketAreKept) {
    Core core(64);
    packet::PacketView first = client(syn, 100);
    first.vlan = {100, 200};
    first.vlan_count = 2;
    core.take(first, life_start);
    const Sum& sum = core.finish();
    EXPECT_EQ(sum.records.at(0).vlan, (std::array<std::uint16_t, 2>{100, 200}));
    EXPECT_EQ(sum.records.at(0).vlan_count, 2);
}

/// Any segments at all, more often than not near to what would make sense: the same seed gives the same ones.
class Traffic {
  public:
    Traffic(std::uint64_t seed, std::uint32_t tuples) : random_(seed), tuples_(tuples) {
        sides_.resize(tuples * std::size_t{2});
        for (std::size_t i = 0; i < sides_.size(); ++i) sides_[i] = {first_number(i), first_number(i) + 1};
    }

    Time pause() {
        switch (below(100)) {
            case 0:
                return below(100) * tally::second;
            case 1:
                return below(300) * tally::second / 2;
            case 2:
                return tally::second;
            case 3:
                return 3 * tally::second;
            case 4:
                return below(5000);
            default:
                return below(200'000);
        }
    }

    packet::PacketView next() {
        const std::uint32_t number = below(tuples_);
        const std::size_t side = below(2);
        Numbers& sender = sides_[number * 2 + side];
        const Numbers& receiver = sides_[number * 2 + 1 - side];
        packet::PacketView view = client(any_flags(side), sender.next, 0, 0, number, number % 2 == 1);
        if (side == 1) view = reversed(view);
        if ((view.tcp_flags & syn) && below(8) == 0)
            sender = {first_number(below(1000)), 0}, sender.next = sender.isn + 1;
        if (view.tcp_flags & syn) view.sequence = sender.isn;
        if (view.tcp_flags & ack) view.acknowledgement = receiver.next;
        if ((view.tcp_flags & rst) && (view.tcp_flags & ack) && below(2) == 0) view.sequence = 0;
        if (below(4) == 0) view.payload_length = below(3000);
        if (below(10) == 0) view.sequence += below(7) - 3;
        if (below(10) == 0) view.acknowledgement += below(7) - 3;
        if (below(40) == 0) view.sequence = static_cast<std::uint32_t>(random_());
        if (below(40) == 0) view.acknowledgement = static_cast<std::uint32_t>(random_());
        if (below(20) == 0) view.ttl = static_cast<std::uint8_t>(below(256));
        view.tcp_options = static_cast<std::uint8_t>(below(8));
        if (below(25) == 0) {
            packet::PacketView quoted = view;
            quoted.sequence = below(3) == 0 ? sender.next : sender.isn;
            return icmp(static_cast<std::uint8_t>(below(4)), static_cast<std::uint8_t>(below(16)), quoted);
        }
        if (!(view.tcp_flags & rst) && below(5) != 0) sender.next = view.sequence + view.payload_length;
        if (!(view.tcp_flags & rst) && (view.tcp_flags & (syn | fin))) ++sender.next;
        return view;
    }

  private:
    struct Numbers {
        std::uint32_t isn, next;
    };

    std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

    static std::uint32_t first_number(std::size_t i) {
        static constexpr std::uint32_t numbers[] = {0, 1, 1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
        return numbers[i % std::size(numbers)];
    }

    std::uint8_t any_flags(std::size_t side) {
        if (below(30) == 0) return static_cast<std::uint8_t>(below(64));
        static constexpr std::uint8_t by_client[] = {syn, syn, ack, ack, ack | psh, ack | fin, rst, rst | ack};
        static constexpr std::uint8_t by_server[] = {syn | ack, syn | ack, ack,       ack | psh,
                                                     ack | fin, rst,       rst | ack, rst | ack};
        return (side == 0 ? by_client : by_server)[below(8)];
    }

    std::mt19937_64 random_;
    std::uint32_t tuples_;
    std::vector<Numbers> sides_;
};

/// Every attempt ends in one outcome, whatever comes, and every number is counted everywhere.
void expect_conserved(const Sum& sum) {
    EXPECT_FALSE(sum.unbalanced);
    EXPECT_EQ(sum.outcomes.attempts, sum.final_attempts());
    EXPECT_EQ(sum.gauges.pending, 0U);
    EXPECT_EQ(sum.gauges.open, 0U);
    EXPECT_EQ(sum.gauges.connections_used, 0U);
    std::array<std::uint64_t, tally::outcome_count> recorded{};
    for (const tally::AttemptRecord& record : sum.records) ++recorded[tally::index(record.outcome)];
    std::array<std::uint64_t, tally::outcome_count> shown = sum.outcomes.first;
    for (const tally::Revision& revision : sum.revisions) {
        --shown[tally::index(revision.from)];
        if (revision.to) ++shown[tally::index(*revision.to)];
    }
    std::uint64_t first = 0;
    for (const Outcome outcome : tally::all_outcomes()) {
        SCOPED_TRACE(std::string(tally::name(outcome)));
        EXPECT_EQ(sum.gauges.provisional[tally::index(outcome)], 0U);
        EXPECT_EQ(recorded[tally::index(outcome)], sum.final_of(outcome));
        EXPECT_EQ(shown[tally::index(outcome)], sum.final_of(outcome));
        first += sum.first_of(outcome);
    }
    EXPECT_EQ(sum.sightings.size(), first);
    EXPECT_EQ(sum.destination_rows, first + sum.outcomes.accepted);
    EXPECT_EQ(sum.client_rows, first);
    EXPECT_EQ(sum.losses.records_dropped, 0U);
    EXPECT_TRUE(std::is_sorted(sum.intervals.begin(), sum.intervals.end()));
}

class Conservation : public testing::TestWithParam<std::uint64_t> {
  protected:
    static Sum play(std::size_t connections, std::uint32_t tuples, const tally::BankCapacity& capacity,
                    int depth_changes_after = 0) {
        Core core(connections, capacity, default_limits, {0, 0}, nullptr, depth_changes_after != 0);
        Traffic traffic(GetParam(), tuples);
        Time now = life_start;
        for (int i = 0; i < 5000; ++i) {
            now += traffic.pause();
            core.take(traffic.next(), now);
            if (depth_changes_after != 0 && i % depth_changes_after == 0)
                core.set_depth(i / depth_changes_after % 2 == 0 ? tally::Depth::control : tally::Depth::full);
        }
        return std::move(core.finish());
    }
};

TEST_P(Conservation, OfAnySegments) {
    const Sum sum = play(256, 12, capacity_of(1024, 256));
    expect_conserved(sum);
    EXPECT_EQ(sum.losses.connections_overflowed, 0U);
    EXPECT_GT(sum.outcomes.attempts, 100U);
    EXPECT_GT(sum.outcomes.accepted, 10U);
}

TEST_P(Conservation, WithFullTables) {
    const Sum sum = play(16, 200, capacity_of(4, 3));
    expect_conserved(sum);
    EXPECT_GT(sum.losses.connections_overflowed, 100U);
}

TEST_P(Conservation, WhateverTheDepth) {
    const Sum sum = play(256, 12, capacity_of(1024, 256), 50);
    expect_conserved(sum);
    EXPECT_GT(sum.outcomes.attempts, 100U);
    EXPECT_GT(sum.outcomes.accepted, 10U);
    EXPECT_GT(sum.at_control_depth.size(), 10U);
}

INSTANTIATE_TEST_SUITE_P(Tracker, Conservation, testing::Range<std::uint64_t>(1, 17));

TEST(Tracker, ABurstIsJudgedOneByOne) {
    for (const std::uint32_t tuples : {12U, 200U}) {  // less and more than there is room for
        const auto play = [tuples](bool fetched) {
            Core core(64);
            Traffic traffic(11, tuples);
            Time now = life_start;
            for (int i = 0; i < 300; ++i) {
                now += traffic.pause();
                std::vector<packet::PacketView> burst;
                while (burst.size() < Tracker::longest_burst) burst.push_back(traffic.next());
                core.take_burst(burst, now, fetched);
            }
            return core.finish().outcomes;
        };
        const tally::OutcomeTotals together = play(true), apart = play(false);
        EXPECT_EQ(together.first, apart.first);
        EXPECT_EQ(together.final, apart.final);
        EXPECT_EQ(together.attempts, apart.attempts);
        EXPECT_GT(apart.attempts, 500U);
    }
}

/// When the deadlines of a second are fired within it makes no difference but to how long its end takes.
TEST(Tracker, SweepingAheadChangesNothing) {
    const auto play = [](bool ahead) {
        Core core(64, capacity_of(1024, 1024));
        Traffic traffic(3, 50);
        Time now = life_start;
        for (int i = 0; i < 5000; ++i) {
            now += traffic.pause();
            core.take(traffic.next(), now);
            if (ahead) core.sweep_ahead();
        }
        return std::move(core.finish());
    };
    const Sum with = play(true), without = play(false);
    EXPECT_EQ(with.outcomes.first, without.outcomes.first);
    EXPECT_EQ(with.outcomes.final, without.outcomes.final);
    const auto ends = [](const Sum& sum) {
        std::multiset<std::tuple<tally::Endpoint, Time, Time, Outcome, tally::Interval>> all;
        for (const tally::AttemptRecord& each : sum.records)
            all.insert({each.client, each.start, each.decided, each.outcome, each.counted_in});
        return all;
    };
    EXPECT_EQ(ends(with), ends(without));
}

TEST(Tracker, SweepingAheadFiresWhatHasPassed) {
    Core core(64);
    core.take(client(syn, 100), life_start + 1);
    core.take(client(syn, 100, 0, 0, 2), life_start + tally::second / 2);
    core.advance(life_start + default_limits.provisional + 1);
    EXPECT_EQ(core.gauges().provisional[tally::index(Outcome::unanswered)], 0U);
    core.sweep_ahead();
    EXPECT_EQ(core.gauges().provisional[tally::index(Outcome::unanswered)], 1U) << "the other one is not due yet";
}

TEST(Tracker, SameSegmentsGiveTheSameCounts) {
    const auto play = [] {
        Core core(64);
        Traffic traffic(7, 50);
        Time now = life_start;
        for (int i = 0; i < 2000; ++i) {
            now += traffic.pause();
            core.take(traffic.next(), now);
        }
        return core.finish().outcomes;
    };
    const tally::OutcomeTotals one = play(), other = play();
    EXPECT_EQ(one.first, other.first);
    EXPECT_EQ(one.final, other.final);
    EXPECT_EQ(one.attempts, other.attempts);
}

/// A core that falls from full depth to control depth, and comes back.
class ChangingDepth : public testing::Test {
  protected:
    void take(const packet::PacketView& view) {
        now_ += 1000;
        core_.take(view, now_);
    }
    void connect(std::uint32_t number) {
        take(client(syn, 100, 0, 0, number));
        take(server(syn | ack, 500, 101, 0, number));
        take(client(ack, 101, 501, 0, number));
        take(client(ack | psh, 101, 501, 10, number));
        take(server(ack, 501, 111, 0, number));
    }
    const tally::AttemptRecord& record_of(std::uint32_t number) {
        const tally::Endpoint wanted{tuple(number).source, tuple(number).source_port};
        for (const tally::AttemptRecord& record : core_.sum().records)
            if (record.client == wanted) return record;
        throw std::runtime_error("no record of " + std::to_string(number));
    }

    Core core_{64, capacity_of(64, 64), default_limits, {0, 0}, nullptr, true};
    Time now_ = life_start;
};

TEST_F(ChangingDepth, AHandshakeUnderWayIsFollowedToItsEnd) {
    take(client(syn, 100));
    take(server(syn | ack, 500, 101));
    core_.set_depth(tally::Depth::control);
    take(client(ack, 101, 501));
    EXPECT_EQ(core_.finish().outcomes.accepted, 1U);
}

TEST_F(ChangingDepth, WhatWasNotLookedUpCastsNoDoubt) {
    connect(1);
    core_.set_depth(tally::Depth::control);
    for (std::uint32_t i = 0; i < 200; ++i) take(server(ack, 501 + i * 1000, 111, 1000, 1));
    core_.set_depth(tally::Depth::full);
    connect(2);
    for (const std::uint32_t number : {1U, 2U}) {  // what is acknowledged has not been looked up
        take(client(ack, 111, 501 + 200'000, 0, number));
        take(server(rst | ack, 501 + 200'000, 111, 0, number));
    }
    core_.finish();
    EXPECT_EQ(record_of(1).outcome, Outcome::reset_mid_stream_by_server);
    EXPECT_EQ(record_of(2).outcome, Outcome::reset_mid_stream_by_server);
    EXPECT_EQ(record_of(1).flags & tally::record_flag::gap, 0) << "it was looked up in part only";
    EXPECT_NE(record_of(2).flags & tally::record_flag::gap, 0) << "it began when every segment was looked up again";
    EXPECT_EQ((record_of(1).flags | record_of(2).flags) & tally::record_flag::rst_ignored, 0);
}

TEST_F(ChangingDepth, IntervalsSayWhichTheyWere) {
    take(client(syn, 100));
    core_.advance(life_start + tally::second);
    core_.set_depth(tally::Depth::control);
    core_.advance(life_start + 2 * tally::second);
    core_.set_depth(tally::Depth::full);
    core_.advance(life_start + 3 * tally::second);
    const Sum& sum = core_.finish();
    EXPECT_EQ(sum.at_control_depth, (std::vector{first_interval + 1, first_interval + 2}));
    EXPECT_EQ(sum.intervals.size(), 4U);
}

/// Which segments say what a service speaks: "c", "s" for what is heard of each side, "-" for what is not.
class Hearing : public testing::TestWithParam<bool> {
  protected:
    void take(const packet::PacketView& view) {
        now_ += 100;
        const Heard heard = core_.take(view, now_);
        heard_ += heard.connection == nullptr ? '-' : heard.from == Side::client ? 'c' : 's';
    }
    void connect(std::uint32_t number = 1) {
        take(client(syn, 100, 0, 0, number));
        take(server(syn | ack, 500, 101, 0, number));
        take(client(ack, 101, 501, 0, number));
        heard_.clear();
    }
    tally::Endpoint service() const { return {tuple(1).destination, 80}; }

    identify::KnownServices services_{{64, 3600 * tally::second, 0}};
    Core core_{64, capacity_of(64, 64), GetParam() ? control_depth() : default_limits, {0, 0}, &services_};
    Time now_ = life_start;
    std::string heard_;
};

TEST_P(Hearing, FirstPayloadOfEachSideIsHeard) {
    connect();
    take(client(ack, 101, 501, 20));
    take(server(ack, 501, 121));
    take(server(ack, 501, 121, 30));
    take(client(ack, 121, 531));
    take(client(ack, 121, 531, 20));
    take(server(ack, 531, 141, 20));
    EXPECT_EQ(heard_, "c-s---");
}

TEST_P(Hearing, AServerMaySpeakFirst) {
    connect();
    take(server(ack, 501, 101, 30));
    take(client(ack, 101, 531));
    take(client(ack, 101, 531, 20));
    EXPECT_EQ(heard_, "s-c");
}

TEST_P(Hearing, WhatIsKnownIsNotHeard) {
    services_.learn(service(), tally::HeardFrom::server, life_start);
    connect();
    take(client(ack, 101, 501, 20));
    take(server(ack, 501, 121, 30));
    EXPECT_EQ(heard_, "--");
}

TEST_P(Hearing, WordsOfAResetAreHeardOnce) {
    connect();
    take(server(rst | ack, 501, 101, 17));
    services_.learn(service(), tally::HeardFrom::reset, now_);
    take(server(rst | ack, 501, 101, 17));
    EXPECT_EQ(heard_, "s-");
}

TEST_P(Hearing, ConnectionsWithoutABeginningAndRefusedOnesAreNot) {
    take(client(ack, 101, 501, 20));
    take(server(ack, 501, 121, 30));
    take(client(syn, 100, 0, 0, 2));
    take(server(rst | ack, 0, 101, 0, 2));
    EXPECT_EQ(heard_, "----");
}

INSTANTIATE_TEST_SUITE_P(Tracker, Hearing, testing::Bool());

/// Whether a side is heard must not change what becomes of the connection.
TEST(Tracker, AtControlDepthHearingChangesNoRecord) {
    const identify::KnownServices services({64, 3600 * tally::second, 0});
    const auto play = [](const identify::KnownServices* known) {
        Core core(64, capacity_of(64, 512), control_depth(), {0, 0}, known);
        Traffic traffic(7, 50);
        Time now = life_start;
        for (int i = 0; i < 5000; ++i) {
            now += traffic.pause();
            core.take(traffic.next(), now);
        }
        return core.finish().outcomes;
    };
    const tally::OutcomeTotals with = play(&services), without = play(nullptr);
    EXPECT_EQ(with.first, without.first);
    EXPECT_EQ(with.final, without.final);
    EXPECT_EQ(with.accepted, without.accepted);
}

}  // namespace
}  // namespace rstwatch::tcp
