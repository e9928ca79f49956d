// SPDX-License-Identifier: Apache-2.0
// CPU, its clock, and who else runs on it.
#include <algorithm>
#include <iterator>
#include <sstream>

#include "tools/rstwatch/doctor/checks.h"

namespace rstwatch::cli::checkup {
namespace {

using State = Finding::State;

/// x86-64-v3 beyond x86-64-v2 (x86-64 psABI, section 3.1.1), as Linux spells it; abm stands for LZCNT.
constexpr const char* baseline[] = {"sse4_2", "popcnt", "movbe", "avx", "avx2", "bmi1",
                                    "bmi2",   "f16c",   "fma",   "abm", "xsave"};

std::set<std::string> cpu_flags(const Machine& machine) {
    std::istringstream words(machine.field("/proc/cpuinfo", "flags"));
    return {std::istream_iterator<std::string>(words), {}};
}

Finding check_baseline(const std::set<std::string>& flags, const std::string& model) {
    std::string missing;
    for (const char* flag : baseline)
        if (!flags.contains(flag)) missing += (missing.empty() ? "" : ", ") + std::string(flag);
    if (missing.empty()) return {"cpu", model, State::ok, "has all of x86-64-v3", ""};
    return {"cpu", model, State::wrong, "lacks " + missing + " of x86-64-v3 (Intel Haswell, AMD Zen or later)",
            "run it on such a machine; in a virtual machine pass the host's CPU through (QEMU: -cpu host)"};
}

Finding check_tsc(const std::set<std::string>& flags) {
    const bool constant = flags.contains("constant_tsc"), nonstop = flags.contains("nonstop_tsc");
    if (constant && nonstop)
        return {"tsc", "cpu", State::ok, "the time stamp counter is invariant: packet time rests on it", ""};
    return {"tsc", "cpu", State::wrong,
            std::string("the time stamp counter is not invariant (no ") + (constant ? "nonstop_tsc" : "constant_tsc") +
                "): packet time runs unevenly",
            "in a virtual machine have the host pass it through (QEMU: -cpu host,+invtsc,migratable=no); on bare metal "
            "use another machine"};
}

}  // namespace

std::set<unsigned> rx_cpus(const Machine& machine, const Needs& needs) {
    const std::set<unsigned> allowed = numbers_of(machine.field("/proc/self/status", "Cpus_allowed_list"));
    std::set<unsigned> chosen;
    for (auto cpu = allowed.rbegin(); cpu != allowed.rend() && chosen.size() < needs.queues; ++cpu) chosen.insert(*cpu);
    return chosen;
}

Findings check_processor(const Machine& machine) {
    const std::set<std::string> flags = cpu_flags(machine);
    const std::string model = machine.field("/proc/cpuinfo", "model name");
    return {check_baseline(flags, model.empty() ? "unknown" : model), check_tsc(flags)};
}

Findings check_clock_source(const Machine& machine) {
    const std::string directory = "/sys/devices/system/clocksource/clocksource0/";
    const std::string current = machine.text(directory + "current_clocksource");
    const std::string available = ' ' + machine.text(directory + "available_clocksource") + ' ';
    if (current == "tsc") return {{"clock source", "kernel", State::ok, "the kernel trusts the tsc", ""}};
    if (available.find(" tsc ") != std::string::npos)
        return {{"clock source", "kernel", State::advice,
                 "is " + current + " although the tsc is there: each reading of the wall clock takes longer",
                 "echo tsc | sudo tee " + directory + "current_clocksource"}};
    return {{"clock source", "kernel", State::wrong,
             "is " + (current.empty() ? "unknown" : current) + ", the kernel has found the tsc unstable",
             "see why with: dmesg | grep -i tsc; where it is known to be good, boot with tsc=reliable"}};
}

Findings check_isolation(const Machine& machine, const Needs& needs) {
    if (!needs.dpdk()) return {};
    const std::set<unsigned> cpus = rx_cpus(machine, needs);
    const std::string named = "cpu " + list_of(cpus);
    Findings findings;
    if (cpus.size() < needs.queues)
        findings.push_back(
            {"cores", named, State::wrong,
             "rx.queues asks for " + std::to_string(needs.queues) + " cores, and this process may run on " +
                 std::to_string(cpus.size()),
             "lower rx.queues to " + std::to_string(cpus.size()) + ", or start it with: taskset -c LIST"});
    const std::set<unsigned> isolated = machine.list("/sys/devices/system/cpu/isolated");
    if (std::ranges::includes(isolated, cpus)) {
        findings.push_back({"isolation", named, State::ok, "isolated from the scheduler", ""});
    } else {
        const std::string list = list_of(cpus);
        findings.push_back({"isolation", named, State::advice,
                            "others may run on the CPUs that receive: packets wait for them meanwhile",
                            "boot with isolcpus=managed_irq,domain," + list + " nohz_full=" + list +
                                " rcu_nocbs=" + list +
                                " (GRUB_CMDLINE_LINUX in /etc/default/grub, then: sudo "
                                "update-grub)"});
    }
    return findings;
}

}  // namespace rstwatch::cli::checkup
