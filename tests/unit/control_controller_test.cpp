// SPDX-License-Identifier: Apache-2.0
#include "control/controller.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::address;
using test::endpoint;

Surroundings quiet_surroundings() {
    Surroundings surroundings;
    surroundings.replay = true;
    surroundings.port_status = [] { return std::vector<tally::PortStatus>{}; };
    surroundings.core_status = [] { return std::vector<CoreState>{}; };
    return surroundings;
}

std::uint64_t sum_of_attempts(const Totals& totals) {
    const auto shown = totals.shown();
    std::uint64_t sum = 0;
    for (const Outcome outcome : tally::all_outcomes())
        if (tally::is_attempt(outcome)) sum += shown[tally::index(outcome)];
    return sum;
}

/// One refused attempt, final at once, in the open interval.
void refuse_one(tally::CoreTally& tally, std::uint32_t client, tally::Time time) {
    ++tally.packets().received;
    tally.note_packet_time(time);
    tally.attempt_begun();
    tally.first_verdict(test::sighting(endpoint(9, 80), endpoint(client, 1), tally::row_kind(Outcome::refused), time));
    tally.finalize(test::record(endpoint(client, 1), endpoint(9, 80), Outcome::refused, time), true);
}

TEST(Controller, CanBeAbandonedWhenItHasFailed) {
    test::Cores cores(1, test::bank_capacity(64, 64, 64), 3);
    SnapshotStore store;
    Surroundings surroundings = quiet_surroundings();
    surroundings.judged = [](const MergedInterval& interval) {
        if (interval.interval == 2) throw std::bad_alloc();
    };
    Controller controller(config::Settings{}, surroundings, {}, cores.exchanges, store);
    // A replay's core waits for banks: it comes to its end only if all are given back.
    std::thread core([&] {
        for (tally::Interval interval = 1; interval <= 50; ++interval) {
            cores[0].open(interval);
            refuse_one(cores[0], 1, tally::interval_start(interval));
        }
        cores[0].finish();
    });
    EXPECT_THROW(controller.run(), std::bad_alloc);
    controller.abandon();
    core.join();
    EXPECT_GE(controller.merged_packets(), 1u);
    EXPECT_LE(controller.merged_packets(), 2u) << "nothing was merged after the failure";
    EXPECT_EQ(cores.exchanges[0]->take_full(), nullptr);
}

TEST(Controller, BeatsForAsLongAsItMoves) {
    test::Cores cores(1, test::bank_capacity(64, 64, 64));
    SnapshotStore store;
    unsigned beats = 0;
    Surroundings surroundings = quiet_surroundings();
    surroundings.beat = [&beats] { ++beats; };
    Controller controller(config::Settings{}, surroundings, {}, cores.exchanges, store);
    cores[0].open(1);
    cores[0].finish();
    controller.run();
    EXPECT_GE(beats, 1u);
}

TEST(Controller, SaysHowBusyCoresAreAndWhenPortsWereHeard) {
    test::Cores cores(1, test::bank_capacity(64, 64, 64));
    SnapshotStore store;
    Surroundings surroundings = quiet_surroundings();
    std::uint64_t elapsed = 0;
    surroundings.core_status = [&elapsed] {
        elapsed += 1'000'000;
        CoreState state;
        state.elapsed = elapsed;
        state.busy = elapsed / 4;
        return std::vector<CoreState>{state};
    };
    surroundings.port_status = [] {
        std::vector<tally::PortStatus> ports(1);
        ports[0].received = 1;
        return ports;
    };
    Controller controller(config::Settings{}, surroundings, {}, cores.exchanges, store);
    cores[0].open(1);
    refuse_one(cores[0], 1, tally::interval_start(1));
    cores[0].finish();
    controller.run();
    const SnapshotPtr snapshot = store.latest();
    EXPECT_EQ(snapshot->cores[0].busy_share, 0.25);
    ASSERT_EQ(snapshot->port_activity.size(), 1u);
    EXPECT_EQ(snapshot->port_activity[0].last_packet, tally::interval_start(2));
    EXPECT_GT(snapshot->load.cpu_seconds, 0.0);
    EXPECT_GT(snapshot->load.merge_seconds, 0.0);
    EXPECT_EQ(snapshot->load.intervals, 1u);
}

