// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/pci_device.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <string_view>

namespace rstwatch::port {
namespace {

namespace fs = std::filesystem;

/// Drivers whose DPDK counterpart works beside them, on a device that keeps its kernel interface.
constexpr std::array<std::string_view, 4> shared_drivers{"mlx4_core", "mlx5_core", "mana", "nfp"};
constexpr std::array<std::string_view, 3> handing_out{"vfio-pci", "igb_uio", "uio_pci_generic"};

template <typename Names>
bool is_one_of(const Names& names, const std::string& name) {
    for (const std::string_view each : names)
        if (each == name) return true;
    return false;
}

/// The last part of what a link points to; empty if there is none.
std::string target_of(const fs::path& link) {
    std::error_code error;
    return fs::read_symlink(link, error).filename();
}

std::string interface_of(const fs::path& device) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(device / "net", error)) return entry.path().filename();
    return "";
}

std::string bind_command(const std::string& address) {
    return "`sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci " + address + "`";
}

}  // namespace

Failure check_pci(const std::string& address, const std::string& sysfs, const std::string& dev) {
    const std::string subject = "PCI device " + address;
    const fs::path device = fs::path(sysfs) / "bus/pci/devices" / address;
    std::error_code error;
    if (!fs::exists(device, error))
        return Failure(subject + " does not exist; `dpdk-devbind.py --status-dev net` lists the addresses");
    const std::string driver = target_of(device / "driver");
    if (is_one_of(shared_drivers, driver)) return Failure();
    if (driver.empty())
        return Failure(subject + " is bound to no driver; hand it to DPDK with " + bind_command(address));
    if (!is_one_of(handing_out, driver)) {
        const std::string interface = interface_of(device);
        return Failure(subject + " belongs to the kernel's driver " + driver + "; hand it to DPDK with " +
                       bind_command(address) + (interface.empty() ? "" : ", which removes interface " + interface) +
                       (interface.empty() ? "" : ", or watch that by --interface " + interface));
    }
    if (driver != "vfio-pci") return Failure();
    const std::string group = target_of(device / "iommu_group");
    if (group.empty())
        return Failure(subject +
                       " is behind no IOMMU, which vfio-pci wants; boot with intel_iommu=on or amd_iommu=on, or "
                       "do without: `echo 1 | sudo tee "
                       "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode`, then bind it again");
    const std::string file = dev + "/vfio/" + group;
    if (fs::exists(file, error) && access(file.c_str(), R_OK | W_OK) != 0)
        return Failure(subject + ": this process may not open " + file + "; run it as root, or `sudo chown USER " +
                       file + "`");
    return Failure();
}

}  // namespace rstwatch::port
