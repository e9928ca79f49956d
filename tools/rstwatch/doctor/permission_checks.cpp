// SPDX-License-Identifier: Apache-2.0
// What this process may do, and where.
#include <charconv>

#include "tools/rstwatch/doctor/checks.h"

namespace rstwatch::cli::checkup {
namespace {

using State = Finding::State;

struct Named {
    Capability capability;
    const char* name;
    const char* purpose;
    const char* else_what;  ///< what is done without it; nullptr: nothing
};
constexpr Named for_interfaces[] = {
    {Capability::net_raw, "CAP_NET_RAW", "packets of a kernel interface", nullptr},
    {Capability::net_admin, "CAP_NET_ADMIN", "a large ring of packets", "libpcap's small one is used"}};
constexpr Named for_nics[] = {{Capability::ipc_lock, "CAP_IPC_LOCK", "memory that a NIC writes to", nullptr}};

Finding check(const Machine& machine, const Named& named) {
    if (has_capability(machine, named.capability))
        return {"permission", named.name, State::ok, std::string("there, for ") + named.purpose, ""};
    const std::string found = std::string("is missing, and needed for ") + named.purpose;
    return {"permission", named.name, named.else_what == nullptr ? State::wrong : State::advice,
            named.else_what == nullptr ? found : found + "; " + named.else_what,
            "run rstwatchd as root, or give it the right: sudo setcap cap_net_raw,cap_net_admin,cap_ipc_lock=ep "
            "$(which rstwatchd)"};
}

}  // namespace

bool has_capability(const Machine& machine, Capability capability) {
    const std::string digits = machine.field("/proc/self/status", "CapEff");
    std::uint64_t bits = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    return (bits >> static_cast<unsigned>(capability) & 1) != 0;
}

Findings check_capabilities(const Machine& machine, const Needs& needs) {
    Findings findings;
    if (!needs.interfaces.empty() || !needs.dpdk())
        for (const Named& named : for_interfaces) findings.push_back(check(machine, named));
    if (!needs.dpdk()) return findings;
    for (const Named& named : for_nics) findings.push_back(check(machine, named));
    return findings;
}

Findings check_socket_directory(const Machine& machine, const Needs& needs) {
    if (needs.socket.empty()) return {};
    const std::string directory = needs.socket.substr(0, needs.socket.rfind('/'));
    const bool is_there = machine.has(directory);
    // The daemon makes the last directory itself.
    const std::string parent = directory.substr(0, directory.rfind('/'));
    const std::string looked_at = is_there ? directory : parent.empty() ? "/" : parent;
    if (machine.may_write_into(looked_at))
        return {{"socket", directory, State::ok, is_there ? "can be written to" : "can be made", ""}};
    return {{"socket", directory, State::wrong, is_there ? "cannot be written to" : "cannot be made in " + looked_at,
             "sudo install -d -o $(id -un) -m 0755 " + directory + ", or choose another: rstwatchd --socket PATH"}};
}

}  // namespace rstwatch::cli::checkup