TEST(Controller, MergesToTheEndAndPublishesTheResult) {
    test::Cores cores(2, test::bank_capacity(64, 64, 64));
    SnapshotStore store;
    Controller controller(config::Settings{}, quiet_surroundings(), {}, cores.exchanges, store);
    for (unsigned core = 0; core < 2; ++core) {
        for (tally::Interval interval = 1; interval <= 5; ++interval) {
            cores[core].open(interval);
            refuse_one(cores[core], core, tally::interval_start(interval) + core);
        }
        cores[core].finish();
    }
    controller.run();
    const SnapshotPtr snapshot = store.latest();
    ASSERT_NE(snapshot, nullptr);
    EXPECT_TRUE(snapshot->finished);
    EXPECT_EQ(snapshot->totals.packets.received, 10u);
    EXPECT_EQ(snapshot->totals.outcomes.attempts, 10u);
    EXPECT_EQ(sum_of_attempts(snapshot->totals), 10u);
    EXPECT_EQ(snapshot->totals.first_packet, 1'000'000u);
    EXPECT_EQ(snapshot->totals.last_packet, 5'000'001u);
    EXPECT_EQ(snapshot->totals.last_interval, 5u);
    ASSERT_EQ(snapshot->ranking.refused.size(), 1u);
    EXPECT_EQ(snapshot->ranking.refused[0].count, 10u);
    EXPECT_EQ(snapshot->ranking.refused[0].clients, 2u);
    EXPECT_EQ(snapshot->window.size(), 5u);
}

TEST(Controller, EverySnapshotShowsEveryAttemptOnce) {
    // Core 1 has handed over more intervals than core 0 has passed: they are in control's hands, but not counted yet.
    test::Cores cores(2, test::bank_capacity(64, 64, 64));
    SnapshotStore store;
    Controller controller(config::Settings{}, quiet_surroundings(), {}, cores.exchanges, store);
    cores[0].open(1);
    refuse_one(cores[0], 0, 1'000'000);
    for (tally::Interval interval = 1; interval <= 3; ++interval) {
        cores[1].open(interval);
        cores[1].attempt_begun();  // no verdict yet
        refuse_one(cores[1], 1, tally::interval_start(interval));
    }
    cores[1].open(4);
    cores[0].open(2);  // interval 1 is complete now; 2 and 3 are not
    std::thread control([&] { controller.run(); });
    SnapshotPtr snapshot;
    do {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        snapshot = store.latest();
    } while (snapshot == nullptr || snapshot->totals.packets.received == 0);
    cores[0].finish();
    cores[1].finish();
    control.join();
    EXPECT_EQ(snapshot->totals.outcomes.attempts, 3u);
    EXPECT_EQ(sum_of_attempts(snapshot->totals), snapshot->totals.outcomes.attempts);
    EXPECT_EQ(sum_of_attempts(store.latest()->totals), store.latest()->totals.outcomes.attempts);
}

TEST(Controller, KeepsConnectionsOnlyWhenWanted) {
    for (const bool wanted : {false, true}) {
        test::Cores cores(1, test::bank_capacity(64, 64, 64));
        SnapshotStore store;
        Controller controller(config::Settings{}, quiet_surroundings(), {.keep_connections = wanted}, cores.exchanges,
                              store);
        cores[0].open(1);
        refuse_one(cores[0], 1, 1'000'000);
        cores[0].finish();
        controller.run();
        char* text = nullptr;
        std::size_t size = 0;
        std::FILE* memory = open_memstream(&text, &size);
        controller.connections().write_lines(memory);
        std::fclose(memory);
        EXPECT_EQ(size > 0, wanted);
        std::free(text);
    }
}

}  // namespace
}  // namespace rstwatch::control
