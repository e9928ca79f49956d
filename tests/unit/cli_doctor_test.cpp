// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/doctor/doctor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/temp_dir.h"
#include "tools/rstwatch/document.h"

namespace rstwatch::cli {
namespace {

namespace fs = std::filesystem;
using namespace checkup;
using State = checkup::Finding::State;

constexpr const char* nic = "0000:3b:00.0";
constexpr const char* neighbour = "0000:3b:00.1";
constexpr const char* flags =
    "fpu tsc sse4_2 popcnt movbe avx avx2 bmi1 bmi2 f16c fma abm xsave constant_tsc nonstop_tsc";

/// A server of two nodes with eight CPUs each, and an X710 at the second node that vfio-pci has: nothing is wrong.
class MadeUpMachine {
  public:
    MadeUpMachine() {
        write("/proc/cpuinfo",
              std::string("processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nflags\t\t: ") + flags +
                  "\n\nprocessor\t: 1\n");
        write("/proc/self/status", "Name:\trstwatch\nCapEff:\t000001ffffffffff\nCpus_allowed_list:\t0-15\n");
        limit_locked_memory("unlimited");
        write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc");
        write("/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm");
        write("/sys/devices/system/cpu/isolated", "12-15");
        write("/sys/devices/system/node/online", "0-1");
        write("/sys/devices/system/node/node0/cpulist", "0-7");
        write("/sys/devices/system/node/node1/cpulist", "8-15");
        hugepages(0, 0, 0);
        hugepages(1, 1024, 1024);
        add_device(nic, "0x020000", "vfio-pci", "31");
        put(nic, "numa_node", "1");
        write("/dev/vfio/31", "");
        fs::create_directories(at("/run/rstwatch"));
    }

    void write(const std::string& path, const std::string& text) const {
        fs::create_directories(at(path).parent_path());
        std::ofstream(at(path)) << text << '\n';
    }
    void put(const std::string& address, const std::string& attribute, const std::string& text) const {
        write("/sys/bus/pci/devices/" + address + '/' + attribute, text);
    }
    void add_device(const std::string& address, const std::string& device_class, const std::string& driver,
                    const std::string& group) const {
        put(address, "class", device_class);
        bind(address, driver);
        if (group.empty()) return;
        link("/sys/bus/pci/devices/" + address + "/iommu_group", "../../../kernel/iommu_groups/" + group);
        write("/sys/kernel/iommu_groups/" + group + "/devices/" + address, "");
    }
    void bind(const std::string& address, const std::string& driver) const {
        const std::string path = "/sys/bus/pci/devices/" + address + "/driver";
        fs::remove(at(path));
        if (!driver.empty()) link(path, "../../drivers/" + driver);
    }
    void hugepages(unsigned node, unsigned all, unsigned free) const {
        const std::string directory =
            "/sys/devices/system/node/node" + std::to_string(node) + "/hugepages/hugepages-2048kB/";
        write(directory + "nr_hugepages", std::to_string(all));
        write(directory + "free_hugepages", std::to_string(free));
    }
    void limit_locked_memory(const std::string& bytes) const {
        write("/proc/self/limits",
              "Limit                     Soft Limit           Hard Limit           Units     \n"
              "Max locked memory         " +
                  bytes + "             " + bytes + "             bytes     ");
    }
    void forget_iommu() const {
        fs::remove_all(at("/sys/kernel/iommu_groups"));
        fs::remove(at(std::string("/sys/bus/pci/devices/") + nic + "/iommu_group"));
    }
    void remove(const std::string& path) const { fs::remove_all(at(path)); }
    std::string root() const { return root_.path().string(); }

  private:
    fs::path at(const std::string& path) const { return fs::path(root_.path()) / path.substr(1); }
    void link(const std::string& path, const std::string& target) const {
        fs::create_directories(at(path).parent_path());
        fs::create_symlink(target, at(path));
    }

    test::TempDir root_;
};

class Doctor : public testing::Test {
  protected:
    Doctor() {
        needs.pci = {nic};
        needs.queues = 4;
        needs.packet_memory = 256 << 20;
        needs.socket = "/run/rstwatch/rstwatch.sock";
    }

    /// "check object: cure" of all that is wrong; with advice, if that is asked for.
    std::string complaints(State state = State::wrong) const {
        std::string text;
        for (const checkup::Finding& finding : examine(Machine(machine.root()), needs)) {
            EXPECT_EQ(finding.cure.empty(), finding.state == State::ok) << finding.check << ": " << finding.found;
            EXPECT_FALSE(finding.found.empty()) << finding.check;
            if (finding.state == state) text += finding.check + ' ' + finding.object + ": " + finding.cure + '\n';
        }
        return text;
    }

