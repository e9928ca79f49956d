// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/core_tally.h"

#include <gtest/gtest.h>

#include <vector>

namespace rstwatch::tally {
namespace {

Endpoint server(std::uint16_t port) {
    constexpr std::uint8_t bytes[4] = {10, 0, 0, 1};
    return {IpAddress::v4(bytes), port};
}

IpAddress client(std::uint8_t host) {
    const std::uint8_t bytes[4] = {192, 0, 2, host};
    return IpAddress::v4(bytes);
}

Sighting sighting(const Endpoint& server, const IpAddress& client, RowKind kind, Time time) {
    return {server, {client, 1000}, kind, unknown_hops, false, time, time};
}

AttemptRecord record(Outcome outcome) {
    AttemptRecord made;
    made.outcome = outcome;
    return made;
}

const Row* find(const RowTable& table, const RowKey& key) {
    return table.find(key, hash_of(key));
}

BankCapacity capacity_of(std::size_t rows, std::size_t list) {
    BankCapacity capacity{};
    capacity.destinations = capacity.clients = rows;
    capacity.records = list;
    capacity.sightings = true;
    return capacity;
}

struct Core {
    Core(std::size_t banks, WhenFull when_full, std::size_t list = 4)
        : exchange(3, banks, capacity_of(8, list)), tally(exchange, when_full) {}

    void refuse(std::uint16_t port = 80, Time time = 1) {
        tally.attempt_begun();
        tally.first_verdict(sighting(server(port), client(9), row_kind(Outcome::refused), time));
        tally.finalize(record(Outcome::refused), true);
    }

