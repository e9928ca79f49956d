// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rstwatch::config {

/// One thing to receive packets from. Exactly one member is non-empty.
struct Port {
    std::string pci;        ///< PCI address of a NIC bound to a DPDK driver, such as 0000:3b:00.0
    std::string interface;  ///< kernel network interface, such as eth1 or lo
    std::string capture;    ///< capture file to replay; "-" is standard input
    std::string vdev;       ///< DPDK device string, such as net_pcap0,rx_pcap=/tmp/x.pcap

    bool operator==(const Port&) const = default;
};

/// One place that is told of alerts. Exactly one of the first four is given.
struct Sink {
    std::string alertmanager;            ///< URL of a Prometheus Alertmanager
    std::string webhook;                 ///< URL to which events are posted
    std::string syslog;                  ///< "local", unix:PATH or udp://HOST[:PORT]
    bool journal = false;                ///< that of systemd
    std::string minimum_level = "warn";  ///< warn | error | critical: that an alert must have reached
    double timeout = 5;                  ///< seconds of wall time for one delivery
    std::int64_t backlog = 256;          ///< alerts that wait for delivery
    double repeat = 60;                  ///< seconds of wall time after which an Alertmanager is told again

    bool operator==(const Sink&) const = default;
};

/// Every setting of the daemon, with its default. Read-only once loaded. Ranges, help and the way a setting is written
/// down are in schema.cpp and nowhere else; every duration is in seconds of the packets' own time unless said
/// otherwise.
struct Settings {
    struct Sensor {
        std::string name;  ///< empty: the host's name
    } sensor;

    struct Rx {
        std::int64_t queues = 1;          ///< queues of each port, and cores: core i polls queue i
        std::int64_t burst = 32;          ///< packets taken from a queue at once
        std::int64_t memory_mib = 256;    ///< MiB of packet memory where no hugepages are used
        std::int64_t mbufs = 4096;        ///< packet buffers of each queue
        std::int64_t descriptors = 4096;  ///< ring slots of each NIC queue
        std::int64_t forward_ring = 512;  ///< packets on their way from the receiving core to the owning core
        std::int64_t datagrams = 512;     ///< fragmented datagrams that each core puts together at a time
        std::string idle = "adaptive";    ///< poll | adaptive: what a core does while nothing arrives
        double silence = 30;              ///< seconds without a packet of a port that has brought some
    } rx;

    struct Tracking {
        std::string depth = "full";         ///< full | control: which segments are looked up
        std::string overload = "control";   ///< control | lose: what a live core does that cannot keep up
        std::int64_t connections = 262144;  ///< entries of each core's connection table
        double gap = 5;                     ///< silence before a device's RST that makes it an idle_reset
        double long_gap = 120;              ///< silence before a RST like the peer's own that makes it an idle_reset
        double duplicate_window = 0.002;    ///< within which an identical packet is a copy made by the mirror port
        double duplicate_window_without_id = 0.0002;  ///< likewise without an IP identification
        std::string domain = "none";                  ///< none | vlan | tunnel: what tells overlapping networks apart
    } tracking;

    /// UDP ports behind which tunnels are looked for: numbers with commas between them, or nothing.
    struct Tunnel {
        std::string vxlan_ports = "4789,8472";  ///< 8472: Linux before IANA had assigned one
        std::string vxlan_gpe_ports = "4790";
        std::string geneve_ports = "6081";
        std::string gtp_u_ports = "2152";
        std::string l2tp_ports = "1701";
        std::string teredo_ports = "3544";
        std::string ayiya_ports = "5072";
    } tunnel;

    struct Deadline {
        double provisional = 3;       ///< to the first verdict, unanswered or handshake_incomplete
        double unanswered = 75;       ///< from the last SYN to the final verdict unanswered
        double syn_ack = 64;          ///< from the SYN-ACK to the final verdict handshake_incomplete
        double reset = 3;             ///< what still belongs to a reset connection
        double closed = 60;           ///< how long a finished attempt's ISN is remembered
        double early_answer = 0.005;  ///< an answer up to this much before its SYN belongs to it
        double half_open_scan = 1;    ///< from the SYN-ACK to the RST of a half-open scan
        double reset_hold = 0.005;    ///< by how much a RST may overtake what came before it
        double stall = 2;             ///< of repetitions, before blackholed and zero_window_stall are said
        double stalled = 150;         ///< after the last packet of a stalled connection, until the verdict is final
    } deadline;

