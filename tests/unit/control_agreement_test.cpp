// SPDX-License-Identifier: Apache-2.0
// Every number that is shown agrees with every other, at every moment and whatever the cores say in whatever order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "control/classify/classifier.h"
#include "control/export/connections.h"
#include "control/export/report.h"
#include "control/export/top.h"
#include "control/registry/ranking.h"
#include "tests/unit/control_test_data.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using tally::Time;
using test::endpoint;
namespace flag = tally::record_flag;

using tally::second;

/// One thing that a core books of an attempt.
struct Step {
    enum class What : std::uint8_t { begin, accept, judge, revise, end } what;
    Time time = 0;
    std::optional<Outcome> outcome{};
    std::uint8_t hops = tally::unknown_hops;
};

/// What happens to one attempt (or to what is none), as a core would book it.
struct Story {
    tally::Endpoint client, server;
    bool attempt = true;
    tally::AttemptRecord record;
    std::vector<Step> steps;
};

class Author {
  public:
    explicit Author(std::uint32_t seed, bool one_way) : random_(seed), one_way_(one_way) {}

    std::vector<Story> write(std::size_t count) {
        std::vector<Story> stories;
        for (std::size_t i = 0; i < count; ++i) stories.push_back(story(static_cast<std::uint16_t>(1024 + i)));
        return stories;
    }

  private:
    std::uint32_t below(std::uint32_t limit) { return random_() % limit; }
    static std::uint8_t ttl(std::uint8_t hops) { return static_cast<std::uint8_t>(64 - hops); }

    Story story(std::uint16_t client_port) {
        Story story;
        story.client = endpoint(1 + below(8), client_port);
        story.server = endpoint(100 + below(6), static_cast<std::uint16_t>(80 + below(3)));
        const Time start = 1'000'000'000 + below(200) * second + below(second);
        story.record = test::record(story.client, story.server, Outcome::undetermined, start);
        if (one_way_ && below(300) != 0) return unsolicited(std::move(story), start);
        story.steps.push_back({Step::What::begin, start});
        switch (below(6)) {
            case 0:
                return refused(std::move(story), start);
            case 1:
            case 2:
                return unanswered(std::move(story), start + 3 * second);
            case 3:
                return torn_down(std::move(story), start);
            default:
                return accepted(std::move(story), start);
        }
    }

    void judge(Story& story, Outcome outcome, Time time, std::uint8_t hops = tally::unknown_hops) {
        story.steps.push_back({Step::What::judge, time, outcome, hops});
    }
    Story end(Story story, Outcome outcome, Time decided, Time time) {
        story.record.outcome = outcome;
        story.record.decided = decided;
        story.steps.push_back({Step::What::end, time, outcome});
        return story;
    }

    Story refused(Story story, Time time) {
        const auto hops = static_cast<std::uint8_t>(below(3));
        judge(story, Outcome::refused, time, hops);
        story.record.rst_ttl = ttl(hops);
        if (below(5) == 0) {  // it was not the answer
            story.steps.push_back({Step::What::revise, time + second, std::nullopt, hops});
            return accepted(std::move(story), time + 2 * second);
        }
        return end(std::move(story), Outcome::refused, time, time + 3 * second);
    }

    Story unanswered(Story story, Time time) {
        judge(story, Outcome::unanswered, time);
        const Time later = time + below(70) * second + below(second);
        switch (below(4)) {
            case 0:  // answered at last
                story.steps.push_back({Step::What::revise, later, std::nullopt});
                return accepted(std::move(story), later + 1);
            case 1:  // refused at last
                story.steps.push_back({Step::What::revise, later, Outcome::refused});
                story.record.rst_ttl = ttl(static_cast<std::uint8_t>(below(3)));
                return end(std::move(story), Outcome::refused, later, later + 3 * second);
            default:
                return end(std::move(story), Outcome::unanswered, time, time + 72 * second);
        }
    }

    Story torn_down(Story story, Time time) {
        story.client.address = test::address(1);
        story.record.client.address = test::address(1);
        story.record.flags = flag::half_open_reset;
        judge(story, Outcome::client_cancelled, time, 2);
        return end(std::move(story), Outcome::client_cancelled, time, time + 3 * second);
    }

    Story accepted(Story story, Time time) {
        story.steps.push_back({Step::What::accept, time, std::nullopt, 2});
        const Time later = time + below(50) * second + 1;
        const Outcome outcome = below(8) == 0   ? Outcome::blackholed
                                : below(8) == 0 ? Outcome::keepalive_timeout
                                                : Outcome::closed;
        if (below(10) == 0) return story;  // open to the end
        judge(story, outcome, later, 2);
        return end(std::move(story), outcome, later, later + 60 * second);
    }