    BankExchange exchange;
    CoreTally tally;
};

TEST(CoreTally, BooksIntoTheOpenInterval) {
    Core core(4, WhenFull::wait, 16);
    core.tally.open(100);
    EXPECT_EQ(core.exchange.watermark(), 100U);
    EXPECT_EQ(core.tally.interval(), 100U);
    core.tally.attempt_begun();
    core.tally.attempt_begun();
    core.tally.accepted(sighting(server(80), client(1), accepted_kind, 5));
    core.tally.first_verdict(sighting(server(80), client(1), row_kind(Outcome::refused), 7));
    core.tally.first_verdict(sighting(server(80), client(2), row_kind(Outcome::refused), 9));
    core.tally.finalize(record(Outcome::refused), true);
    EXPECT_EQ(core.exchange.take_full(), nullptr);
    core.tally.open(101);
    EXPECT_EQ(core.exchange.watermark(), 101U);

    IntervalBank* bank = core.exchange.take_full();
    ASSERT_NE(bank, nullptr);
    EXPECT_EQ(bank->interval, 100U);
    EXPECT_EQ(bank->core, 3U);
    EXPECT_FALSE(bank->late);
    EXPECT_EQ(bank->outcomes.attempts, 2U);
    EXPECT_EQ(bank->outcomes.accepted, 1U);
    EXPECT_EQ(bank->outcomes.first[index(Outcome::refused)], 2U);
    EXPECT_EQ(bank->outcomes.final[index(Outcome::refused)], 1U);
    EXPECT_EQ(bank->gauges.pending, 1U);
    EXPECT_EQ(bank->gauges.provisional[index(Outcome::refused)], 1U);
    EXPECT_EQ(bank->records.size(), 1U);
    EXPECT_EQ(bank->sightings.size(), 2U);

    const Row* refused = find(bank->destinations, {server(80).address, 80, row_kind(Outcome::refused)});
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->count, 2U);
    EXPECT_EQ(refused->first, 7U);
    EXPECT_EQ(refused->last, 9U);
    const Row* accepted = find(bank->destinations, {server(80).address, 80, accepted_kind});
    ASSERT_NE(accepted, nullptr);
    EXPECT_EQ(accepted->count, 1U);
    EXPECT_EQ(bank->destinations.size(), 2U);
    const Row* by_client = find(bank->clients, {client(2), 0, row_kind(Outcome::refused)});
    ASSERT_NE(by_client, nullptr);
    EXPECT_EQ(by_client->count, 1U);
    EXPECT_EQ(bank->clients.size(), 2U);
}

TEST(CoreTally, RevisionMovesTheGaugeAndNotTheTotals) {
    Core core(4, WhenFull::wait, 16);
    core.tally.open(1);
    core.tally.first_verdict(sighting(server(80), client(1), row_kind(Outcome::unanswered), 1));
    Revision revision;
    revision.from = Outcome::unanswered;
    revision.to = Outcome::refused;
    core.tally.revise(revision);
    EXPECT_EQ(core.tally.gauges().provisional[index(Outcome::unanswered)], 0U);
    EXPECT_EQ(core.tally.gauges().provisional[index(Outcome::refused)], 1U);
    revision.from = Outcome::refused;
    revision.to = std::nullopt;
    core.tally.revise(revision);
    EXPECT_EQ(core.tally.gauges().provisional[index(Outcome::refused)], 0U);
    core.tally.open(2);
    IntervalBank* bank = core.exchange.take_full();
    EXPECT_EQ(bank->outcomes.first[index(Outcome::unanswered)], 1U);
    EXPECT_EQ(bank->outcomes.first[index(Outcome::refused)], 0U);
    EXPECT_EQ(bank->revisions.size(), 2U);
}

TEST(CoreTally, FinalOutcomeOfNoAttemptLeavesPendingAlone) {
    Core core(4, WhenFull::wait);
    core.tally.open(1);
    core.tally.attempt_begun();
    core.tally.first_verdict(sighting(server(80), client(1), row_kind(Outcome::unsolicited), 1));
    core.tally.finalize(record(Outcome::unsolicited), false);
    EXPECT_EQ(core.tally.gauges().pending, 1U);
    EXPECT_EQ(core.tally.gauges().provisional[index(Outcome::unsolicited)], 0U);
}

TEST(CoreTally, NotesTheFirstAndTheLastPacketOfABank) {
    Core core(4, WhenFull::wait);
    core.tally.open(1);
    for (const Time time : {10U, 20U, 30U}) {
        ++core.tally.packets().received;
        core.tally.note_packet_time(time);
    }
    core.tally.open(2);
    ++core.tally.packets().received;
    core.tally.note_packet_time(40);
    core.tally.finish();
    IntervalBank* bank = core.exchange.take_full();
    EXPECT_EQ(bank->first_packet, 10U);
    EXPECT_EQ(bank->last_packet, 30U);
    bank = core.exchange.take_full();
    EXPECT_EQ(bank->first_packet, 40U);
    EXPECT_EQ(bank->last_packet, 40U);
}

TEST(CoreTally, WaitingAFullListEndsTheBankAndLosesNothing) {
    Core core(16, WhenFull::wait, 4);
    core.tally.open(1);
    for (int i = 0; i < 10; ++i) core.refuse();
    core.tally.open(2);
    std::size_t banks = 0, records = 0, sightings = 0;
    std::uint64_t attempts = 0;
    while (IntervalBank* bank = core.exchange.take_full()) {
        ++banks;
        EXPECT_EQ(bank->interval, 1U);
        EXPECT_LE(bank->records.size(), 4U);
        EXPECT_LE(bank->sightings.size(), 4U);
        EXPECT_EQ(bank->losses.records_dropped, 0U);
        records += bank->records.size();
        sightings += bank->sightings.size();
        attempts += bank->outcomes.attempts;
        core.exchange.give_back(bank);
    }
    EXPECT_EQ(banks, 3U);
    EXPECT_EQ(records, 10U);
    EXPECT_EQ(sightings, 10U);
    EXPECT_EQ(attempts, 10U);
    EXPECT_EQ(core.tally.waits(), 0U);
    EXPECT_EQ(core.exchange.watermark(), 2U);
}

TEST(CoreTally, WaitingFullRevisionsEndTheBankToo) {
    Core core(16, WhenFull::wait, 2);
    core.tally.open(1);
    for (int i = 0; i < 5; ++i) core.tally.revise(Revision{});
    core.tally.open(2);
    std::vector<std::size_t> sizes;
    while (IntervalBank* bank = core.exchange.take_full()) sizes.push_back(bank->revisions.size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 1}));
}