    MadeUpMachine machine;
    Needs needs;
};

TEST_F(Doctor, FindsNothingWhereNothingIsWrong) {
    EXPECT_EQ(complaints(), "");
    EXPECT_EQ(complaints(State::advice), "");
}

TEST_F(Doctor, AnX710OfTheKernelsIsToBeBound) {
    machine.bind(nic, "i40e");
    machine.put(nic, "net/ens1f0/address", "3c:fd:fe:00:00:01");
    EXPECT_EQ(complaints(),
              "driver 0000:3b:00.0: sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci 0000:3b:00.0 (its "
              "kernel interface disappears)\n");
    machine.write("/sys/class/net/ens1f0/operstate", "up");
    EXPECT_EQ(complaints(),
              "driver 0000:3b:00.0: first see that nobody needs ens1f0 (up), then: sudo modprobe vfio-pci && sudo "
              "dpdk-devbind.py --bind=vfio-pci 0000:3b:00.0 (its kernel interface disappears)\n");
    machine.bind(nic, "");
    machine.remove(std::string("/sys/bus/pci/devices/") + nic + "/net");
    EXPECT_EQ(complaints(),
              "driver 0000:3b:00.0: sudo modprobe vfio-pci && sudo dpdk-devbind.py --bind=vfio-pci 0000:3b:00.0\n");
}

TEST_F(Doctor, DriversThatShareTheirNicNeedNothing) {
    machine.bind(nic, "mlx5_core");
    machine.forget_iommu();
    EXPECT_EQ(complaints(), "");
}

TEST_F(Doctor, AGroupThatTheKernelHasAPartOfIsOfNoUse) {
    machine.add_device(neighbour, "0x020000", "i40e", "31");
    machine.add_device("0000:3a:00.0", "0x060400", "pcieport", "31");  // a bridge stays with the kernel
    machine.add_device("0000:3b:00.2", "0x010000", "", "31");          // nobody has it
    EXPECT_EQ(complaints(),
              "iommu group 0000:3b:00.0: sudo dpdk-devbind.py --bind=vfio-pci 0000:3b:00.1 (they are lost to the "
              "kernel), or put the card into another slot\n");
    machine.bind(neighbour, "vfio-pci");
    EXPECT_EQ(complaints(), "");
}

TEST_F(Doctor, WithoutAnIommuVfioCannotHandOverANic) {
    machine.forget_iommu();
    machine.write("/dev/vfio/vfio", "");
    EXPECT_TRUE(
        complaints().starts_with("iommu kernel: switch on VT-d in the firmware, and boot with intel_iommu=on "
                                 "iommu=pt (GRUB_CMDLINE_LINUX"))
        << complaints();
    EXPECT_EQ(std::ranges::count(complaints(), '\n'), 1) << "said once: " << complaints();
    machine.write("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y");
    EXPECT_EQ(complaints(), "");
    EXPECT_NE(complaints(State::advice), "");
}

TEST_F(Doctor, AnAmdMachineHasOtherWords) {
    machine.write("/proc/cpuinfo", std::string("vendor_id\t: AuthenticAMD\nmodel name\t: EPYC\nflags\t\t: ") + flags);
    machine.forget_iommu();
    machine.write("/dev/vfio/vfio", "");
    EXPECT_TRUE(
        complaints().starts_with("iommu kernel: switch on AMD-Vi (IOMMU) in the firmware, and boot with "
                                 "amd_iommu=on iommu=pt"))
        << complaints();
}

TEST_F(Doctor, HugepagesHaveToBeFreeAtTheNodeOfTheNic) {
    machine.hugepages(0, 1024, 1024);
    machine.hugepages(1, 256, 100);
    EXPECT_EQ(complaints(),
              "hugepages node 1: echo 285 | sudo tee "
              "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages; to keep it over a restart: echo "
              "'w /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages - - - - 285' | sudo tee -a "
              "/etc/tmpfiles.d/rstwatch.conf\n");
    machine.hugepages(1, 285, 285 - 156);
    EXPECT_EQ(complaints(), "") << "the cure cures";
    needs.pci.clear();
    needs.interfaces = {};
    machine.hugepages(0, 0, 0);
    EXPECT_EQ(complaints(), "") << "ordinary memory does for kernel interfaces";
    EXPECT_NE(complaints(State::advice), "");
}

TEST_F(Doctor, GigabytePagesCount) {
    machine.hugepages(1, 0, 0);
    machine.write("/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages", "2");
    machine.write("/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/free_hugepages", "1");
    EXPECT_EQ(complaints(), "");
}

TEST_F(Doctor, CoresOfAnotherNodeAreNamedWithThoseOfTheNic) {
    machine.put(nic, "numa_node", "0");
    machine.hugepages(0, 1024, 1024);
    EXPECT_EQ(complaints(), "");
    EXPECT_EQ(complaints(State::advice),
              "numa 0000:3b:00.0: taskset -c 0-7 rstwatchd ...; in a systemd unit: CPUAffinity=0-7\n");
}

TEST_F(Doctor, CoresThatOthersMayUseAreToBeIsolated) {
    machine.write("/sys/devices/system/cpu/isolated", "");
    EXPECT_TRUE(complaints(State::advice)
                    .starts_with("isolation cpu 12-15: boot with isolcpus=managed_irq,domain,12-15 nohz_full=12-15 "
                                 "rcu_nocbs=12-15 "))
        << complaints(State::advice);
    needs.queues = 32;
    EXPECT_EQ(complaints(), "cores cpu 0-15: lower rx.queues to 16, or start it with: taskset -c LIST\n");
}

TEST_F(Doctor, ACpuThatLacksSomethingIsNotTheOne) {
    machine.write("/proc/cpuinfo", "model name\t: Old\nflags\t\t: fpu tsc sse4_2 popcnt constant_tsc");
    const std::string text = complaints();
    EXPECT_TRUE(text.starts_with("cpu Old: run it on such a machine;")) << text;
    EXPECT_NE(text.find("\ntsc cpu: in a virtual machine have the host pass it through"), std::string::npos) << text;
}

TEST_F(Doctor, AKernelThatDoesNotTrustTheTscIsAsked) {
    const std::string directory = "/sys/devices/system/clocksource/clocksource0/";
    machine.write(directory + "current_clocksource", "kvm-clock");
    EXPECT_EQ(complaints(), "");
    EXPECT_EQ(complaints(State::advice),
              "clock source kernel: echo tsc | sudo tee " + directory + "current_clocksource\n");
    machine.write(directory + "available_clocksource", "kvm-clock hpet");
    EXPECT_TRUE(complaints().starts_with("clock source kernel: see why with: dmesg | grep -i tsc")) << complaints();
}

TEST_F(Doctor, WithoutTheRightsItSaysWhichAndHowToGiveThem) {
    machine.write("/proc/self/status", "CapEff:\t0000000000000000\nCpus_allowed_list:\t0-15\n");
    machine.limit_locked_memory("8388608");
    EXPECT_EQ(complaints(),
              "memory lock process: ulimit -l unlimited before it starts; in a systemd unit: LimitMEMLOCK=infinity\n"
              "permission CAP_IPC_LOCK: run rstwatchd as root, or give it the right: sudo setcap "
              "cap_net_raw,cap_net_admin,cap_ipc_lock=ep $(which rstwatchd)\n");
    machine.limit_locked_memory("unlimited");
    needs.pci.clear();
    needs.interfaces = {"eth1"};
    machine.write("/sys/class/net/eth1/operstate", "up");
    const std::string text = complaints();
    EXPECT_NE(text.find("permission CAP_NET_RAW: "), std::string::npos) << text;
    // Without it the daemon reads it otherwise.
    EXPECT_NE(complaints(State::advice).find("permission CAP_NET_ADMIN: "), std::string::npos);
    EXPECT_EQ(text.find("CAP_IPC_LOCK: "), std::string::npos) << text;
}

TEST_F(Doctor, TheKernelsRingsOfPacketsAreLockedMemoryToo) {
    config::Settings settings;
    for (const char* name : {"eth1", "lo", "eth2"}) settings.ports.emplace_back().interface = name;
    EXPECT_EQ(needs_of(settings).ring_memory, std::uint64_t{2} * 64 << 20);
    needs.pci.clear();
    needs.interfaces = {"eth1"};
    needs.ring_memory = std::uint64_t{64} << 20;
    machine.write("/sys/class/net/eth1/operstate", "up");
    machine.limit_locked_memory("8388608");
    EXPECT_EQ(complaints(State::advice).find("memory lock"), std::string::npos) << "root may lock as much as it likes";
    machine.write("/proc/self/status", "CapEff:\t0000000000003000\nCpus_allowed_list:\t0-15\n");
    EXPECT_NE(complaints(State::advice).find("memory lock process: ulimit -l unlimited"), std::string::npos)
        << complaints(State::advice);
    machine.limit_locked_memory("67108864");
    EXPECT_EQ(complaints(State::advice).find("memory lock"), std::string::npos) << complaints(State::advice);
}

TEST_F(Doctor, WhatIsNotThereIsSaid) {
    needs.pci = {"0000:99:00.0"};
    needs.interfaces = {"eth7", "eth8"};
    machine.write("/sys/class/net/eth8/operstate", "down");
    machine.remove("/dev/vfio");
    machine.hugepages(0, 1024, 1024);
    EXPECT_EQ(complaints(),
              "nic 0000:99:00.0: see which ones are with: lspci -D | grep -i ethernet\n"
              "interface eth7: see which ones are with: ip -br link\n"
              "interface eth8: sudo ip link set eth8 up; see also its cable\n");
    needs.pci = {nic};
    needs.interfaces = {};
    EXPECT_EQ(complaints(), "permission /dev/vfio/31: sudo modprobe vfio-pci\n");
}

TEST_F(Doctor, TheSocketNeedsADirectory) {
    needs.socket = "/nowhere/at/all/rstwatch.sock";
    EXPECT_EQ(
        complaints(),
        "socket /nowhere/at/all: sudo install -d -o $(id -un) -m 0755 /nowhere/at/all, or choose another: rstwatchd "
        "--socket PATH\n");
}

TEST_F(Doctor, NicsThatNobodyAskedForAreListedAndNoFault) {
    needs.pci.clear();
    machine.bind(nic, "i40e");
    machine.add_device("0000:00:1f.0", "0x060100", "lpc_ich", "1");
    const Findings findings = examine(Machine(machine.root()), needs);
    EXPECT_EQ(std::ranges::count(findings, std::string(nic), &checkup::Finding::object), 1);
    EXPECT_EQ(std::ranges::count(findings, std::string("0000:00:1f.0"), &checkup::Finding::object), 0);
    EXPECT_EQ(complaints(), "");
}

TEST(DoctorMachine, ReadsAndWritesLists) {
    EXPECT_EQ(list_of(numbers_of("0-3,8,10-11")), "0-3,8,10-11");
    EXPECT_EQ(list_of(numbers_of("")), "");
    EXPECT_EQ(numbers_of("1-x,3,70000-70001,-1"), std::set<unsigned>{3});
}

class DoctorCommand : public Doctor {
  protected:
    struct Result {
        ExitCode code;
        std::string out, err;
    };
    Result run(Format format) const {
        std::ostringstream out, err;
        Output output(out, false, false);
        const ExitCode code =
            doctor({.pci = {nic}, .config_file = settings / "s.toml", .root = machine.root()}, format, output, err);
        return {code, out.str(), err.str()};
    }
    void configure(const std::string& text) const { std::ofstream(settings / "s.toml") << text; }

