// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/pci_device.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace rstwatch::port {
namespace {

namespace fs = std::filesystem;

const std::string address = "0000:3b:00.0";

/// A machine with one NIC, as the kernel shows it.
class PciMachine {
  public:
    PciMachine() { fs::create_directories(device()); }
    PciMachine& bound_to(const std::string& driver) {
        fs::create_symlink("../../../../bus/pci/drivers/" + driver, device() / "driver");
        return *this;
    }
    PciMachine& interface(const std::string& name) {
        fs::create_directories(device() / "net" / name);
        return *this;
    }
    PciMachine& behind_iommu(const std::string& group) {
        fs::create_symlink("../../../../kernel/iommu_groups/" + group, device() / "iommu_group");
        return *this;
    }
    std::string failure(const std::string& which = address) const { return check_pci(which, sysfs(), dev()).message(); }
    std::string sysfs() const { return (directory_.path() / "sys").string(); }
    std::string dev() const { return (directory_.path() / "dev").string(); }

  private:
    fs::path device() const { return fs::path(sysfs()) / "bus/pci/devices" / address; }
    test::TempDir directory_;
};

void expect_words(const std::string& text, const std::vector<std::string>& all) {
    for (const std::string& words : all)
        EXPECT_NE(text.find(words), std::string::npos) << words << " is missing in: " << text;
}

TEST(PciDevice, TakesWhatIsHandedOutBehindAnIommu) {
    EXPECT_EQ(PciMachine().bound_to("vfio-pci").behind_iommu("42").failure(), "");
}

TEST(PciDevice, TakesWhatItsDriverShares) {
    EXPECT_EQ(PciMachine().bound_to("mlx5_core").interface("eth2").failure(), "");
}

TEST(PciDevice, SaysThatThereIsNone) {
    expect_words(PciMachine().failure("0000:ff:00.0"), {"0000:ff:00.0", "does not exist", "--status-dev net"});
}

TEST(PciDevice, SaysWhoseItIsAndWhatBindingItCosts) {
    expect_words(PciMachine().bound_to("ixgbe").interface("eth1").failure(),
                 {address, "ixgbe", "--bind=vfio-pci 0000:3b:00.0", "removes interface eth1", "--interface eth1"});
    expect_words(PciMachine().failure(), {"no driver", "--bind=vfio-pci 0000:3b:00.0"});
}

TEST(PciDevice, SaysThatAnIommuIsMissing) {
    expect_words(PciMachine().bound_to("vfio-pci").failure(),
                 {"IOMMU", "intel_iommu=on", "enable_unsafe_noiommu_mode"});
}

TEST(PciDevice, SaysWhichFileItMayNotOpen) {
    if (geteuid() == 0) GTEST_SKIP() << "root may open any file";
    PciMachine machine;
    machine.bound_to("vfio-pci").behind_iommu("42");
    fs::create_directories(machine.dev() + "/vfio");
    std::ofstream(machine.dev() + "/vfio/42") << "";
    fs::permissions(machine.dev() + "/vfio/42", fs::perms::none);
    expect_words(machine.failure(), {"/vfio/42", "chown"});
}

}  // namespace
}  // namespace rstwatch::port