TEST(CoreTally, LiveAFullListDropsAndCountsAndTheTotalsStay) {
    Core core(16, WhenFull::lose, 4);
    core.tally.open(1);
    for (int i = 0; i < 10; ++i) core.refuse();
    for (int i = 0; i < 7; ++i)
        core.tally.revise(Revision{0, {}, {}, unknown_hops, Outcome::refused, Outcome::refused, 0});
    core.tally.open(2);
    IntervalBank* bank = core.exchange.take_full();
    ASSERT_NE(bank, nullptr);
    EXPECT_EQ(bank->records.size(), 4U);
    EXPECT_EQ(bank->sightings.size(), 4U);
    EXPECT_EQ(bank->revisions.size(), 4U);
    EXPECT_EQ(bank->losses.records_dropped, 6U);
    EXPECT_EQ(bank->losses.sightings_dropped, 6U);
    EXPECT_EQ(bank->losses.revisions_dropped, 3U);
    EXPECT_EQ(bank->outcomes.final[index(Outcome::refused)], 10U);
    EXPECT_EQ(bank->outcomes.first[index(Outcome::refused)], 10U);
    EXPECT_EQ(core.exchange.take_full(), nullptr);
}

TEST(CoreTally, LiveWithoutAnEmptyBankGoesOnInTheSameOne) {
    Core core(2, WhenFull::lose, 16);
    core.tally.open(1);
    core.refuse();
    core.tally.open(2);
    core.refuse();
    core.tally.open(3);  // control has not given the first one back
    EXPECT_EQ(core.tally.interval(), 2U);
    EXPECT_EQ(core.exchange.watermark(), 2U);
    core.refuse();
    core.tally.open(4);
    EXPECT_EQ(core.exchange.watermark(), 2U);
    IntervalBank* first = core.exchange.take_full();
    ASSERT_NE(first, nullptr);
    EXPECT_FALSE(first->late);
    EXPECT_EQ(core.exchange.take_full(), nullptr);
    core.exchange.give_back(first);

    core.tally.open(5);
    EXPECT_EQ(core.tally.interval(), 5U);
    EXPECT_EQ(core.exchange.watermark(), 5U);
    IntervalBank* late = core.exchange.take_full();
    ASSERT_NE(late, nullptr);
    EXPECT_TRUE(late->late);
    EXPECT_EQ(late->interval, 2U);
    EXPECT_EQ(late->outcomes.attempts, 2U);
    EXPECT_EQ(core.tally.waits(), 0U);

    core.exchange.give_back(late);
    core.refuse();
    core.tally.finish();
    IntervalBank* last = core.exchange.take_full();
    ASSERT_NE(last, nullptr);
    EXPECT_FALSE(last->late);
    EXPECT_EQ(last->outcomes.attempts, 1U);
}

TEST(CoreTally, FinishHandsOverTheLastBankAndTheHighestWatermark) {
    Core core(2, WhenFull::wait);
    core.tally.open(7);
    core.refuse();
    core.tally.finish();
    EXPECT_EQ(core.exchange.watermark(), BankExchange::finished);
    IntervalBank* bank = core.exchange.take_full();
    ASSERT_NE(bank, nullptr);
    EXPECT_EQ(bank->interval, 7U);
    EXPECT_EQ(bank->outcomes.attempts, 1U);
    EXPECT_EQ(bank->gauges.pending, 0U);
}

TEST(CoreTally, SightingsOfWhatIsNoFailureAreKeptForWhoeverWantsThem) {
    BankCapacity capacity = capacity_of(8, 4);
    capacity.sightings = false;
    BankExchange exchange(0, 2, capacity);
    CoreTally tally(exchange, WhenFull::lose);
    tally.open(1);
    for (int i = 0; i < 9; ++i) tally.first_verdict(sighting(server(80), client(1), row_kind(Outcome::closed), 1));
    tally.first_verdict(sighting(server(80), client(2), row_kind(Outcome::refused), 1));
    tally.open(2);
    const IntervalBank* bank = exchange.take_full();
    ASSERT_EQ(bank->sightings.size(), 1U);
    EXPECT_EQ(bank->sightings[0].client.address, client(2));
    EXPECT_EQ(bank->losses.sightings_dropped, 0U);
    EXPECT_EQ(bank->outcomes.first[index(Outcome::closed)], 9U);
}

