// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>

#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "dataplane/port/eal_words.h"

namespace rstwatch::port {
namespace {

std::mutex words_mutex;
std::string words;      // not translated yet
std::string raw_words;  // not told yet
std::vector<std::function<void()>> work_of_lcore;

constexpr std::size_t longest_words = 64 * 1024;

ssize_t keep_words(void*, const char* text, size_t length) {
    const std::lock_guard lock(words_mutex);
    if (words.size() + length <= longest_words) words.append(text, length);
    if (raw_words.size() + length <= longest_words) raw_words.append(text, length);
    return static_cast<ssize_t>(length);
}

void catch_log() {
    cookie_io_functions_t functions{};
    functions.write = keep_words;
    std::FILE* sink = fopencookie(nullptr, "w", functions);
    if (sink == nullptr) return;
    setvbuf(sink, nullptr, _IOLBF, 1024);
    rte_openlog_stream(sink);
}

/// lcore 0 floats over all CPUs; RX lcores float too, unless they have a CPU each.
std::string lcore_map(const EalNeeds& needs) {
    const std::vector<unsigned> cpus = allowed_cpus();
    std::string all;
    for (const unsigned cpu : cpus) all += (all.empty() ? "(" : ",") + std::to_string(cpu);
    all += ")";
    std::string map = "0@" + all;
    for (unsigned core = 1; core <= needs.rx_cores; ++core) {
        map += "," + std::to_string(core) + "@" + (needs.cpus.empty() ? all : std::to_string(needs.cpus[core - 1]));
    }
    return map;
}

std::vector<std::string> arguments(const EalNeeds& needs) {
    std::vector<std::string> args{"rstwatchd", "--no-telemetry", "--lcores", lcore_map(needs), "--main-lcore", "0"};
    const auto mib = std::to_string((needs.memory_bytes >> 20) + 1);
    if (needs.hugepages) {
        args.insert(args.end(), {"--in-memory"});
    } else {
        args.insert(args.end(), {"--no-huge", "--no-shconf", "-m", mib});
    }
    if (needs.pci.empty()) args.emplace_back("--no-pci");
    for (const std::string& address : needs.pci) args.insert(args.end(), {"--allow", address});
    return args;
}

int run_work(void* work) {
    (*static_cast<std::function<void()>*>(work))();
    return 0;
}

}  // namespace

std::vector<unsigned> allowed_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cpus;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
}

Failure start_eal(const EalNeeds& needs) {
    catch_log();
    std::vector<std::string> args = arguments(needs);
    std::vector<char*> pointers;
    std::string line;
    for (std::string& each : args) {
        pointers.push_back(each.data());
        line += (line.empty() ? "" : " ") + each;
    }
    if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0)
        return Failure("DPDK cannot start (" + std::string(rte_strerror(rte_errno)) + ") with `" + line +
                       "`: " + last_words());
    catch_log();  // rte_eal_init() has pointed the log at syslog meanwhile
    work_of_lcore.resize(needs.rx_cores + 1);
    return Failure();
}

void stop_eal() {
    (void)rte_eal_cleanup();
}

std::string last_words() {
    std::string said;
    {
        const std::lock_guard lock(words_mutex);
        said.swap(words);
    }
    const std::string meaning = translate(said);
    return meaning.empty() ? "DPDK gives no reason" : meaning;
}

std::string take_raw_words() {
    const std::lock_guard lock(words_mutex);
    return std::exchange(raw_words, "");
}

Failure launch(unsigned lcore, std::function<void()> work) {
    work_of_lcore[lcore] = std::move(work);
    if (rte_eal_remote_launch(run_work, &work_of_lcore[lcore], lcore) != 0)
        return Failure("lcore " + std::to_string(lcore) + " cannot be started: " + last_words());
    return Failure();
}

void wait_for_lcores() {
    rte_eal_mp_wait_lcore();
}

}  // namespace rstwatch::port