    Story unsolicited(Story story, Time time) {
        story.attempt = false;
        story.record.syn_count = 0;
        if (below(3) == 0) {
            story.record.synack_count = static_cast<std::uint16_t>(1 + below(3));
            if (below(4) != 0) story.record.client.address = story.client.address = test::address(7);
        } else {
            story.record.flags = flag::lone_refusal;
            story.record.rst_count = 1;
            story.record.rst_ttl = ttl(static_cast<std::uint8_t>(below(3)));
        }
        judge(story, Outcome::unsolicited, time + 3 * second);
        return end(std::move(story), Outcome::unsolicited, time + 3 * second, time + 3 * second);
    }

    std::mt19937 random_;
    bool one_way_;
};

OutcomeSums sums_of(const Registry::Table& table) {
    OutcomeSums sums{};
    for (const RegistryRow& row : table.rows())
        for (const OutcomeCount& each : row.outcomes) sums[tally::index(each.outcome)] += each.seen.count;
    return sums;
}

/// Control, fed by some cores, and looked at after every interval.
class Play {
  public:
    Play(const std::vector<Story>& stories, unsigned cores)
        : cores_(cores, capacity()),
          merger_(cores_.exchanges, [this](MergedInterval& interval) { take(interval); }),
          stories_(stories) {
        struct Cue {
            Time time;
            std::size_t story, step;
        };
        std::vector<Cue> cues;
        for (std::size_t i = 0; i < stories.size(); ++i)
            for (std::size_t k = 0; k < stories[i].steps.size(); ++k) cues.push_back({stories[i].steps[k].time, i, k});
        std::ranges::sort(cues, {}, [](const Cue& cue) { return std::tie(cue.time, cue.story, cue.step); });
        open_.resize(stories.size());
        tally::Interval interval = 0;
        for (const Cue& cue : cues) {
            if (const tally::Interval next = tally::interval_of(cue.time); next != interval) {
                for (unsigned core = 0; core < cores; ++core) cores_[core].open(next);
                interval = next;
                merger_.poll();
            }
            perform(cores_[cue.story * 7 % cores], cue.story, stories[cue.story].steps[cue.step], interval);
        }
        close(cores, interval);
    }

    std::string document() {
        Snapshot snapshot;
        snapshot.totals = totals_;
        snapshot.span = classifier_.span(registry_);
        snapshot.assumptions = classifier_.assumptions();
        snapshot.ranking = rank(registry_, classifier_.scanners(), 1000);
        snapshot.window = window_.intervals();
        snapshot.totals.last_interval = snapshot.window.back()->interval;
        expect_window(snapshot);
        return report(snapshot, 1000, Json::array()).dump() + log();
    }

    const Totals& totals() const { return totals_; }

  private:
    static tally::BankCapacity capacity() {
        tally::BankCapacity capacity = test::bank_capacity(512, 512, 4096);
        capacity.sightings = true;
        return capacity;
    }
    static config::Settings::Window long_window() { return {.seconds = 3600, .rows = 10'000'000}; }

    void perform(tally::CoreTally& core, std::size_t number, const Step& step, tally::Interval interval) {
        const Story& story = stories_[number];
        State& state = open_[number];
        tally::Sighting sighting{story.server, story.client, 0, step.hops, false, step.time, step.time};
        switch (step.what) {
            case Step::What::begin:
                return core.attempt_begun();
            case Step::What::accept:
                sighting.kind = tally::accepted_kind;
                core.accepted(sighting);
                ++core.gauges().open;
                --core.gauges().pending;
                state.open = true;
                return;
            case Step::What::judge:
                if (state.open) {
                    --core.gauges().open;
                    ++core.gauges().pending;
                    state.open = false;
                }
                sighting.kind = tally::row_kind(*step.outcome);
                sighting.answered = true;
                core.first_verdict(sighting);
                state.given_in = interval;
                state.hops = step.hops;
                state.said = step.outcome;
                return;
            case Step::What::revise:
                core.revise(
                    {state.given_in, story.server, story.client, state.hops, *state.said, step.outcome, step.time});
                state.said = step.outcome;
                return;
            case Step::What::end:
                core.finalize(story.record, story.attempt);
        }
    }

    void close(unsigned cores, tally::Interval interval) {
        for (std::size_t i = 0; i < stories_.size(); ++i) {
            if (!open_[i].open) continue;
            Story open = stories_[i];
            tally::CoreTally& core = cores_[i * 7 % cores];
            perform(core, i, {Step::What::judge, tally::interval_start(interval), Outcome::open, 2}, interval);
            open.record.outcome = Outcome::open;
            core.finalize(open.record, true);
        }
        for (unsigned core = 0; core < cores; ++core) cores_[core].finish();
        while (!merger_.finished()) merger_.poll();
        expect_rows(true);
        expect_log();
    }

    void take(MergedInterval& interval) {
        classifier_.judge(interval, registry_, totals_.overlay);
        add(totals_.outcomes, interval.outcomes);
        totals_.gauges = merger_.gauges();
        log_.add(interval.records);
        window_.add(interval);
        expect_rows(false);
    }

