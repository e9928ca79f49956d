// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/measure.h"

#include <x86intrin.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

namespace rstwatch::bench {
namespace {

constexpr tally::Time first_packet = 1'700'000'000 * tally::second;

/// Neither loads before it nor the work after it pass it (Intel SDM vol. 2B, RDTSCP and LFENCE).
std::uint64_t clock_now() {
    unsigned core = 0;
    const std::uint64_t now = __rdtscp(&core);
    _mm_lfence();
    return now;
}

/// What reading the clock twice costs by itself.
std::uint64_t clock_cost() {
    std::uint64_t least = ~std::uint64_t{0};
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t before = clock_now();
        least = std::min(least, clock_now() - before);
    }
    return least;
}

/// What lies in transparent huge pages (proc_pid_smaps(5)).
std::uint64_t huge_mib() {
    std::ifstream smaps("/proc/self/smaps_rollup");
    std::string line;
    unsigned long long kib = 0;
    while (std::getline(smaps, line))
        if (std::sscanf(line.c_str(), "AnonHugePages: %llu kB", &kib) == 1) return kib >> 10;
    return 0;
}

/// Out of every cache, as a packet is that a device without direct cache access has delivered.
void chill(std::span<const packet::Frame> frames) {
    constexpr std::size_t line = 64;
    for (const packet::Frame& frame : frames)
        for (std::size_t at = 0; at < frame.length + line; at += line) _mm_clflush(frame.data + at);
    _mm_mfence();
}

class Measurement {
  public:
    Measurement(Stage stage, const Mix& mix, const Conditions& conditions, const Effort& effort)
        : traffic_(mix),
          runner_(make_runner(stage, conditions)),
          per_packet_(1e6 / effort.packets_per_second),
          cold_(effort.cold) {}

    /// Returns the cycles that it took.
    std::uint64_t pass(std::uint64_t packets) {
        std::uint64_t cycles = 0;
        for (std::uint64_t done = 0; done < packets;) {
            const std::size_t count = std::min<std::uint64_t>(batch_size, packets - done);
            const std::span<const packet::Frame> frames = traffic_.next(count);
            const tally::Time now = first_packet + static_cast<tally::Time>(static_cast<double>(seen_) * per_packet_);
            if (cold_) chill(frames);
            const std::uint64_t before = clock_now();
            runner_->run(frames, now);
            cycles += clock_now() - before - clock_cost_;
            runner_->relieve();
            done += count;
            seen_ += count;
        }
        return cycles;
    }
    std::uint64_t opening() const { return traffic_.opening(); }
    std::uint64_t digest() const { return runner_->digest(); }

  private:
    Traffic traffic_;
    std::unique_ptr<Runner> runner_;
    double per_packet_;  // microseconds of packet time
    bool cold_;
    std::uint64_t seen_ = 0;
    std::uint64_t clock_cost_ = clock_cost();
};

}  // namespace

double Cycles::least() const {
    return *std::ranges::min_element(runs);
}

double Cycles::median() const {
    std::vector<double> sorted = runs;
    std::ranges::sort(sorted);
    return sorted[sorted.size() / 2];
}

Cycles measure(Stage stage, const Mix& mix, const Conditions& conditions, const Effort& effort) {
    Measurement measurement(stage, mix, conditions, effort);
    measurement.pass(measurement.opening());
    measurement.pass(effort.packets);
    Cycles cycles;
    for (unsigned run = 0; run < effort.runs; ++run)
        cycles.runs.push_back(static_cast<double>(measurement.pass(effort.packets)) /
                              static_cast<double>(effort.packets));
    cycles.digest = measurement.digest();
    cycles.huge_mib = huge_mib();
    return cycles;
}

}  // namespace rstwatch::bench
