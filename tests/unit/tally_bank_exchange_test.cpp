// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tally/bank_exchange.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "dataplane/tally/core_tally.h"

namespace rstwatch::tally {
namespace {

BankCapacity capacity_of(std::size_t rows, std::size_t list) {
    BankCapacity capacity{};
    capacity.destinations = capacity.clients = rows;
    capacity.records = list;
    capacity.sightings = true;
    return capacity;
}

const BankCapacity small = capacity_of(8, 16);

TEST(BankExchange, LendsEveryBankAndNoMore) {
    BankExchange exchange(5, 3, small);
    std::set<IntervalBank*> banks;
    for (int i = 0; i < 3; ++i) banks.insert(exchange.take_empty());
    EXPECT_EQ(banks.size(), 3U);
    EXPECT_FALSE(banks.contains(nullptr));
    EXPECT_EQ(exchange.take_empty(), nullptr);
    for (IntervalBank* bank : banks) EXPECT_EQ(bank->core, 5U);
}

TEST(BankExchange, BanksComeBackEmptyAndInOrder) {
    BankExchange exchange(0, 2, small);
    IntervalBank* one = exchange.take_empty();
    IntervalBank* other = exchange.take_empty();
    one->packets.received = 7;
    exchange.hand_over(one);
    exchange.hand_over(other);
    EXPECT_EQ(exchange.returned(), 0U);
    EXPECT_EQ(exchange.take_full(), one);
    EXPECT_EQ(one->packets.received, 7U);
    exchange.give_back(one);
    EXPECT_EQ(exchange.returned(), 1U);
    EXPECT_EQ(exchange.take_full(), other);
    EXPECT_EQ(exchange.take_full(), nullptr);
    EXPECT_EQ(exchange.take_empty(), one);
    EXPECT_EQ(one->packets.received, 0U);
    EXPECT_EQ(exchange.wait_for_return(0), 1U);
}

TEST(BankExchange, WatermarkBeginsAtZero) {
    BankExchange exchange(0, 2, small);
    EXPECT_EQ(exchange.watermark(), 0U);
    exchange.raise_watermark(9);
    EXPECT_EQ(exchange.watermark(), 9U);
}

struct Received {
    std::uint64_t packets = 0, attempts = 0, finals = 0, records = 0, rows = 0, banks = 0, late = 0;
    std::uint64_t dropped = 0, unseen = 0;
};

void add(Received& sum, const IntervalBank& bank) {
    sum.packets += bank.packets.received;
    sum.attempts += bank.outcomes.attempts;
    sum.finals += bank.outcomes.final[index(Outcome::refused)];
    sum.records += bank.records.size();
    sum.dropped += bank.losses.records_dropped;
    sum.rows += bank.destinations.other();
    for (const Row& row : bank.destinations.rows()) sum.rows += row.count;
    ++sum.banks;
    sum.late += bank.late;
}

/// Control's part: everything of the intervals below the watermark has to be in hand once the ring was emptied. With a
/// doorbell it sleeps until that is rung, however long it takes.
Received receive(BankExchange& exchange, Doorbell* doorbell) {
    Received sum;
    Interval passed = 0;
    for (;;) {
        const std::uint32_t rings = doorbell == nullptr ? 0 : doorbell->rings();
        const Interval watermark = exchange.watermark();
        IntervalBank* bank = exchange.take_full();
        if (bank == nullptr) {
            if (watermark == BankExchange::finished) return sum;
            passed = watermark;
            if (doorbell == nullptr) std::this_thread::yield();
            if (doorbell != nullptr) doorbell->wait(rings, std::chrono::hours(1));
            continue;
        }
        sum.unseen += bank->interval < passed;
        add(sum, *bank);
        exchange.give_back(bank);
    }
}

constexpr std::uint64_t intervals = 10'000;
constexpr std::uint64_t per_interval = 5;

/// The core's part.
void count(BankExchange& exchange, WhenFull when_full) {
    CoreTally tally(exchange, when_full);
    constexpr std::uint8_t bytes[4] = {10, 0, 0, 1};
    AttemptRecord record;
    record.outcome = Outcome::refused;
    for (Interval interval = 1; interval <= intervals; ++interval) {
        tally.open(interval);
        for (std::uint16_t i = 0; i < per_interval; ++i) {
            ++tally.packets().received;
            tally.attempt_begun();
            const Endpoint server{IpAddress::v4(bytes), static_cast<std::uint16_t>(interval % 20 + i)};
            tally.first_verdict({server,
                                 {IpAddress::v4(bytes), 1000},
                                 row_kind(Outcome::refused),
                                 unknown_hops,
                                 false,
                                 interval_start(interval)});
            tally.finalize(record, true);
        }
    }
    tally.finish();
}

Received exchanged(std::size_t banks, WhenFull when_full, const BankCapacity& capacity, Doorbell* doorbell = nullptr) {
    BankExchange exchange(0, banks, capacity, doorbell);
    std::thread core([&] { count(exchange, when_full); });
    const Received sum = receive(exchange, doorbell);
    core.join();
    return sum;
}

void expect_everything(const Received& sum) {
    EXPECT_EQ(sum.packets, intervals * per_interval);
    EXPECT_EQ(sum.attempts, intervals * per_interval);
    EXPECT_EQ(sum.finals, intervals * per_interval);
    EXPECT_EQ(sum.rows, intervals * per_interval);
    EXPECT_EQ(sum.records + sum.dropped, intervals * per_interval);
    EXPECT_EQ(sum.unseen, 0U);
}

TEST(BankExchange, ReplayLosesNothingOverTenThousandHandOvers) {
    for (const std::size_t banks : {2U, 8U}) {
        const Received sum = exchanged(banks, WhenFull::wait, small);
        expect_everything(sum);
        EXPECT_EQ(sum.banks, intervals);
        EXPECT_EQ(sum.dropped, 0U);
        EXPECT_EQ(sum.late, 0U);
    }
}

TEST(BankExchange, ReplayLosesNothingWithShortLists) {
    const Received sum = exchanged(3, WhenFull::wait, capacity_of(4, 2));
    expect_everything(sum);
    EXPECT_EQ(sum.dropped, 0U);
    EXPECT_GE(sum.banks, 3 * intervals);  // lists of 2 for 5 records
}

TEST(BankExchange, WhoeverSleepsUntilTheBellRingsMissesNothing) {
    for (const std::size_t banks : {2U, 8U}) {
        for (const std::size_t list : {2U, 16U}) {
            Doorbell doorbell;
            expect_everything(exchanged(banks, WhenFull::wait, capacity_of(8, list), &doorbell));
        }
    }
}

TEST(Doorbell, DoesNotWaitForWhatHasRungAlready) {
    Doorbell doorbell;
    const std::uint32_t before = doorbell.rings();
    doorbell.ring();
    doorbell.wait(before, std::chrono::hours(1));
    EXPECT_NE(doorbell.rings(), before);
    doorbell.wait(doorbell.rings(), std::chrono::milliseconds(1));  // nobody rings
}

TEST(BankExchange, LiveCountsEverythingHoweverLate) {
    const Received sum = exchanged(2, WhenFull::lose, small);
    expect_everything(sum);
    EXPECT_LE(sum.banks, intervals);
}

}  // namespace
}  // namespace rstwatch::tally
