// SPDX-License-Identifier: Apache-2.0
// Drives the real control side (banks, merger, Controller, Store, REST over a socket) with a made-up network, and says
// what that costs: CPU time of the control thread per interval, latencies of REST meanwhile, memory.
#include <malloc.h>
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <thread>

#include "control/api.h"
#include "control/controller.h"
#include "control/http/server.h"
#include "control/knowledge_routes.h"
#include "tools/control_bench/rest_client.h"
#include "tools/control_bench/traffic.h"

namespace rstwatch::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    TrafficOptions traffic;
    std::uint32_t attempts = 100'000;
    std::uint32_t seconds = 20;
    std::uint32_t rows = 1'000'000;
    std::string store;
};

/// MiB, of a line of /proc/self/status.
double memory_of_process(const std::string& field) {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line))
        if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) / 1024;
    return 0;
}

config::Settings settings_for(const Options& options) {
    config::Settings settings;
    settings.registry.destinations = options.traffic.services;
    settings.registry.clients = options.traffic.clients;
    settings.tally.destinations = 524288;
    settings.tally.clients = 1048576;
    return settings;
}

/// What replaces cores and ports.
control::Surroundings surroundings_for(control::Store& store) {
    control::Surroundings surroundings;
    surroundings.sensor = "bench";
    surroundings.port_status = [] { return std::vector<tally::PortStatus>{}; };
    surroundings.core_status = [] { return std::vector<control::CoreState>(2); };
    surroundings.store = &store;
    return surroundings;
}

std::vector<std::unique_ptr<tally::BankExchange>> make_exchanges(const config::Settings& settings) {
    tally::BankCapacity capacity{};
    capacity.destinations = static_cast<std::size_t>(settings.tally.destinations);
    capacity.clients = static_cast<std::size_t>(settings.tally.clients);
    capacity.records = 131072;
    capacity.sightings = true;
    std::vector<std::unique_ptr<tally::BankExchange>> exchanges;
    exchanges.push_back(std::make_unique<tally::BankExchange>(0, 3, capacity));
    capacity.records = 16;
    exchanges.push_back(std::make_unique<tally::BankExchange>(1, 3, capacity));
    return exchanges;
}

/// The control side as the daemon composes it, and its thread.
class Daemon {
  public:
    explicit Daemon(const Options& options)
        : settings_(settings_for(options)),
          exchanges_(make_exchanges(settings_)),
          store_(store_options(options), [](bool, const std::string& sentence) { std::puts(sentence.c_str()); }),
          controller_(settings_, surroundings_for(store_), {}, exchanges_, snapshots_),
          server_(listen_anywhere(), make_router()) {
        if (const auto failed = server_.start()) throw std::runtime_error(failed->message);
        store_.start();
        thread_ = std::thread([this] { controller_.run(); });
        pthread_getcpuclockid(thread_.native_handle(), &clock_);
    }

    ~Daemon() { join(); }

    tally::BankExchange& exchange(std::size_t core) { return *exchanges_[core]; }
    std::uint16_t port() const { return server_.port(); }
    control::SnapshotPtr snapshot() const { return snapshots_.latest(); }

    /// Milliseconds of CPU time that the control thread has used.
    double used() const {
        timespec time{};
        clock_gettime(clock_, &time);
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
    }

