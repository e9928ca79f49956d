// SPDX-License-Identifier: Apache-2.0
// Live packet time from its sources to rates and deadlines: what the wall clock is set to meanwhile must not show.
#include "dataplane/live_clock.h"

#include <gtest/gtest.h>

#include <map>

#include "dataplane/tally/bank_exchange.h"
#include "dataplane/tally/core_tally.h"
#include "dataplane/tcp/tracker.h"
#include "tests/unit/fake_machine.h"
#include "tests/unit/tcp_life.h"

namespace rstwatch {
namespace {

using tally::Interval;
using tally::Outcome;
using test::DisciplinedMachine;

tally::BankCapacity capacity() {
    tally::BankCapacity capacity{};
    capacity.destinations = capacity.clients = capacity.records = 1024;
    return capacity;
}

/// What was counted in each interval.
struct Second {
    std::uint64_t attempts = 0, unanswered = 0, final_unanswered = 0;
};

/// A live core: its clock, and what follows connections.
class Core {
  public:
    Core()
        : exchange_(0, 3, capacity()),
          tally_(exchange_, tally::WhenFull::lose),
          tracker_(4096, tcp::default_limits, {0, 0}, tally_) {
        poll();
    }

    /// `seconds` in which ten connections a second are begun that nobody answers.
    void run(double seconds) {
        for (int i = 0; i < static_cast<int>(seconds * 100 + 0.5); ++i) {
            machine.pass(0.01);
            poll();
            if (++polls_ % 10 == 5) begin_connection();
        }
    }

    DisciplinedMachine machine;
    std::map<Interval, Second> seconds;

  private:
    void poll() {
        now_ = machine.core.now();
        if (const Interval interval = tally::interval_of(now_); interval != interval_) {
            interval_ = interval;
            tracker_.advance_to(interval);
        }
        while (tally::IntervalBank* bank = exchange_.take_full()) {
            Second& second = seconds[bank->interval];
            second.attempts += bank->outcomes.attempts;
            second.unanswered += bank->outcomes.first[tally::index(Outcome::unanswered)];
            second.final_unanswered += bank->outcomes.final[tally::index(Outcome::unanswered)];
            exchange_.give_back(bank);
        }
    }

    void begin_connection() {
        packet::PacketView view;
        view.packet_class = tally::PacketClass::tcp;
        view.trackable = true;
        const std::uint8_t client[4] = {10, 0, 0, 1}, server[4] = {10, 0, 0, 2};
        view.source = tally::IpAddress::v4(client);
        view.destination = tally::IpAddress::v4(server);
        view.source_port = static_cast<std::uint16_t>(1024 + ++connections_);
        view.destination_port = 80;
        view.tcp_flags = packet::tcp_flag::syn;
        view.sequence = connections_ * 1000;
        tracker_.take({view, tcp::digest(view, 0, secret_)}, now_);
    }

    tally::BankExchange exchange_;
    tally::CoreTally tally_;
    tcp::Tracker tracker_;
    tcp::HashSecret secret_;
    tally::Time now_ = 0;
    Interval interval_ = 0;
    std::uint64_t polls_ = 0;
    std::uint32_t connections_ = 0;
};

class WallClockJumps : public testing::TestWithParam<double> {};

TEST_P(WallClockJumps, AndNoRateAndNoDeadlineIsDisturbed) {
    Core core;
    const Interval begin = tally::interval_of(core.machine.core.now());
    core.run(100.3);
    core.machine.machine.set_wall_clock(GetParam());
    core.run(99.7);
    ASSERT_EQ(core.machine.discipline.status().steps, GetParam() == 0 ? 0U : 1U);
    // The first verdict comes 3 s after the SYN, the final one 75 s after it.
    for (Interval second = 0; second < 199; ++second) {
        const Second& counted = core.seconds[begin + second];
        EXPECT_EQ(counted.attempts, 10U) << second;
        EXPECT_EQ(counted.unanswered, second < 3 ? 0U : 10U) << second;
        EXPECT_EQ(counted.final_unanswered, second < 75 ? 0U : 10U) << second;
    }
    EXPECT_LE(core.seconds.rbegin()->first, begin + 200) << "an interval of some other time was opened";
}

INSTANTIATE_TEST_SUITE_P(By, WallClockJumps, testing::Values(0., 3600., -3600.));

TEST(LiveClock, NeverGoesBackWhereTwoCountersDisagree) {
    test::FakeMachine machine;
    SharedClockLine shared;
    shared.publish({machine.counter(), machine.wall(), std::uint64_t{1} << ClockLine::fraction_bits});
    LiveClock clock(&shared, test::FakeTicks{&machine});
    machine.pass(1);
    const tally::Time now = clock.now();
    machine.ticks -= 100'000;
    EXPECT_EQ(clock.now(), now);
}

TEST(LiveClock, AllCoresFollowTheSameLine) {
    DisciplinedMachine machine(2.6e9);
    machine.machine.frequency = 2.5953e9;
    LiveClock other(&machine.shared, test::FakeTicks{&machine.machine});
    machine.pass(100);  // the other one has not looked since it was made
    EXPECT_EQ(other.now(), machine.core.now());
}

}  // namespace
}  // namespace rstwatch