    /// Of clients it is known a little later which refusal was a device's.
    void expect_rows(bool at_the_end) {
        const OutcomeSums shown = totals_.shown();
        std::uint64_t attempts = 0;
        for (const Outcome outcome : tally::all_outcomes())
            if (tally::is_attempt(outcome)) attempts += shown[tally::index(outcome)];
        ASSERT_EQ(attempts, totals_.attempts());
        const OutcomeSums of_servers = sums_of(registry_.destinations()), of_clients = sums_of(registry_.clients());
        for (const Outcome outcome : tally::all_outcomes()) {
            const std::size_t i = tally::index(outcome);
            if (!at_the_end && (outcome == Outcome::open || outcome == Outcome::undetermined)) continue;
            ASSERT_EQ(of_servers[i], shown[i]) << tally::name(outcome);
            const bool settled = outcome != Outcome::refused && outcome != Outcome::refused_by_device;
            if (!at_the_end && !settled) continue;
            ASSERT_EQ(of_clients[i], shown[i]) << tally::name(outcome);
        }
    }

    void expect_log() {
        log_.settle(classifier_.scanners(), {}, classifier_.assumptions());
        OutcomeSums listed{};
        std::map<std::string, Outcome> outcomes;
        for (const Outcome outcome : tally::all_outcomes()) outcomes[std::string(tally::name(outcome))] = outcome;
        for (const Json& connection : Json::parse(log())) ++listed[tally::index(outcomes[connection["outcome"]])];
        EXPECT_EQ(listed, totals_.shown());
    }

    std::string log() const {
        char* text = nullptr;
        std::size_t size = 0;
        std::FILE* memory = open_memstream(&text, &size);
        log_.write_array(memory);
        std::fclose(memory);
        std::string result(text, size);
        std::free(text);
        return result;
    }

    /// A window that covers everything shows what the registry does.
    void expect_window(const Snapshot& snapshot) const {
        const OutcomeSums shown = totals_.shown();
        for (const Outcome outcome : tally::all_outcomes()) {
            const bool both = outcome == Outcome::refused;
            for (const auto by : {TopQuery::By::destination, TopQuery::By::client, TopQuery::By::service}) {
                TopQuery query;
                query.by = by;
                query.outcome = tally::name(outcome);
                query.rows = 1000;
                const Json document = top(snapshot, query);
                std::uint64_t sum = 0;
                for (const Json& row : document["rows"]) sum += row["count"].get<std::uint64_t>();
                const std::uint64_t more = both ? shown[tally::index(Outcome::refused_by_device)] : 0;
                EXPECT_EQ(sum, shown[tally::index(outcome)] + more) << tally::name(outcome);
                EXPECT_EQ(document["attempts"], totals_.attempts());
            }
        }
    }

    struct State {
        bool open = false;
        tally::Interval given_in = 0;
        std::uint8_t hops = tally::unknown_hops;
        std::optional<Outcome> said;
    };

    test::Cores cores_;
    IntervalMerger merger_;
    const std::vector<Story>& stories_;
    std::vector<State> open_;
    Registry registry_{config::Settings::Registry{}};
    Classifier classifier_{config::Settings::Registry{}, true};
    Window window_{long_window()};
    ConnectionLog log_;
    Totals totals_;
};

TEST(Agreement, OfTotalsRowsWindowsAndRecordsWithAnyNumberOfCores) {
    std::uint64_t devices = 0, overflows = 0, scans = 0;
    for (std::uint32_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE(seed);
        const std::vector<Story> stories = Author(seed, false).write(600);
        Play one(stories, 1);
        const std::string document = one.document();
        for (const unsigned cores : {2u, 3u}) EXPECT_EQ(Play(stories, cores).document(), document) << cores << " cores";
        devices += one.totals().shown()[tally::index(Outcome::refused_by_device)];
        overflows += one.totals().shown()[tally::index(Outcome::listen_overflow)];
        scans += one.totals().shown()[tally::index(Outcome::half_open_scan)];
    }
    EXPECT_GT(devices, 100u) << "or nothing was tried";
    EXPECT_GT(overflows, 100u);
    EXPECT_GT(scans, 100u);
}

TEST(Agreement, OfWhatIsAssumedAndTakenBack) {
    std::uint64_t assumed = 0, taken_back = 0;
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        const std::vector<Story> stories = Author(seed, true).write(150);
        Play one(stories, 1);
        const std::string document = one.document();
        for (const unsigned cores : {2u, 3u}) EXPECT_EQ(Play(stories, cores).document(), document) << cores << " cores";
        (one.totals().shown()[tally::index(Outcome::refused)] > 50 ? assumed : taken_back) += 1;
    }
    EXPECT_GT(assumed, 2u);
    EXPECT_GT(taken_back, 2u);
}

}  // namespace
}  // namespace rstwatch::control