    void wait_for(tally::Interval interval) const {
        while (snapshot() == nullptr || snapshot()->totals.last_interval < interval)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    void join() {
        if (thread_.joinable()) thread_.join();
        server_.stop();
        store_.stop();
    }

  private:
    static control::Store::Options store_options(const Options& options) {
        control::Store::Options store;
        store.path = options.store;
        return store;
    }

    static control::http::Options listen_anywhere() {
        control::http::Options options;
        options.listen = "127.0.0.1:0";
        return options;
    }

    control::http::Router make_router() {
        const control::Inspect inspect = [this](const auto& look) { controller_.inspect(look); };
        control::http::Router router =
            control::make_api(snapshots_, inspect, store_, health_, [] { return control::Json::object(); });
        control::add_knowledge_routes(router, snapshots_, inspect,
                                      [this](const std::string& id) { return controller_.acknowledge(id); });
        return router;
    }

    config::Settings settings_;
    std::vector<std::unique_ptr<tally::BankExchange>> exchanges_;
    control::SnapshotStore snapshots_;
    control::Store store_;
    control::Vitals vitals_;
    control::Health health_{snapshots_, store_, vitals_};
    control::Controller controller_;
    control::http::Server server_;
    std::thread thread_;
    clockid_t clock_{};
};

/// Asks for everything in turn, each time a little differently, so that no answer is a remembered one.
void ask(RestClient& client, const Traffic& traffic, std::uint32_t services, std::uint32_t round) {
    const std::string n = "&n=" + std::to_string(10 + round % 40);
    client.get("/top", "/api/v1/top?outcome=refused" + n);
    client.get("/top by client", "/api/v1/top?by=client&outcome=failed" + n);
    client.get("/top of closed", "/api/v1/top?outcome=closed" + n);
    client.get("/destinations/{endpoint}",
               "/api/v1/destinations/" + to_string(traffic.service(round * 7919 % services)));
    client.get("/destinations", "/api/v1/destinations?n=100");
    client.get("/clients/{address}", "/api/v1/clients/" + to_string(traffic.client(round % 1000, 0).address));
    client.get("/alerts", "/api/v1/alerts");
    client.get("/status", "/api/v1/status");
    client.get("/summary", "/api/v1/summary?n=" + std::to_string(10 + round % 40));
}

void print(const std::map<std::string, RestClient::Latencies>& all) {
    std::printf("  %-26s %8s %10s %10s %10s\n", "ms", "requests", "median", "p99", "most");
    for (const auto& [name, each] : all)
        std::printf("  %-26s %8zu %10.2f %10.2f %10.2f\n", name.c_str(), each.requests, each.median, each.p99,
                    each.most);
}

void print_memory(const char* when) {
    std::printf("%-30s resident %.0f MiB, at most %.0f MiB\n", when, memory_of_process("VmRSS"),
                memory_of_process("VmHWM"));
}

/// Every service and every client once, as fast as control takes it.
tally::Interval fill(const Daemon& daemon, Traffic& traffic, const Options& options, tally::Interval now) {
    constexpr std::uint32_t at_once = 100'000;
    for (std::uint32_t left = options.traffic.clients; left > 0; left -= std::min(left, at_once)) {
        traffic.flooded_second_of(now, std::min(left, at_once));
        traffic.second_of(++now, 0);  // which hands it over
        daemon.wait_for(now - 1);
    }
    return now + 1;
}

/// One interval a second while REST is asked.
tally::Interval measure_load(Daemon& daemon, Traffic& traffic, const Options& options, tally::Interval now) {
    RestClient client(daemon.port());
    std::atomic<bool> over = false;
    std::thread asking([&] {
        for (std::uint32_t round = 0; !over; ++round) {
            ask(client, traffic, options.traffic.services, round);
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    });
    const double before = daemon.used();
    const Clock::time_point begin = Clock::now();
    for (std::uint32_t i = 0; i < options.seconds; ++i) {
        traffic.second_of(now++, options.attempts);
        std::this_thread::sleep_until(begin + std::chrono::seconds(i + 1));
    }
    const double used = daemon.used() - before;
    over = true;
    asking.join();
    std::printf("%u attempts a second, services in turn: control uses %.1f ms a second (%.1f %% of a core)\n",
                options.attempts, used / options.seconds, used / options.seconds / 10);
    print(client.latencies());
    return now;
}

/// Intervals of rows alone.
tally::Interval measure_rows(Daemon& daemon, Traffic& traffic, const Options& options, tally::Interval now) {
    // Two rows of each service that answers, and one of each client.
    const std::uint32_t attempts = options.rows - std::min(options.rows / 2, options.traffic.services * 2);
    constexpr std::uint32_t times = 5;
    double used = 0;
    for (std::uint32_t i = 0; i < times; ++i) {
        traffic.flooded_second_of(now, attempts);
        const double before = daemon.used();
        traffic.second_of(++now, 0);  // which hands it over
        daemon.wait_for(now - 1);
        used += daemon.used() - before;
    }
    std::printf("%u rows in one interval: %.0f ms\n", options.rows, used / times);
    return now + 1;
}

int run(const Options& options) {
    print_memory("before anything");
    Daemon daemon(options);
    Traffic traffic(options.traffic, daemon.exchange(0), daemon.exchange(1));
    print_memory("tables made");
    tally::Interval now = 1'700'000'000;
    now = fill(daemon, traffic, options, now);
    print_memory("services and clients known");
    now = measure_load(daemon, traffic, options, now);
    print_memory("after the load");
    now = measure_rows(daemon, traffic, options, now);
    print_memory("after the rows");
    traffic.finish();
    daemon.join();
    return 0;
}

}  // namespace
}  // namespace rstwatch::bench

int main(int argc, char** argv) {
    using namespace rstwatch::bench;
    mallopt(M_MMAP_THRESHOLD, 256 << 20);  // as the daemon does
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 4 << 20);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    Options options;
    CLI::App app("Measures the control side of rstwatchd under a made-up network.");
    app.add_option("--services", options.traffic.services, "services that are known")->capture_default_str();
    app.add_option("--clients", options.traffic.clients, "clients that are known")->capture_default_str();
    app.add_option("--failing", options.traffic.failing_percent, "percent of the services that refuse")
        ->capture_default_str();
    app.add_option("--attempts", options.attempts, "connections a second")->capture_default_str();
    app.add_option("--seconds", options.seconds, "of load")->capture_default_str();
    app.add_option("--rows", options.rows, "rows of one interval")->capture_default_str();
    app.add_option("--store", options.store, "SQLite file; none: no store");
    CLI11_PARSE(app, argc, argv);
    try {
        return run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "control_bench: %s\n", error.what());
        return 1;
    }
}
