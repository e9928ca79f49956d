// SPDX-License-Identifier: Apache-2.0
#include "dataplane/tcp/connection_table.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <map>
#include <set>
#include <vector>

namespace rstwatch::tcp {
namespace {

using Slot = ConnectionTable::Slot;

/// The digest of entry `number` in set `set`: the tag is in its low 16 bits, the set above.
constexpr std::uint64_t digest_of(std::uint64_t set, std::uint64_t number) {
    return number << 32 | set << 16 | (number & 0xffff);
}

Slot put(ConnectionTable& table, std::uint64_t digest, Phase phase, Time deadline = 0) {
    const Slot slot = table.choose(digest, 0);
    Connection& connection = table.occupy(slot, digest);
    connection.phase = phase;
    connection.deadline = deadline;
    table.update(slot);
    return slot;
}

TEST(ConnectionTable, CapacityIsAPowerOfTwoOfSets) {
    EXPECT_EQ(ConnectionTable(0).capacity(), 32U);
    EXPECT_EQ(ConnectionTable(32).capacity(), 32U);
    EXPECT_EQ(ConnectionTable(33).capacity(), 64U);
    EXPECT_EQ(ConnectionTable(1024).capacity(), 1024U);
}

TEST(ConnectionTable, GrowsToItsLargestSizeAndKeepsEveryEntry) {
    ConnectionTable table(TableSize(64, 1024));
    EXPECT_EQ(table.capacity(), 64U);
    std::set<std::uint64_t> digests;
    for (std::uint64_t number = 1; number <= 16; ++number) {
        // All in set 2 of 4; of the larger tables in other sets, too.
        digests.insert(digest_of(2 + 4 * (number % 3), number));
        put(table, digest_of(2 + 4 * (number % 3), number), Phase::established, number * 1'000'000);
    }
    ASSERT_TRUE(table.is_used(table.choose(digest_of(2, 17), 0)));
    for (const std::size_t capacity : {256U, 1024U}) {
        ASSERT_TRUE(table.grow());
        EXPECT_EQ(table.capacity(), capacity);
        EXPECT_EQ(table.used(), digests.size());
        for (const std::uint64_t digest : digests) {
            const Slot slot = table.find(digest);
            ASSERT_NE(slot, ConnectionTable::no_slot);
            EXPECT_EQ(table[slot].digest, digest);
            EXPECT_EQ(table[slot].phase, Phase::established);
        }
    }
    EXPECT_FALSE(table.is_used(table.choose(digest_of(2, 17), 0)));
    EXPECT_FALSE(table.grow());
    EXPECT_EQ(table.capacity(), 1024U);
    EXPECT_EQ(table.used(), digests.size());
    // Their deadlines went with them.
    std::set<std::uint64_t> due;
    for (tally::Interval interval = 0; interval <= 17; ++interval)
        table.sweep(interval, [&](Slot slot) {
            due.insert(table[slot].digest);
            table.release(slot);
        });
    EXPECT_EQ(due, digests);
    EXPECT_EQ(table.used(), 0U);
}

/// What a process that may map no more memory does.
void grow_without_memory() {
    ConnectionTable table(TableSize(64, 1024));
    const Slot slot = put(table, digest_of(2, 7), Phase::established);
    const rlimit none{1, 1};
    setrlimit(RLIMIT_AS, &none);
    const bool grew = table.grow();
    const bool is_as_it_was = table.capacity() == 64 && table.used() == 1 && table.find(digest_of(2, 7)) == slot;
    _exit(!grew && is_as_it_was && !table.grow() ? 0 : 1);
}

TEST(ConnectionTable, StaysAsItIsWhereMemoryIsShort) {
    EXPECT_EXIT(grow_without_memory(), testing::ExitedWithCode(0), "");
}

TEST(ConnectionTable, FindsWhatIsInUse) {
    ConnectionTable table(64);
    EXPECT_EQ(table.find(digest_of(2, 7)), ConnectionTable::no_slot);
    const Slot slot = put(table, digest_of(2, 7), Phase::syn_sent);
    EXPECT_EQ(slot / ConnectionTable::ways, 2U);
    EXPECT_TRUE(table.is_used(slot));
    EXPECT_EQ(table.find(digest_of(2, 7)), slot);
    EXPECT_EQ(table[slot].digest, digest_of(2, 7));
    EXPECT_EQ(table.find(digest_of(1, 7)), ConnectionTable::no_slot);
    EXPECT_EQ(table.find(digest_of(2, 8)), ConnectionTable::no_slot);
    EXPECT_EQ(table.used(), 1U);
    table.release(slot);
    EXPECT_FALSE(table.is_used(slot));
    EXPECT_EQ(table.find(digest_of(2, 7)), ConnectionTable::no_slot);
    EXPECT_EQ(table.used(), 0U);
}

TEST(ConnectionTable, TellsEqualTagsApart) {
    ConnectionTable table(16);
    std::map<std::uint64_t, Slot> slots;
    for (std::uint64_t high = 1; high <= 16; ++high) {
        const std::uint64_t digest = high << 32 | 0xABCD;
        slots[digest] = put(table, digest, Phase::established);
    }
    for (const auto& [digest, slot] : slots) EXPECT_EQ(table.find(digest), slot);
    EXPECT_EQ(table.find(std::uint64_t{17} << 32 | 0xABCD), ConnectionTable::no_slot);
}

TEST(ConnectionTable, TagZeroOfAFreeWayIsNotFound) {
    ConnectionTable table(16);
    EXPECT_EQ(table.find(0), ConnectionTable::no_slot);
    table.release(put(table, 0, Phase::syn_sent));
    EXPECT_EQ(table.find(0), ConnectionTable::no_slot);
}

TEST(ConnectionTable, FillsEveryWayBeforeOneGivesWay) {
    ConnectionTable table(32);
    std::set<Slot> slots;
    for (std::uint64_t i = 1; i <= 16; ++i) slots.insert(put(table, digest_of(1, i), Phase::established));
    EXPECT_EQ(slots.size(), 16U);
    EXPECT_EQ(*slots.begin(), 16U);
    EXPECT_EQ(*slots.rbegin(), 31U);
    EXPECT_EQ(table.used(), 16U);
    EXPECT_TRUE(slots.contains(table.choose(digest_of(1, 99), 0)));
    EXPECT_LT(table.choose(digest_of(0, 99), 0), 16U);
}

TEST(ConnectionTable, TakingAVictimsPlaceIsNotAnotherEntry) {
    ConnectionTable table(16);
    for (std::uint64_t i = 1; i <= 16; ++i) put(table, digest_of(0, i), Phase::established);
    const Slot slot = put(table, digest_of(0, 17), Phase::syn_sent);
    EXPECT_EQ(table.used(), 16U);
    EXPECT_EQ(table.find(digest_of(0, 17)), slot);
    EXPECT_EQ(table[slot].seen, 0U);
    int found = 0;
    for (std::uint64_t i = 1; i <= 16; ++i) found += table.find(digest_of(0, i)) != ConnectionTable::no_slot;
    EXPECT_EQ(found, 15);
}

TEST(ConnectionTable, FinishedGivesWayFirstAndEstablishedLast) {
    ConnectionTable table(16);
    for (std::uint64_t i = 1; i <= 16; ++i) put(table, digest_of(0, i), Phase::established);
    // Each of them is worth less than all before it.
    const Phase falling[] = {Phase::midstream, Phase::syn_received, Phase::syn_sent,
                             Phase::closed,    Phase::unsolicited,  Phase::finished};
    Slot slot = 15;
    for (const Phase phase : falling) {
        table[slot].phase = phase;
        table.update(slot);
        EXPECT_EQ(table.choose(digest_of(0, 99), 0), slot) << static_cast<int>(phase);
        --slot;
    }
}

TEST(ConnectionTable, ClosedAndResetAreWorthTheSame) {
    const auto victim = [](Phase first, Phase last) {
        ConnectionTable table(16);
        for (std::uint64_t i = 1; i <= 16; ++i) {
            const Time due = tally::interval_start(i == 1 ? 40 : 50);
            put(table, digest_of(0, i), i == 1 ? first : last, due);
        }
        return table.choose(digest_of(0, 99), 30);
    };
    EXPECT_EQ(victim(Phase::closed, Phase::reset), 0U);
    EXPECT_EQ(victim(Phase::reset, Phase::closed), 0U);
}

TEST(ConnectionTable, AmongEqualsTheNearestDeadlineGivesWay) {
    for (const tally::Interval now : {10U, 200U, 240U, 250U, 254U, 255U, 256U, 509U, 510U}) {
        ConnectionTable table(16);
        for (std::uint64_t i = 1; i <= 16; ++i)
            put(table, digest_of(0, i), Phase::syn_sent, tally::interval_start(now + 1 + (i * 7) % 17));
        // 7 * 5 modulo 17 is 1: the fifth is due first.
        EXPECT_EQ(table.choose(digest_of(0, 99), now), 4U) << now;
    }
}

/// Sweeps one interval after the other; gives the interval in which each deadline fired.
std::map<Time, tally::Interval> swept(const std::vector<Time>& deadlines, tally::Interval from, tally::Interval to) {
    ConnectionTable table(64);
    std::uint64_t number = 0;
    for (const Time deadline : deadlines) {
        ++number;
        put(table, digest_of(number % 4, number), Phase::syn_sent, deadline);
    }
    std::map<Time, tally::Interval> fired;
    for (tally::Interval interval = from; interval <= to; ++interval) {
        table.sweep(interval, [&](Slot slot) {
            EXPECT_TRUE(fired.emplace(table[slot].deadline, interval).second);
            table.release(slot);
        });
    }
    EXPECT_EQ(table.used(), deadlines.size() - fired.size());
    EXPECT_EQ(table.nothing_due_ever(), fired.size() == deadlines.size());
    return fired;
}

TEST(ConnectionTable, SweepIsExactAtTheBoundary) {
    const Time boundary = tally::interval_start(1001);
    const auto fired = swept({boundary - 1, boundary, boundary + 1, boundary - tally::second + 1}, 1000, 1001);
    EXPECT_EQ(fired.at(boundary - tally::second + 1), 1000U);
    EXPECT_EQ(fired.at(boundary - 1), 1000U);
    EXPECT_EQ(fired.at(boundary), 1000U);
    EXPECT_EQ(fired.at(boundary + 1), 1001U);
}

TEST(ConnectionTable, DeadlinesBeyondTheHorizonFireInTheirInterval) {
    for (const tally::Interval from : {0U, 1U, 100U, 254U, 255U, 1000U}) {
        std::vector<Time> deadlines;
        for (const tally::Interval ahead : {1U, 253U, 254U, 255U, 256U, 257U, 509U, 510U, 511U, 765U, 1000U, 1300U})
            deadlines.push_back(tally::interval_start(from + ahead) + 1);
        const auto fired = swept(deadlines, from, from + 1400);
        ASSERT_EQ(fired.size(), deadlines.size()) << from;
        for (const auto& [deadline, interval] : fired) EXPECT_EQ(interval, tally::interval_of(deadline)) << from;
    }
}

TEST(ConnectionTable, SweepFiresAgainWhatFallsDueAgain) {
    ConnectionTable table(16);
    const Time first = tally::interval_start(50) + 100;
    const Slot slot = put(table, digest_of(0, 1), Phase::syn_sent, first);
    std::vector<Time> fired;
    const auto sweep = [&](tally::Interval interval) {
        table.sweep(interval, [&](Slot due) {
            EXPECT_EQ(due, slot);
            fired.push_back(table[due].deadline);
            table[due].deadline += fired.size() < 3 ? 100 : tally::second;
            table.update(due);
        });
    };
    sweep(50);
    EXPECT_EQ(fired, (std::vector<Time>{first, first + 100, first + 200}));
    EXPECT_TRUE(table.nothing_due(50));
    EXPECT_FALSE(table.nothing_due(51));
    sweep(51);
    EXPECT_EQ(fired.size(), 4U);
}

TEST(ConnectionTable, SweepsEverySetAndLeavesOtherIntervalsAlone) {
    ConnectionTable table(1024);
    for (std::uint64_t set = 0; set < 64; ++set) {
        put(table, digest_of(set, set + 1), Phase::syn_sent, tally::interval_start(11));
        put(table, digest_of(set, set + 1000), Phase::syn_sent, tally::interval_start(12));
        put(table, digest_of(set, set + 2000), Phase::established);
    }
    std::set<Slot> fired;
    table.sweep(10, [&](Slot slot) {
        fired.insert(slot);
        table.release(slot);
    });
    EXPECT_EQ(fired.size(), 64U);
    EXPECT_EQ(table.used(), 128U);
    EXPECT_TRUE(table.nothing_due(10));
    EXPECT_FALSE(table.nothing_due(11));
    EXPECT_FALSE(table.nothing_due_ever());
}

TEST(ConnectionTable, KnowsWhenNothingIsDue) {
    ConnectionTable table(16);
    EXPECT_TRUE(table.nothing_due_ever());
    const Slot slot = put(table, digest_of(0, 1), Phase::syn_sent, tally::interval_start(8));
    EXPECT_FALSE(table.nothing_due_ever());
    EXPECT_TRUE(table.nothing_due(6));
    EXPECT_FALSE(table.nothing_due(7));
    EXPECT_TRUE(table.nothing_due(8));
    table[slot].deadline = 0;
    table.update(slot);
    EXPECT_TRUE(table.nothing_due_ever());
}

TEST(ConnectionTable, ANewEntryHasNothingOfTheOldOne) {
    ConnectionTable table(16);
    const Slot slot = put(table, digest_of(0, 1), Phase::established, tally::interval_start(8));
    table[slot].syn_count = 7;
    table.release(slot);
    const Slot again = table.choose(digest_of(0, 2), 0);
    EXPECT_EQ(again, slot);
    const Connection& connection = table.occupy(again, digest_of(0, 2));
    EXPECT_EQ(connection.syn_count, 0);
    EXPECT_EQ(connection.deadline, 0U);
    EXPECT_EQ(connection.phase, Phase::none);
    EXPECT_EQ(connection.verdict, no_verdict);
}

}  // namespace
}  // namespace rstwatch::tcp
