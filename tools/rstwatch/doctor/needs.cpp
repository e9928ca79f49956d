// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tools/rstwatch/doctor/checks.h"

namespace rstwatch::cli::checkup {
namespace {

constexpr std::uint64_t buffer_bytes = 10 * 1024;  // as the help of rx.mbufs says

/// Of one interface: a ring for receiving and one for sending, with four slots of 2 KiB for each of rx.descriptors.
constexpr std::uint64_t ring_bytes_per_descriptor = std::uint64_t{2} * 4 * 2048;

/// As the daemon chooses it.
std::string socket_of(const std::string& setting) {
    if (setting == "off") return "";
    if (!setting.empty()) return setting;
    if (geteuid() == 0) return "/run/rstwatch/rstwatch.sock";
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/rstwatch.sock";
    return "/tmp/rstwatch-" + std::to_string(geteuid()) + "/rstwatch.sock";
}

}  // namespace

Needs needs_of(const config::Settings& settings) {
    Needs needs;
    for (const config::Port& port : settings.ports) {
        if (!port.pci.empty()) needs.pci.push_back(port.pci);
        if (!port.interface.empty()) needs.interfaces.push_back(port.interface);
    }
    needs.queues = static_cast<unsigned>(settings.rx.queues);
    const std::uint64_t ports = std::max<std::uint64_t>(1, settings.ports.size());
    const auto buffers = static_cast<std::uint64_t>(std::max(settings.rx.mbufs, settings.rx.descriptors));
    needs.packet_memory = std::max(static_cast<std::uint64_t>(settings.rx.memory_mib) << 20,
                                   ports * needs.queues * buffers * buffer_bytes);
    // The loopback is read through libpcap.
    const auto rings = std::ranges::count_if(needs.interfaces, [](const std::string& name) { return name != "lo"; });
    needs.ring_memory = static_cast<std::uint64_t>(rings * settings.rx.descriptors) * ring_bytes_per_descriptor;
    needs.socket = socket_of(settings.http.socket);
    return needs;
}

}  // namespace rstwatch::cli::checkup
