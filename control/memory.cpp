// SPDX-License-Identifier: Apache-2.0
#include "control/memory.h"

#include <algorithm>
#include <bit>
#include <fstream>

#include "control/alert/alert.h"
#include "control/classify/scanners.h"
#include "control/heap.h"
#include "control/history/history_ring.h"
#include "control/registry/failure.h"
#include "control/registry/registry.h"
#include "control/registry/service_directory.h"
#include "control/registry/window.h"
#include "control/store/kept_service.h"
#include "control/store/minute_row.h"

namespace rstwatch::control {
namespace {

constexpr std::uint64_t mib = 1 << 20;
/// The program and its libraries, compiled signatures, buffers of connections, the allocator's own needs.
constexpr std::uint64_t base = 128 * mib;

// Of the dataplane, which control does not see; ARCHITECTURE.md and the settings' help say the same.
constexpr std::uint64_t connection = 196, identified_service = 16, waiting_connection = 176, datagram = 1024;

/// An allocation of `size` bytes with what the allocator adds to it.
constexpr std::uint64_t allocated(std::uint64_t size) {
    return std::max<std::uint64_t>((size + 8 + 15) / 16 * 16, 32);
}

constexpr std::uint64_t tree_node = 64, hash_node = 32;  // besides the value

/// 32 addresses, for which a small_vector, growing by three fifths, has room for 34.
constexpr std::uint64_t distinct_clients = allocated(88) + allocated(34 * sizeof(tally::IpAddress));
constexpr std::uint64_t sketch = allocated(4096);
/// Of every outcome one, with the room for more that a vector keeps.
constexpr std::uint64_t outcome_counts = allocated(2 * tally::outcome_count * sizeof(OutcomeCount));

std::uint64_t count(std::int64_t setting) {
    return static_cast<std::uint64_t>(setting);
}

/// Of a SpaceSavingTable: rows, their tags, the index, and what each row has elsewhere.
template <typename Row>
std::uint64_t table(std::uint64_t rows, std::uint64_t elsewhere = 0) {
    return rows * (sizeof(Row) + sizeof(std::uint32_t) + elsewhere) + std::bit_ceil(2 * rows) * sizeof(std::uint64_t);
}

std::uint64_t bank(const config::Settings& settings) {
    const std::uint64_t record = sizeof(tally::AttemptRecord) + 2 * sizeof(tally::Sighting) + sizeof(tally::Revision);
    return table<tally::Row>(count(settings.tally.destinations)) + table<tally::Row>(count(settings.tally.clients)) +
           count(settings.tally.records) * record + count(settings.identify.results) * sizeof(tally::Identification);
}

std::uint64_t failures(const config::Settings::Registry& registry) {
    constexpr std::uint64_t peers = allocated(8 * sizeof(FailurePeer));
    return 4 * table<Failure>(count(registry.failures), peers + 2 * distinct_clients);
}

/// A client that tears down handshakes at two services and fails at eight, or has been found out by these.
std::uint64_t scanners(const config::Settings::Registry& registry) {
    constexpr std::uint64_t moves = allocated(16 * sizeof(tally::Revision));
    constexpr std::uint64_t undecided =
        2 * allocated(8 * sizeof(tally::Endpoint)) + allocated(2 * sizeof(ScannerRow::TornDown)) + 2 * moves;
    return table<ScannerRow>(count(registry.clients), undecided);
}

/// Hop distances of servers, handshakes that were completed, attempts that wait for a decision: see the capacities of
/// ListenQueue, UnseenDirection, RefusalOrigins and CountChanges.
std::uint64_t classifier(const config::Settings::Registry& registry) {
    constexpr std::uint64_t baseline = 192 + 4 * sizeof(std::uint32_t), undecided = 96 * mib;
    return count(registry.destinations) * baseline + undecided;
}

/// Rows and what is said of single attempts; twice, because an answer may still be made of what was before.
std::uint64_t window(const config::Settings& settings, std::uint64_t cores) {
    const std::uint64_t largest = std::max({sizeof(tally::Row), sizeof(tally::Sighting), sizeof(tally::Revision)});
    return 2 * (count(settings.window.rows) * largest * 2 + cores * bank(settings));
}

std::uint64_t history(const config::Settings::History& history) {
    const std::int64_t points = history.second_points + history.ten_second_points + history.minute_points;
    return 2 * (count(points) + 6 * HistoryBlock::length) * sizeof(HistoryPoint);
}

std::uint64_t store(const config::Settings& settings) {
    constexpr std::uint64_t text = allocated(tally::DetailText::capacity + 1), sqlite = 16 * mib;
    const std::uint64_t row = std::max(sizeof(MinuteRow), sizeof(KeptService) + 2 * text);
    // Until they are written, minutes are added up by subject and outcome.
    const std::uint64_t collected = count(settings.rx.queues) * count(settings.tally.destinations) * 3 +
                                    count(settings.rx.queues) * count(settings.tally.clients);
    return count(settings.store.queue) * row + collected * 2 * (sizeof(MinuteRow) + 48) + sqlite;
}

std::uint64_t identities(const config::Settings::Registry& registry) {
    constexpr std::uint64_t texts = 3 * allocated(tally::DetailText::capacity + 1);
    return 2 * count(registry.destinations) * (allocated(sizeof(Identity) + 24 + hash_node) + texts);
}

/// A number of kB of /proc/self/status (proc_pid_status(5)), in bytes.
std::uint64_t of_process(const std::string& field) {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line))
        if (line.starts_with(field + ":")) return std::stoull(line.substr(field.size() + 1)) * 1024;
    return 0;
}