TEST(IntervalBank, PrefaultedOneIsEmpty) {
    BankCapacity capacity = capacity_of(8, 4);
    capacity.prefault = true;
    const IntervalBank bank(capacity);
    EXPECT_TRUE(bank.records.empty());
    EXPECT_TRUE(bank.sightings.empty());
    EXPECT_TRUE(bank.revisions.empty());
    EXPECT_EQ(bank.destinations.size(), 0U);
    EXPECT_FALSE(bank.lists_full());
}

TEST(IntervalBank, ClearForgetsEverythingThatWasCounted) {
    Core core(2, WhenFull::lose, 1);
    core.tally.open(1);
    ++core.tally.packets().received;
    core.tally.note_packet_time(5);
    core.refuse();
    core.refuse();
    core.tally.revise(Revision{});
    core.tally.accepted(sighting(server(80), client(1), accepted_kind, 5));
    core.tally.gauges().connections_used = 3;
    core.tally.open(2);
    IntervalBank* bank = core.exchange.take_full();
    bank->late = true;
    bank->clear();
    EXPECT_EQ(bank->packets, PacketTotals{});
    EXPECT_EQ(bank->first_packet, 0U);
    EXPECT_EQ(bank->last_packet, 0U);
    EXPECT_FALSE(bank->late);
    EXPECT_EQ(bank->outcomes.attempts, 0U);
    EXPECT_EQ(bank->outcomes.accepted, 0U);
    EXPECT_EQ(bank->outcomes.first[index(Outcome::refused)], 0U);
    EXPECT_EQ(bank->outcomes.final[index(Outcome::refused)], 0U);
    EXPECT_EQ(bank->gauges.connections_used, 0U);
    EXPECT_EQ(bank->losses.records_dropped, 0U);
    EXPECT_TRUE(bank->records.empty());
    EXPECT_TRUE(bank->sightings.empty());
    EXPECT_TRUE(bank->revisions.empty());
    EXPECT_EQ(bank->destinations.size(), 0U);
    EXPECT_EQ(bank->clients.size(), 0U);
    EXPECT_FALSE(bank->lists_full());
}

TEST(PacketTotals, AddIsTheSumOfEveryField) {
    PacketTotals one;
    one.received = 1;
    one.bytes = 2;
    for (std::size_t i = 0; i < packet_class_count; ++i) one.by_class[i] = 3 + i;
    one.duplicates = 10;
    one.time_backwards = 11;
    one.syn = 12;
    one.syn_ack = 13;
    one.rst = 14;
    one.rst_ack = 15;
    one.fin = 16;
    one.null = 17;
    one.xmas = 18;
    PacketTotals sum;
    sum.add(one);
    EXPECT_EQ(sum, one);
    sum.add(one);
    EXPECT_EQ(sum.received, 2U);
    EXPECT_EQ(sum.of(PacketClass::malformed), 16U);
    EXPECT_EQ(sum.xmas, 36U);
}

TEST(Time, BoundariesBelongToTheIntervalThatTheyEndForDeadlines) {
    EXPECT_EQ(interval_of(0), 0U);
    EXPECT_EQ(interval_of(999'999), 0U);
    EXPECT_EQ(interval_of(1'000'000), 1U);
    EXPECT_EQ(interval_start(1), 1'000'000U);
    EXPECT_EQ(interval_of_deadline(0), 0U);
    EXPECT_EQ(interval_of_deadline(1), 0U);
    EXPECT_EQ(interval_of_deadline(1'000'000), 0U);
    EXPECT_EQ(interval_of_deadline(1'000'001), 1U);
}

}  // namespace
}  // namespace rstwatch::tally
