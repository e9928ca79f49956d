// SPDX-License-Identifier: Apache-2.0
// Fills a store with minutes of many services, and says how long top lists of the past take to read from it.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>
#include <variant>

#include "control/store/store.h"
#include "control/store/store_reader.h"

namespace rstwatch::bench {
namespace {

using tally::Outcome;

struct Options {
    std::string path;
    std::uint32_t services = 200'000;
    std::uint32_t minutes = 60;
    std::uint32_t named = 24'000;       // services told apart in a minute: 2000 in every 5 s
    std::uint32_t failing_percent = 5;  // of them
};

constexpr std::uint64_t first_minute = 28'000'000;

tally::Endpoint service(std::uint32_t number) {
    const std::uint8_t bytes[] = {10, static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
                                  static_cast<std::uint8_t>(number)};
    return {tally::IpAddress::v4(bytes), 443};
}

/// Services in turn: over some minutes all of them occur.
std::vector<control::MinuteRow> minute(const Options& options, std::uint32_t number) {
    const std::uint64_t when = first_minute + number;
    std::vector<control::MinuteRow> rows;
    rows.push_back({{when, control::Scope::network, control::stored_kind::seconds, false, {}}, 60, 0, 0, 0});
    const auto add = [&](std::uint32_t of, tally::RowKind kind) {
        const tally::Time time = when * 60 * tally::second;
        rows.push_back({{when, control::Scope::service, kind, true, service(of)}, 12, 3, time, time + 5});
    };
    for (std::uint32_t i = 0; i < options.named; ++i) {
        const std::uint32_t of = (number * options.named + i) % options.services;
        const bool fails = of % 100 < options.failing_percent;
        if (!fails) add(of, tally::accepted_kind);
        add(of, tally::row_kind(fails ? Outcome::refused : Outcome::closed));
    }
    return rows;
}

void fill(const Options& options) {
    control::Store::Options kept;
    kept.path = options.path;
    kept.wait_when_full = true;
    control::Store store(kept, [](bool, const std::string& sentence) { std::puts(sentence.c_str()); });
    store.start();
    for (std::uint32_t number = 0; number < options.minutes; ++number) store.add(minute(options, number));
    store.stop();
}

void read(const Options& options, std::uint32_t minutes, Outcome outcome) {
    control::Store::Options kept;
    kept.path = options.path;
    control::Store store(kept, {});
    control::StoreReader reader(store, 60'000);
    control::StoreReader::TopRange range;
    range.scope = control::Scope::service;
    range.rows = 10;
    range.until = first_minute + options.minutes;
    range.from = range.until - std::min(minutes, options.minutes);
    range.wanted[tally::index(outcome)] = true;
    constexpr int times = 3;
    std::printf("  top of %4u minutes, %-8s", minutes, std::string(tally::name(outcome)).c_str());
    for (int i = 0; i < times; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        const auto answer = reader.top(range);
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
        std::printf(" %8.1f ms", took.count());
        if (const auto* trouble = std::get_if<control::StoreTrouble>(&answer))
            std::printf(" (%s)", trouble->sentence.c_str());
    }
    std::puts("");
}

}  // namespace
}  // namespace rstwatch::bench

int main(int argc, char** argv) {
    using namespace rstwatch::bench;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    Options options;
    CLI::App app("Measures top lists of the past.");
    app.add_option("--store", options.path, "SQLite file to make")->required();
    app.add_option("--services", options.services, "services")->capture_default_str();
    app.add_option("--minutes", options.minutes, "minutes")->capture_default_str();
    app.add_option("--named", options.named, "services of each minute")->capture_default_str();
    app.add_option("--failing", options.failing_percent, "percent of the services that refuse")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    fill(options);
    for (const std::uint32_t minutes : {5u, 60u, 1440u}) {
        read(options, minutes, rstwatch::tally::Outcome::refused);
        read(options, minutes, rstwatch::tally::Outcome::closed);
    }
    return 0;
}
