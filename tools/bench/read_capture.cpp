// SPDX-License-Identifier: Apache-2.0
// What a capture costs before anybody has looked at a packet: libpcap alone, and net_pcap as the daemon reads it.
#include <pcap/pcap.h>
#include <rte_mbuf.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "config/cpu_baseline.h"
#include "dataplane/port/port_set.h"
#include "dataplane/replay_source.h"

namespace {

using namespace rstwatch;

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

std::uint64_t read_by_libpcap(const std::string& path) {
    char words[PCAP_ERRBUF_SIZE] = "";
    const std::unique_ptr<pcap_t, void (*)(pcap_t*)> capture(
        pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_MICRO, words), pcap_close);
    if (!capture) throw std::runtime_error(words);
    pcap_pkthdr* header = nullptr;
    const unsigned char* data = nullptr;
    std::uint64_t packets = 0;
    while (pcap_next_ex(capture.get(), &header, &data) == 1) ++packets;
    return packets;
}

std::uint64_t read_by_net_pcap(const std::string& path) {
    config::Settings settings;
    settings.ports.resize(1);
    settings.ports.front().capture = path;
    port::PortSet ports;
    if (const port::Failure failed = ports.open(settings)) throw std::runtime_error(failed.message());
    const auto burst = static_cast<std::size_t>(settings.rx.burst);
    ReplaySource source(ports.ports(), burst);
    std::array<Arrival, BurstPipeline::max_burst> arrivals;
    std::array<rte_mbuf*, BurstPipeline::max_burst> packets;
    std::uint64_t sum = 0;
    while (const std::size_t count = source.next(arrivals.data())) {
        for (std::size_t i = 0; i < count; ++i) packets[i] = arrivals[i].packet;
        rte_pktmbuf_free_bulk(packets.data(), static_cast<unsigned>(count));
        sum += count;
    }
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    config::check_cpu_or_exit("read_capture");
    CLI::App app(
        "Reads a capture and throws the packets away: what remains of a replay's CPU time when nothing is done with "
        "them. Prints packets and seconds, start-up included.");
    std::string path, by = "net_pcap";
    app.add_option("capture", path, "pcap or pcapng")->required();
    app.add_option("--by", by, "who reads it")->check(CLI::IsMember({"libpcap", "net_pcap"}))->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const std::uint64_t packets = by == "libpcap" ? read_by_libpcap(path) : read_by_net_pcap(path);
        const nlohmann::ordered_json document{{"by", by}, {"packets", packets}, {"cpu_seconds", cpu_seconds()}};
        std::puts(document.dump().c_str());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "read_capture: %s: %s\n", path.c_str(), error.what());
        return 1;
    }
}
