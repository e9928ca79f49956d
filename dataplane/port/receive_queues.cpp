// SPDX-License-Identifier: Apache-2.0
#include "dataplane/port/receive_queues.h"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <cerrno>

#include "dataplane/port/eal.h"
#include "dataplane/port/symmetric_rss.h"

namespace rstwatch::port {
namespace {

Failure failure(const Port& port, const char* what, int result) {
    return Failure(port.source + ": " + what + " failed (" + rte_strerror(-result) + "): " + last_words());
}

/// What decides over the queue of a packet: addresses and ports of TCP.
constexpr std::uint64_t hashed = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;

void spread_over_queues(const rte_eth_dev_info& info, rte_eth_conf& conf, std::vector<std::uint8_t>& key) {
    key = symmetric_rss_key(info.hash_key_size);
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_key = key.data();
    conf.rx_adv_conf.rss_conf.rss_key_len = static_cast<std::uint8_t>(key.size());
    conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & hashed;
}

/// The queue of hash h is h mod 128 mod n, as owner_of() has it, whatever the device's own default. Drivers refuse a
/// table that is not of their own size.
void fill_redirection_table(Port& port, const rte_eth_dev_info& info) {
    std::vector<rte_eth_rss_reta_entry64> groups((info.reta_size + RTE_ETH_RETA_GROUP_SIZE - 1) /
                                                 RTE_ETH_RETA_GROUP_SIZE);
    for (unsigned i = 0; i < info.reta_size; ++i) {
        auto& group = groups[i / RTE_ETH_RETA_GROUP_SIZE];
        group.mask |= std::uint64_t{1} << i % RTE_ETH_RETA_GROUP_SIZE;
        group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<std::uint16_t>(owner_of(i, port.queues));
    }
    const int result = groups.empty() ? -ENOTSUP : rte_eth_dev_rss_reta_update(port.id, groups.data(), info.reta_size);
    if (result != 0)
        port.warnings.push_back(
            port.source + " takes no redirection table (" + rte_strerror(-result) +
            "): where it spreads packets otherwise, they cross from core to core and are counted as "
            "`misdirected`");
}

/// Nothing is ever sent. Drivers that insist on a transmit queue get one, those that pair them as many as receive.
std::uint16_t transmit_queues(const Port& port, const rte_eth_dev_info& info) {
    const bool paired = port.driver == "net_af_xdp" || port.driver == "net_tap";
    const unsigned wanted = paired ? port.queues : 1;
    return static_cast<std::uint16_t>(std::min<unsigned>(info.max_tx_queues, wanted));
}

/// What comes to a queue that nobody polls is lost, and counted by nobody. Other drivers offer more queues than they
/// have been given.
Failure check_all_polled(const Port& port, const rte_eth_dev_info& info) {
    const bool has_as_many = port.driver == "net_pcap" || port.driver == "net_af_xdp";
    if (!port.is_vdev || port.is_capture || !has_as_many || info.max_rx_queues <= port.queues) return Failure();
    return Failure(port.source + ": it has " + std::to_string(info.max_rx_queues) + " queues, and rx.queues polls " +
                   std::to_string(port.queues) + " of them; set rx.queues to " + std::to_string(info.max_rx_queues) +
                   ", or give it fewer");
}

Failure set_up_queues(const Port& port, std::uint16_t tx_queues, std::int64_t wanted_descriptors, rte_mempool* pool) {
    auto descriptors = static_cast<std::uint16_t>(wanted_descriptors);
    std::uint16_t tx_descriptors = 64;
    (void)rte_eth_dev_adjust_nb_rx_tx_desc(port.id, &descriptors, &tx_descriptors);
    for (std::uint16_t queue = 0; queue < port.queues; ++queue) {
        const int result = rte_eth_rx_queue_setup(port.id, queue, descriptors, port.node, nullptr, pool);
        if (result != 0) return failure(port, "setting up a receive queue", result);
    }
    for (std::uint16_t queue = 0; queue < tx_queues; ++queue) {
        const int result = rte_eth_tx_queue_setup(port.id, queue, tx_descriptors, port.node, nullptr);
        if (result != 0) return failure(port, "setting up an unused transmit queue", result);
    }
    return Failure();
}

}  // namespace

Failure start_receiving(Port& port, const config::Settings& settings, rte_mempool* pool) {
    rte_eth_dev_info info{};
    int result = rte_eth_dev_info_get(port.id, &info);
    if (result != 0) return failure(port, "reading the device's abilities", result);

    rte_eth_conf conf{};
    std::vector<std::uint8_t> key;
    port.queues = static_cast<std::uint16_t>(std::min<std::int64_t>(settings.rx.queues, info.max_rx_queues));
    const bool takes_key = info.hash_key_size > 0 && (info.flow_type_rss_offloads & hashed) != 0;
    // A virtual device has the queues that the operator gave it. However packets come to them, each is to be polled,
    // and what belongs to another core is passed on.
    if (port.is_capture || (!takes_key && !port.is_vdev)) port.queues = std::min<std::uint16_t>(port.queues, 1);
    if (Failure failed = check_all_polled(port, info)) return failed;
    port.has_rss = takes_key && port.queues > 1;
    if (port.has_rss) spread_over_queues(info, conf, key);
    const std::uint16_t tx_queues = transmit_queues(port, info);
    result = rte_eth_dev_configure(port.id, port.queues, tx_queues, &conf);
    if (result != 0) return failure(port, "configuring its queues", result);
    if (Failure failed = set_up_queues(port, tx_queues, settings.rx.descriptors, pool)) return failed;
    if ((result = rte_eth_dev_start(port.id)) != 0) return failure(port, "starting", result);
    if (port.has_rss) fill_redirection_table(port, info);
    return Failure();
}

}  // namespace rstwatch::port