    test::TempDir settings;
};

TEST_F(DoctorCommand, ExitsAsItFinds) {
    configure("[rx]\nqueues = 4\n[http]\nsocket = \"off\"\n");
    EXPECT_EQ(run(Format::table).code, ExitCode::ok) << run(Format::table).out;
    EXPECT_TRUE(run(Format::table).out.ends_with("\nall is well\n")) << run(Format::table).out;
    machine.bind(nic, "i40e");
    EXPECT_EQ(run(Format::table).code, ExitCode::failure);
    EXPECT_NE(run(Format::table).out.find("--bind=vfio-pci 0000:3b:00.0"), std::string::npos);
}

TEST_F(DoctorCommand, SaysTheSameInEveryFormat) {
    configure("[http]\nsocket = \"off\"\n");
    machine.bind(nic, "i40e");
    const auto document = parse_document(run(Format::json).out);
    ASSERT_TRUE(document);
    EXPECT_EQ(integer_at(*document, "wrong"), 1);
    const auto& checks = member_at(*document, "checks");
    const auto lines = run(Format::jsonl).out, csv = run(Format::csv).out;
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(lines, '\n')), checks.size());
    EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(csv, '\n')), checks.size() + 1);
    for (const auto& check : checks) {
        EXPECT_NE(lines.find(text_at(check, "found")), std::string::npos);
        EXPECT_NE(csv.find(text_at(check, "check")), std::string::npos);
    }
}

TEST_F(DoctorCommand, AWrongFileIsABadConfig) {
    configure("[rx]\nqueue = 4\n");
    const Result result = run(Format::table);
    EXPECT_EQ(result.code, ExitCode::bad_config);
    EXPECT_NE(result.err.find("s.toml:2:1: "), std::string::npos) << result.err;
}

}  // namespace
}  // namespace rstwatch::cli
