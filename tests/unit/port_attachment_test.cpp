// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/attachment.h"

#include <gtest/gtest.h>

namespace rstwatch::port {
namespace {

struct Planned {
    Port port;
    Failure failed;
};

void plan_vdev(const std::string& text, Planned& planned) {
    config::Port wanted;
    wanted.vdev = text;
    planned.failed = plan_live(wanted, 0, 16384, planned.port);
}

TEST(Attachment, ReadsDriverInterfaceAndWhoCountsLossesOutOfAVirtualDevice) {
    struct {
        const char* text;
        const char* driver;
        const char* interface;
        MissedBy missed_by;
    } const examples[] = {{"net_pcap0,iface=lo", "net_pcap", "lo", MissedBy::driver},
                          {"net_pcap1,rx_iface_in=eth1,tx_iface=eth2", "net_pcap", "eth1", MissedBy::driver},
                          {"eth_pcap0,rx_iface=eth1", "net_pcap", "eth1", MissedBy::driver},
                          {"net_af_packet0,framecnt=64,iface=eth1", "net_af_packet", "eth1", MissedBy::kernel},
                          {"eth_af_packet3,iface=eth1,qpairs=1", "net_af_packet", "eth1", MissedBy::kernel},
                          {"net_af_xdp0,iface=eth1,queue_count=2", "net_af_xdp", "eth1", MissedBy::nobody},
                          {"net_tap12,iface=tap0", "net_tap", "", MissedBy::nobody}};
    for (const auto& each : examples) {
        Planned planned;
        plan_vdev(each.text, planned);
        EXPECT_FALSE(planned.failed) << planned.failed.message();
        EXPECT_EQ(planned.port.driver, each.driver) << each.text;
        EXPECT_EQ(planned.port.interface, each.interface) << each.text;
        EXPECT_EQ(planned.port.missed_by, each.missed_by) << each.text;
    }
}

TEST(Attachment, RefusesQueuesThatWouldReceiveTheSame) {
    Planned packet;
    plan_vdev("net_af_packet0,iface=eth1,qpairs=2", packet);
    EXPECT_NE(packet.failed.message().find("rx.queues"), std::string::npos) << packet.failed.message();
}

}  // namespace
}  // namespace rstwatch::port