/// That the kernel shares with this process (dataplane/port/driver_choice.cpp): four places of 2 KiB for each of
/// rx.descriptors, and as many for sending.
std::uint64_t rings(const config::Settings& settings) {
    const auto interfaces =
        std::ranges::count_if(settings.ports, [](const config::Port& port) { return !port.interface.empty(); });
    return count(interfaces) * count(settings.rx.descriptors) * 4 * 2048 * 2;
}

}  // namespace

std::vector<MemoryPart> memory_at_most(const config::Settings& settings) {
    const std::uint64_t cores = count(settings.rx.queues);
    const config::Settings::Registry& registry = settings.registry;
    const config::Settings::Identify& identify = settings.identify;
    return {
        {"program", base},
        {"packets", count(settings.rx.memory_mib) * mib},
        {"rings", rings(settings)},
        {"reserve", count(settings.memory.reserve_mib) * mib},
        {"connections", cores * count(settings.tracking.connections) * connection},
        {"fragments", cores * count(settings.rx.datagrams) * datagram},
        {"identification",
         cores * (count(identify.services) * identified_service + count(identify.waiting) * waiting_connection)},
        {"banks", cores * count(settings.tally.banks) * bank(settings)},
        // Two more: what is over keeps its room for what comes, and so does the list of its revisions.
        {"merging", cores * (count(settings.tally.banks) + 2) * bank(settings) * 2},
        {"destinations", table<RegistryRow>(count(registry.destinations),
                                            outcome_counts + allocated(sizeof(HandshakeTimes)) + 2 * distinct_clients)},
        {"clients", table<RegistryRow>(count(registry.clients), outcome_counts)},
        {"sketches", 2 * count(registry.sketches) * sketch},
        {"identities", identities(registry)},
        {"classifier", classifier(registry)},
        {"scanners", scanners(registry)},
        {"failures", failures(registry)},
        {"alerts", count(settings.alerts.capacity) * 2 * (sizeof(Alert) + tree_node + 4096)},
        {"window", window(settings, cores)},
        {"history", history(settings.history)},
        {"store", store(settings)},
        {"streams", count(settings.http.streams + 1) * count(settings.http.stream_events) * 512},
    };
}

std::uint64_t sum_of(const std::vector<MemoryPart>& parts) {
    std::uint64_t sum = 0;
    for (const MemoryPart& part : parts) sum += part.bytes;
    return sum;
}

std::string describe(const std::vector<MemoryPart>& parts) {
    constexpr std::size_t named = 5;
    std::vector<MemoryPart> largest = parts;
    std::ranges::stable_sort(largest, std::greater(), &MemoryPart::bytes);
    std::string text = "at most " + std::to_string(sum_of(parts) / mib) + " MiB by the settings:";
    for (std::size_t i = 0; i < std::min(named, largest.size()); ++i)
        text += (i == 0 ? " " : ", ") + largest[i].name + " " + std::to_string(largest[i].bytes / mib) + " MiB";
    return text + " …";
}

MemoryUse memory_use() {
    return {of_process("VmRSS"), of_process("VmHWM")};
}

Json memory_json(const std::vector<MemoryPart>& parts) {
    Json tables = Json::object();
    for (const MemoryPart& part : parts) tables[part.name] = part.bytes;
    const MemoryUse use = memory_use();
    return {{"resident_bytes", use.resident},
            {"peak_bytes", use.peak},
            {"heap_in_use_bytes", heap_in_use()},
            {"at_most_bytes", sum_of(parts)},
            {"parts_bytes", std::move(tables)}};
}

}  // namespace rstwatch::control
