// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/rights.h"

#include <linux/capability.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace rstwatch::port {
namespace {

struct Known {
    int number;                ///< in the kernel's sets
    std::string_view name;     ///< capabilities(7)
    std::string_view granted;  ///< by setcap(8), together with those that are no use without it
};

constexpr Known net_raw{CAP_NET_RAW, "CAP_NET_RAW", "cap_net_raw"};
constexpr Known net_admin{CAP_NET_ADMIN, "CAP_NET_ADMIN", "cap_net_raw,cap_net_admin"};
constexpr Known ipc_lock{CAP_IPC_LOCK, "CAP_IPC_LOCK", "cap_net_raw,cap_net_admin,cap_ipc_lock"};

const Known& known(Capability capability) {
    switch (capability) {
        case Capability::net_raw:
            return net_raw;
        case Capability::net_admin:
            return net_admin;
        case Capability::ipc_lock:
            return ipc_lock;
    }
    return net_raw;
}

std::string program() {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "rstwatchd" : path.string();
}

}  // namespace

bool has(Capability capability) {
    std::ifstream status("/proc/self/status");
    std::uint64_t effective = 0;
    for (std::string word; status >> word;)
        if (word == "CapEff:") status >> std::hex >> effective;
    return (effective >> known(capability).number & 1) != 0;
}

std::string name_of(Capability capability) {
    return std::string(known(capability).name);
}

std::string cure_of(Capability capability) {
    return "run it as root, or give it the right with `sudo setcap " + std::string(known(capability).granted) + "+ep " +
           program() + "`, or in its systemd unit with AmbientCapabilities=" + name_of(capability);
}

}  // namespace rstwatch::port