    /// What services speak: told by the first bytes that each side of a connection sends.
    struct Identify {
        bool enabled = true;
        std::string signatures;         ///< file of signatures; empty: those that were built in
        std::string patterns;           ///< file of the operator's own, which come first; empty: none
        std::string cache;              ///< directory of the compiled database; empty: the usual place; "off": none
        std::int64_t services = 16384;  ///< services that each core remembers to be identified
        std::int64_t waiting = 1024;    ///< connections of which each core has heard one direction
        std::int64_t results = 1024;    ///< identifications of each bank
        double again = 3600;            ///< after which a service is identified again
    } identify;

    /// What services are called.
    struct Services {
        std::string labels;  ///< file of the operator's own names; empty: none
    } services;

    struct Tally {
        std::int64_t banks = 3;             ///< interval banks of each core
        std::int64_t destinations = 16384;  ///< destination rows of each bank
        std::int64_t clients = 16384;       ///< client rows of each bank
        std::int64_t records = 16384;       ///< attempt records of each bank
    } tally;

    struct Registry {
        std::int64_t destinations = 131072;  ///< destinations remembered
        std::int64_t clients = 131072;       ///< clients remembered
        std::int64_t sketches = 2048;        ///< sketches that estimate many distinct clients
        std::int64_t failures = 16384;       ///< failing services, failing hosts and failing clients, each
        double recovered = 60;               ///< without a failure, after a success, that end a failure
    } registry;

    struct Networks {
        std::string home = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,fc00::/7,fe80::/10,::1/128";
    } networks;

    struct Alerts {
        std::string mode = "fixed";  ///< fixed | baseline | both: what failed attempts are held against
        double warn = 1;             ///< failed attempts per second, over ten seconds
        double error = 10;
        double critical = 50;
        double share = 0.05;           ///< of failed ones among the attempts, below which nothing is raised
        std::int64_t trigger = 3;      ///< intervals at a level before it is raised
        std::int64_t clear = 5;        ///< intervals below `hysteresis` times a level before it is given up
        double hysteresis = 0.8;       ///< of a level's threshold
        double no_data = 30;           ///< seconds without a packet before that is an alert
        std::int64_t capacity = 4096;  ///< subjects that are watched or listed
    } alerts;

    /// How often something fails usually, and from when on it fails unusually often.
    struct Baseline {
        double rate = 0.1;             ///< failed attempts per second, over a minute, that are too few to be unusual
        double slack = 1;              ///< robust standard deviations that are still usual
        double limit = 13;             ///< robust standard deviations beyond them that add up to an alert
        double error = 8;              ///< robust standard deviations
        double critical = 16;          ///< likewise
        double history = 259200;       ///< seconds that have to be known before anything is unusual
        std::int64_t weeks = 4;        ///< of which each hour is kept
        double accept = 86400;         ///< seconds that an acknowledged alert lasts before it is usual
        std::int64_t capacity = 4096;  ///< services, hosts and networks of which it is known what is usual
    } baseline;

    struct Window {
        std::int64_t seconds = 300;  ///< how far back rates and top lists reach
        std::int64_t rows = 500000;  ///< rows kept for that long, over all intervals
    } window;

    struct History {
        std::int64_t second_points = 3600;      ///< points of 1 s kept in memory
        std::int64_t ten_second_points = 2160;  ///< points of 10 s
        std::int64_t minute_points = 2880;      ///< points of 60 s
    } history;

    struct Store {
        std::string path;               ///< empty: chosen by who runs the daemon, none for a replay; "off": none
        std::int64_t megabytes = 1024;  ///< MiB of the file; the oldest minutes give way
        std::int64_t days = 30;         ///< after which minutes are forgotten, in packet time
        std::int64_t rows = 2000;       ///< services, and hosts in each direction, told apart in a write
        std::int64_t queue = 200000;    ///< rows that may wait for the disk
    } store;

    struct Memory {
        std::int64_t reserve_mib = 64;  ///< heap that is taken at the start, of a daemon that serves
    } memory;

    struct Http {
        std::string listen = "127.0.0.1:8074";  ///< ADDRESS:PORT, loopback only; empty: none
        std::string socket;                     ///< path; empty: chosen by who runs the daemon; "off": none
        std::int64_t connections = 256;
        std::int64_t connections_per_address = 64;
        double request_deadline = 10;       ///< seconds of wall time to receive a whole request
        double write_deadline = 10;         ///< seconds of wall time without progress of an answer
        double idle_deadline = 60;          ///< seconds of wall time between two requests
        std::int64_t streams = 16;          ///< of events, at a time
        std::int64_t stream_events = 4096;  ///< that wait for one stream's client
    } http;

    struct Log {
        std::string level = "info";  ///< trace | debug | info | warn | error
    } log;

    std::vector<Port> ports;
    std::vector<Sink> sinks;
};

}  // namespace rstwatch::config
