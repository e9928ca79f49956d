// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <algorithm>
#include <array>

#include "config/value.h"

namespace rstwatch::config {
namespace {

template <auto section, auto member>
constexpr auto field() {
    using Type = std::remove_cvref_t<decltype(std::declval<Settings&>().*section.*member)>;
    return Field<Type>{[](const Settings& settings) -> const Type& { return settings.*section.*member; },
                       [](Settings& settings) -> Type& { return settings.*section.*member; }};
}

template <auto member>
constexpr Field<std::int64_t> rx = field<&Settings::rx, member>();
template <auto member>
constexpr Field<double> deadline = field<&Settings::deadline, member>();
template <auto member>
constexpr Field<std::int64_t> tally = field<&Settings::tally, member>();
template <auto member>
constexpr Field<std::int64_t> registry = field<&Settings::registry, member>();
template <auto member>
constexpr Text tunnel_ports{field<&Settings::tunnel, member>(), &port_list_form};
// Three days of seconds: 72 MB.
template <auto member>
constexpr Integer history_points{field<&Settings::history, member>(), 60, 259200};
template <auto member>
constexpr Field<std::int64_t> window = field<&Settings::window, member>();

using S = Settings;

template <auto member>
constexpr auto identify = field<&Settings::identify, member>();

constexpr std::array<std::string_view, 2> depth_choices{"full", "control"};
constexpr std::array<std::string_view, 2> overload_choices{"control", "lose"};
constexpr std::array<std::string_view, 2> idle_choices{"poll", "adaptive"};
constexpr std::array<std::string_view, 3> domain_choices{"none", "vlan", "tunnel"};
constexpr std::array<std::string_view, 3> alert_mode_choices{"fixed", "baseline", "both"};
constexpr std::array<std::string_view, 5> level_choices{"trace", "debug", "info", "warn", "error"};

// The ring of deadlines has 255 slots of a second; what is due must not lap what was just set.
constexpr double longest_deadline = 200;
constexpr double shortest_deadline = 0.001;
// No host keeps an idle connection without keepalives for longer than a day and can still be told from a restart.
constexpr double longest_gap = 86400;
// A row costs tens to hundreds of bytes: what is beyond this fits in no machine, what is below is of no use.
constexpr std::int64_t fewest_rows = 16;
constexpr std::int64_t most_rows = 16777216;

constexpr Seconds deadline_seconds(Field<double> place) {
    return {place, shortest_deadline, longest_deadline};
}
constexpr Seconds http_seconds(Field<double> place) {
    return {place, 0.1, 3600};
}
constexpr Integer table_rows(Field<std::int64_t> place) {
    return {place, fewest_rows, most_rows};
}
template <auto member>
constexpr Number alert_rate{field<&Settings::alerts, member>(), 0.1, 10000};
// Standard deviations: what is beyond is infinity to any data.
template <auto member>
constexpr Number deviations{field<&Settings::baseline, member>(), 0.1, 1000};
constexpr Integer http_connections(Field<std::int64_t> place) {
    return {place, 1, 65536};
}

constexpr std::array sections{
    Section{"sensor", "Who reports"},
    Section{"rx", "Receiving packets"},
    Section{"tracking", "Following connections"},
    Section{"tunnel", "Where tunnels over UDP are looked for; those that need no port are always decoded"},
    Section{"deadline", "When a connection attempt is judged, in the packets' own time"},
    Section{"identify", "Telling what services speak, by the first bytes that each side of a connection sends"},
    Section{"services", "What services are called"},
    Section{"tally", "What each core counts in each interval of one second"},
    Section{"registry", "What is remembered of destinations and clients from one interval to the next"},
    Section{"networks", "Whose hosts are ours"},
    Section{"alerts", "When failed connections are an alert"},
    Section{"baseline", "How often something fails usually, for alerts.mode \"baseline\" and \"both\""},
    Section{"window", "How far back rates and top lists reach"},
    Section{"history", "How far back rates of the network reach in memory, at each of three resolutions"},
    Section{"store", "What is kept on disk: minute by minute what happened, and what survives a restart"},
    Section{"memory", "What the process takes of the machine's memory"},
    Section{"http", "The REST interface"},
    Section{"log", "What is logged"},
};

constexpr std::array settings_table{
    Setting{"sensor.name", Text{field<&S::sensor, &S::Sensor::name>(), &sensor_name_form}, "",
            "The name under which this sensor reports", "Empty: the name of the host.", Effect::reload},

    Setting{"rx.queues", Integer{rx<&S::Rx::queues>, 1, 64}, "queues",
            "Queues of each port, each of them polled by a core of its own",
            "Both directions of a connection meet on one core. More queues than cores make everything slower. A replay "
            "gives the same report with any number, as long as no table overflows."},
    Setting{"rx.burst", Integer{rx<&S::Rx::burst>, 1, 64}, "packets", "Packets that a core takes from a queue at once",
            "No result depends on it; the speed does, and 32 to 64 is best."},
    Setting{"rx.memory_mib", Integer{rx<&S::Rx::memory_mib>, 64, 1048576}, "MiB", "Packet memory taken at least",
            "Hugepages are used when that much of them, and whatever the buffers take, is free on the port's NUMA node "
            "and the "
            "daemon runs as root, else ordinary memory."},
    Setting{"rx.mbufs", Integer{rx<&S::Rx::mbufs>, 512, 4194304}, "packets", "Packet buffers of each queue",
            "Each takes about 10 KiB. At least as many as the queue has descriptors are taken. When they run out the "
            "NIC drops "
            "packets, which is counted as rx_nombuf. A replay takes what it needs."},
    Setting{"rx.descriptors", Integer{rx<&S::Rx::descriptors>, 64, 32768}, "packets",
            "Packets that a NIC queue holds until its core comes for them",
            "A NIC that has fewer gets its own maximum. More of them bridge longer pauses of the core. For an "
            "interface of the "
            "kernel, its ring holds four times as many, 4 KiB each."},
    Setting{"rx.forward_ring", Integer{rx<&S::Rx::forward_ring>, 64, 65536, true}, "packets",
            "Packets on their way from the core that received them to the core that owns the connection",
            "Needed where the NIC cannot spread packets by the innermost addresses and ports: tunnels, ICMP errors and "
            "fragments. What does not fit is dropped and counted. Where a port has fewer queues than there are cores, "
            "all of "
            "its packets go this way, and wait in the port while there is no room."},
    Setting{"rx.datagrams", Integer{rx<&S::Rx::datagrams>, 16, 65536, true}, "datagrams",
            "Datagrams that each core puts together from fragments at a time",
            "1.7 KiB each. One that misses a piece is given up after 30 s, and beyond this "
            "number the oldest ones are, which is counted as evicted."},
    Setting{"rx.idle", Choice{field<&S::rx, &S::Rx::idle>(), idle_choices}, "",
            "What a core does while nothing arrives",
            "\"poll\" asks again at once and takes the whole core; \"adaptive\" rests for moments that grow with the "
            "silence, up to 200 us: that spares the machine, and a queue of 4096 descriptors bridges it at 10 GbE."},
    Setting{"rx.silence", Seconds{field<&S::rx, &S::Rx::silence>(), 1, 86400}, "s",
            "Time without a packet after which a port that has brought some has fallen silent",
            "Then /readyz and the first line of \"rstwatch top\" name it. That no port at all brings anything is an "
            "alert, too (alerts.no_data)."},

    Setting{
        "tracking.depth", Choice{field<&S::tracking, &S::Tracking::depth>(), depth_choices}, "",
        "Which segments are looked up",
        "\"full\": every one; \"control\": those with SYN, FIN or RST, and all of connections that are being made or "
        "have just been reset, for ports that are faster than the cores. Outcomes that show in data and "
        "acknowledgements alone cannot be told then; reports name them."},
    Setting{"tracking.overload", Choice{field<&S::tracking, &S::Tracking::overload>(), overload_choices}, "",
            "What a live core does when packets come faster than it can look all of them up",
            "\"control\": it falls to that depth before packets are lost, says so wherever a number is concerned, and "
            "comes back when it can; \"lose\": it keeps to tracking.depth, and the port drops what does not fit."},
    Setting{"tracking.connections", Integer{field<&S::tracking, &S::Tracking::connections>(), 1024, 268435456},
            "connections", "Connections that can be followed at a time, by all cores together",
            "Rounded up to 16 times a power of two for each core; 196 bytes each, taken at start (by a replay: when "
            "needed). Beyond it the least useful connections are given up, finished ones first, which is counted as "
            "evicted."},
    Setting{"tracking.gap", Seconds{field<&S::tracking, &S::Tracking::gap>(), 0.1, longest_gap}, "s",
            "Silence on a connection after which a reset with another hop distance is an idle_reset",
            "A device that forgets idle connections answers in the server's name."},
    Setting{"tracking.long_gap", Seconds{field<&S::tracking, &S::Tracking::long_gap>(), 0.1, longest_gap}, "s",
            "Silence on a connection after which a reset that seems to come from the peer itself is an idle_reset",
            "Load balancers forget connections after 240 s (Azure) or 350 s (AWS NLB) and answer like a host without "
            "the connection. After a shorter silence it is peer_lost_state: the host has restarted."},
    Setting{
        "tracking.duplicate_window", Seconds{field<&S::tracking, &S::Tracking::duplicate_window>(), 0, 1}, "s",
        "An identical segment up to this much later is a copy that the mirror port made",
        "Identical are addresses, ports, IP identification, sequence numbers, flags, window, length and checksum; the "
        "time to live may differ by one hop. What a host sends again has another identification. Copies are counted "
        "as duplicates and judged no further. 0: only copies of the same microsecond."},
    Setting{"tracking.duplicate_window_without_id",
            Seconds{field<&S::tracking, &S::Tracking::duplicate_window_without_id>(), 0, 1}, "s",
            "The same for IPv6 and for IPv4 with identification 0",
            "Nothing but the time tells a copy from a segment that was sent again, and no host does that so soon."},

    Setting{
        "tracking.domain", Choice{field<&S::tracking, &S::Tracking::domain>(), domain_choices}, "",
        "What tells connections with the same addresses and ports apart",
        "\"vlan\": the outermost VLAN tag; \"tunnel\": the VNI, key, TEID, session or label of the innermost tunnel. "
        "For networks with overlapping addresses; both directions of a connection must carry the same number then."},

    Setting{"tunnel.vxlan_ports", tunnel_ports<&S::Tunnel::vxlan_ports>, "", "UDP ports of VXLAN",
            "4789 is assigned, 8472 what Linux used before."},
    Setting{"tunnel.vxlan_gpe_ports", tunnel_ports<&S::Tunnel::vxlan_gpe_ports>, "", "UDP ports of VXLAN-GPE", ""},
    Setting{"tunnel.geneve_ports", tunnel_ports<&S::Tunnel::geneve_ports>, "", "UDP ports of Geneve", ""},
    Setting{"tunnel.gtp_u_ports", tunnel_ports<&S::Tunnel::gtp_u_ports>, "", "UDP ports of GTP-U", ""},
    Setting{"tunnel.l2tp_ports", tunnel_ports<&S::Tunnel::l2tp_ports>, "", "UDP ports of L2TP", ""},
    Setting{"tunnel.teredo_ports", tunnel_ports<&S::Tunnel::teredo_ports>, "", "UDP ports of Teredo servers",
            "Between hosts and relays Teredo is known by its addresses, on any port."},
    Setting{"tunnel.ayiya_ports", tunnel_ports<&S::Tunnel::ayiya_ports>, "", "UDP ports of AYIYA", ""},

    Setting{"deadline.provisional", deadline_seconds(deadline<&S::Deadline::provisional>), "s",
            "Time to the first verdict, unanswered or handshake_incomplete",
            "Counted from the first SYN or the first SYN-ACK. A later answer revises the verdict."},
    Setting{"deadline.unanswered", deadline_seconds(deadline<&S::Deadline::unanswered>), "s",
            "Time from the last SYN to the final verdict unanswered",
            "The longest pause between two SYNs of one attempt is 34 s on Linux: less than 40 splits one attempt into "
            "two."},
    Setting{"deadline.syn_ack", deadline_seconds(deadline<&S::Deadline::syn_ack>), "s",
            "Time from the SYN-ACK to the final verdict handshake_incomplete",
            "A Linux server repeats its SYN-ACK five times (tcp_synack_retries) and gives up after 63 s."},
    Setting{"deadline.reset", deadline_seconds(deadline<&S::Deadline::reset>), "s",
            "Time after a reset in which packets still belong to the connection",
            "Resets come in bursts, some clients try a refused SYN again, and data may cross the reset."},
    Setting{
        "deadline.closed", deadline_seconds(deadline<&S::Deadline::closed>), "s",
        "Time after both FINs until closed is final, and for which a finished attempt is remembered",
        "As long as TIME_WAIT on Linux: late segments, and SYNs of the same initial sequence number, are told from new "
        "attempts."},
    Setting{"deadline.early_answer", Seconds{deadline<&S::Deadline::early_answer>, shortest_deadline, 1}, "s",
            "An answer seen up to this much before its SYN belongs to it",
            "A mirror port may deliver the two directions of a connection out of order, and the two ports of a TAP are "
            "read one after the other."},
    Setting{"deadline.half_open_scan", deadline_seconds(deadline<&S::Deadline::half_open_scan>), "s",
            "Time from SYN to SYN-ACK and from there to the client's reset within which it counts as a half-open scan",
            ""},
    Setting{"deadline.reset_hold", Seconds{deadline<&S::Deadline::reset_hold>, shortest_deadline, 1}, "s",
            "A segment seen up to this much after a reset that it preceded is judged before it",
            "A mirror port may deliver the two directions of a connection out of order. What came first follows from "
            "the sequence numbers."},
    Setting{"deadline.stall", deadline_seconds(deadline<&S::Deadline::stall>), "s",
            "For how long at least three repetitions stay unanswered before blackholed or zero_window_stall is said",
            ""},
    Setting{"deadline.stalled", deadline_seconds(deadline<&S::Deadline::stalled>), "s",
            "Time from the last packet of a stalled connection to the final verdict",
            "Linux repeats data at most 120 s apart (TCP_RTO_MAX)."},

    Setting{"identify.enabled", Boolean{identify<&S::Identify::enabled>}, "", "Whether services are identified",
            "Only the first payload of each direction is looked at, and only until the service is known."},
    Setting{"identify.signatures", Text{identify<&S::Identify::signatures>, &file_form}, "",
            "File of signatures to use instead of those that are built in",
            "The built-in ones are installed as signatures.toml, which says how a signature is written."},
    Setting{"identify.patterns", Text{identify<&S::Identify::patterns>, &file_form}, "",
            "File of your own signatures, which come before the others", "Written like signatures.toml."},
    Setting{
        "identify.cache", Text{identify<&S::Identify::cache>, &cache_form}, "",
        "Directory in which the compiled signatures are kept, \"off\" for nowhere",
        "Empty: /var/cache/rstwatch for root, else rstwatch under XDG_CACHE_HOME or ~/.cache. A cache that does not "
        "fit, is damaged or belongs to somebody else is written anew."},
    Setting{"identify.services", Integer{identify<&S::Identify::services>, 16, most_rows, true}, "services",
            "Services that each core remembers to be identified already",
            "16 bytes each. Beyond it a service is identified again, which is counted as services_forgotten."},
    Setting{"identify.waiting", Integer{identify<&S::Identify::waiting>, 16, most_rows, true}, "connections",
            "Connections of which each core has heard one direction and waits for the other",
            "176 bytes each. Beyond it the oldest one gives way, which is counted as payloads_forgotten."},
    Setting{"identify.results", table_rows(identify<&S::Identify::results>), "rows",
            "Identifications of each core and interval",
            "Beyond it a live sensor drops them, which is counted as identifications_dropped; a replay waits."},
    Setting{"identify.again", Seconds{identify<&S::Identify::again>, 10, longest_gap}, "s",
            "Time after which a service is identified again", "It may speak something else by then."},

    Setting{"services.labels", Text{field<&S::services, &S::Services::labels>(), &file_form}, "",
            "File of your own names of services and hosts",
            "Written like services.toml: a name for each \"10.0.0.1:7211\"; the address may be left out (\":7211\") or "
            "be a prefix (\"10.0.0.0/8:7211\"). What you call a service comes before what it speaks, and that before "
            "what its port is commonly used for. Without a port, as in \"10.0.0.1\", \"10.0.0.0/24\" or "
            "\"[2001:db8::1]\", it is the name of hosts.",
            Effect::reload},

    Setting{"tally.banks", Integer{field<&S::tally, &S::Tally::banks>(), 2, 64}, "banks",
            "Sets of counters of each core, one being filled while the others are merged",
            "More of them bridge longer pauses of the merging thread; late merges are counted."},
    Setting{"tally.destinations", table_rows(tally<&S::Tally::destinations>), "rows",
            "Destinations of each core and interval that have a row of their own",
            "Beyond it rows carry a maximal error; totals stay exact."},
    Setting{"tally.clients", table_rows(tally<&S::Tally::clients>), "rows",
            "Clients of each core and interval that have a row of their own",
            "Beyond it rows carry a maximal error; totals stay exact."},
    Setting{"tally.records", table_rows(tally<&S::Tally::records>), "rows",
            "Connection attempts of each core and interval that are recorded one by one",
            "Beyond it a live sensor drops records, which is counted as records_dropped, and never totals; a replay "
            "waits."},

    Setting{"registry.destinations", table_rows(registry<&S::Registry::destinations>), "rows",
            "Destinations that are remembered: first and last seen, last answered", ""},
    Setting{"registry.clients", table_rows(registry<&S::Registry::clients>), "rows", "Clients that are remembered", ""},
    Setting{"registry.sketches", table_rows(registry<&S::Registry::sketches>), "rows",
            "Destinations with more than 32 distinct clients whose number is estimated",
            "Up to 32 distinct clients are counted exactly, more of them by HyperLogLog with a known error."},
    Setting{"registry.failures", table_rows(registry<&S::Registry::failures>), "rows",
            "Failing services, failing hosts and failing clients that are followed, as many of each",
            "About a kilobyte each. Beyond it those that have failed least, or have recovered, give way first."},
    Setting{"registry.recovered", Seconds{field<&S::registry, &S::Registry::recovered>(), 1, 86400}, "s",
            "Time without a failure, after a success, that ends a failure",
            "A failure that comes back sooner is the same one, with the same beginning.", Effect::reload},

    Setting{"networks.home", Text{field<&S::networks, &S::Networks::home>(), &network_list_form}, "",
            "Networks whose hosts get alerts of their own, as servers and as clients",
            "By default the private and loopback ranges (RFC 1918, RFC 4193, RFC 4291).", Effect::reload},

    Setting{"alerts.mode", Choice{field<&S::alerts, &S::Alerts::mode>(), alert_mode_choices}, "",
            "What failed attempts are held against: fixed thresholds, what is usual (section [baseline]), or both",
            "Thresholds tell within seconds and need to know nothing; a baseline tells after a minute or more, what no "
            "threshold shows: a service that hardly ever fails and now does, or one that fails more than it always "
            "does. Until it has seen baseline.history it says nothing."},
    Setting{"alerts.warn", alert_rate<&S::Alerts::warn>, "per second", "Failed attempts that are a warning",
            "Over the last ten seconds, of a service, a host or the network.", Effect::reload},
    Setting{"alerts.error", alert_rate<&S::Alerts::error>, "per second", "Failed attempts that are an error", "",
            Effect::reload},
    Setting{"alerts.critical", alert_rate<&S::Alerts::critical>, "per second", "Failed attempts that are critical", "",
            Effect::reload},
    Setting{"alerts.share", Number{field<&S::alerts, &S::Alerts::share>(), 0, 1}, "",
            "Share of failed ones among the attempts below which nothing is raised",
            "A busy service fails now and then.", Effect::reload},
    Setting{"alerts.trigger", Integer{field<&S::alerts, &S::Alerts::trigger>(), 1, 3600}, "intervals",
            "Seconds in a row at a level before it is raised", "", Effect::reload},
    Setting{"alerts.clear", Integer{field<&S::alerts, &S::Alerts::clear>(), 1, 3600}, "intervals",
            "Seconds in a row below a level before it is given up, minutes where the baseline has raised it",
            "Time without any packet does not count.", Effect::reload},
    Setting{"alerts.hysteresis", Number{field<&S::alerts, &S::Alerts::hysteresis>(), 0.01, 1}, "",
            "Share of a level's threshold below which it is given up", "", Effect::reload},
    Setting{"alerts.no_data", Seconds{field<&S::alerts, &S::Alerts::no_data>(), 1, 86400}, "s",
            "Time without any packet after which that is an alert", "Live only: a capture may have gaps.",
            Effect::reload},
    Setting{"alerts.capacity", table_rows(field<&S::alerts, &S::Alerts::capacity>()), "rows",
            "Services, hosts and networks that are watched or listed at a time", "", Effect::reload},

    Setting{"baseline.rate", Number{field<&S::baseline, &S::Baseline::rate>(), 0.001, 10000}, "per second",
            "Failed attempts, over a minute, below which nothing is unusual", "", Effect::reload},
    Setting{"baseline.slack", deviations<&S::Baseline::slack>, "standard deviations",
            "Deviation from what is usual that is never an alert, however long it lasts",
            "Deviations are those of the logarithm of a minute's failures, in robust standard deviations (1.4826 times "
            "the median absolute deviation); these are taken for 0.3 at least, a third more or less. It is the k of a "
            "one-sided CUSUM (Page 1954).",
            Effect::reload},
    Setting{"baseline.limit", deviations<&S::Baseline::limit>, "standard deviations",
            "Deviations beyond the slack that add up, minute after minute, to an alert",
            "The h of the CUSUM. With 13, and a slack of 1, nothing that happens in every hour alike adds up to it.",
            Effect::reload},
    Setting{"baseline.error", deviations<&S::Baseline::error>, "standard deviations",
            "Deviation with which an alert is an error", "", Effect::reload},
    Setting{"baseline.critical", deviations<&S::Baseline::critical>, "standard deviations",
            "Deviation with which an alert is critical", "", Effect::reload},
    Setting{"baseline.history", Seconds{field<&S::baseline, &S::Baseline::history>(), 3600, 2419200}, "s",
            "Time that has to be watched before anything is unusual",
            "After three days each hour is held against the same hour of other days, after two weeks against the same "
            "hour of other weeks, before that against the last hours.",
            Effect::reload},
    Setting{"baseline.weeks", Integer{field<&S::baseline, &S::Baseline::weeks>(), 2, 8}, "weeks",
            "Weeks of which every hour is kept, in local time", "Who changes it has the hours learnt anew."},
    Setting{"baseline.accept", Seconds{field<&S::baseline, &S::Baseline::accept>(), 60, 2419200}, "s",
            "Time for which an alert lasts, after it was acknowledged, before its rate is taken for usual",
            "Nothing is learnt from what has an alert. One that nobody acknowledges is never taken for usual.",
            Effect::reload},
    Setting{"baseline.capacity", table_rows(field<&S::baseline, &S::Baseline::capacity>()), "rows",
            "Services, hosts and networks of which it is known how often they fail",
            "Each takes 336 bytes for every week. Beyond it those that have failed least give way, which is counted."},

    Setting{"window.seconds", Integer{window<&S::Window::seconds>, 10, 3600}, "s",
            "How far back rates and top lists reach", "", Effect::reload},
    Setting{"window.rows", Integer{window<&S::Window::rows>, 1000, 100000000}, "rows",
            "Rows of destinations and clients kept for that long, over all intervals",
            "Beyond it the oldest intervals lose their rows first, and the answers say how far back they reach.",
            Effect::reload},

    Setting{"history.second_points", history_points<&S::History::second_points>, "points",
            "Points of one second, 3600 of which are an hour", "272 bytes each, at every resolution."},
    Setting{"history.ten_second_points", history_points<&S::History::ten_second_points>, "points",
            "Points of ten seconds, 2160 of which are six hours", ""},
    Setting{"history.minute_points", history_points<&S::History::minute_points>, "points",
            "Points of one minute, 2880 of which are two days", ""},

    Setting{"store.path", Text{field<&S::store, &S::Store::path>(), &store_form}, "",
            "SQLite file of the history, \"off\" for none",
            "Empty: /var/lib/rstwatch/rstwatch.db for root, else rstwatch/rstwatch.db under XDG_STATE_HOME or "
            "~/.local/state; none for a replay. What a replay counts is added to a file that is named here."},
    Setting{"store.megabytes", Integer{field<&S::store, &S::Store::megabytes>(), 4, 1048576}, "MiB",
            "Size of the file beyond which the oldest minutes give way", ""},
    Setting{"store.days", Integer{field<&S::store, &S::Store::days>(), 1, 3650}, "days",
            "Age beyond which minutes are forgotten", ""},
    Setting{"store.rows", Integer{field<&S::store, &S::Store::rows>(), 16, 1000000}, "rows",
            "Services, and hosts in each direction, that are told apart in every 5 s of history",
            "The busiest ones; what is left is one row of others, and answers carry the largest error."},
    Setting{"store.queue", Integer{field<&S::store, &S::Store::queue>(), 1000, 100000000}, "rows",
            "Rows that wait while the disk is slow, full or locked", "What does not fit is dropped and counted."},

    Setting{"memory.reserve_mib", Integer{field<&S::memory, &S::Memory::reserve_mib>(), 0, 1048576}, "MiB",
            "Heap that is taken and touched at the start, besides what tables begin with",
            "Until they have grown by as much, what the process takes stays the same, and filling them costs no page "
            "faults. A report takes none."},

    Setting{"http.listen", Text{field<&S::http, &S::Http::listen>(), &listen_form}, "",
            "Address and port of the REST interface, \"\" for none",
            "A loopback address only: the interface has neither TLS nor tokens. Port 0 is any free port."},
    Setting{"http.socket", Text{field<&S::http, &S::Http::socket>(), &socket_form}, "",
            "Unix socket of the REST interface, \"off\" for none",
            "Empty: /run/rstwatch/rstwatch.sock for root, else rstwatch.sock under XDG_RUNTIME_DIR."},
    Setting{"http.connections", http_connections(field<&S::http, &S::Http::connections>()), "connections",
            "Connections served at a time", "Those beyond it are turned away.", Effect::reload},
    Setting{"http.connections_per_address", http_connections(field<&S::http, &S::Http::connections_per_address>()),
            "connections", "Connections served at a time to one client address", "", Effect::reload},
    Setting{"http.request_deadline", http_seconds(field<&S::http, &S::Http::request_deadline>()), "s",
            "Time in which a request must have arrived whole", "", Effect::reload},
    Setting{"http.write_deadline", http_seconds(field<&S::http, &S::Http::write_deadline>()), "s",
            "Time in which a client must have taken some of its answer", "", Effect::reload},
    Setting{"http.idle_deadline", http_seconds(field<&S::http, &S::Http::idle_deadline>()), "s",
            "Time for which a connection may be kept open without a request", "", Effect::reload},
    Setting{"http.streams", Integer{field<&S::http, &S::Http::streams>(), 1, 1024}, "streams",
            "Streams of events (/api/v1/events) served at a time", "Each is one of the connections, too."},
    Setting{"http.stream_events", Integer{field<&S::http, &S::Http::stream_events>(), 16, 1048576}, "events",
            "Events that wait for a stream's client while it is busy",
            "Beyond it events are dropped for this client, which is told how many."},

    Setting{"log.level", Choice{field<&S::log, &S::Log::level>(), level_choices}, "", "The least grave messages logged",
            "", Effect::reload},
};

constexpr std::array port_table{
    PortMember{"pci", &Port::pci, &pci_form, "A NIC bound to a DPDK driver, by its PCI address", "0000:3b:00.0"},
    PortMember{"interface", &Port::interface, &interface_form, "A network interface of the kernel", "eth1"},
    PortMember{"capture", &Port::capture, &capture_form, "A capture file to replay, \"-\" for standard input",
               "/var/tmp/trace.pcap"},
    PortMember{"vdev", &Port::vdev, &vdev_form, "Any other DPDK device, as its own device string",
               "net_af_packet0,iface=eth1"},
};

std::string limits(const Integer& kind) {
    return (kind.power_of_two ? "a power of two from " : "an integer from ") + std::to_string(kind.min) + " to " +
           std::to_string(kind.max);
}

std::string limits(const Seconds& kind) {
    return "seconds from " + number(kind.min) + " to " + number(kind.max);
}

std::string limits(const Number& kind) {
    return "a number from " + number(kind.min) + " to " + number(kind.max);
}

std::string limits(const Boolean&) {
    return "true or false";
}

std::string limits(const Text& kind) {
    return std::string(kind.form->wanted);
}

std::string limits(const Choice& kind) {
    std::string text;
    for (const auto choice : kind.choices) {
        if (!text.empty()) text += choice == kind.choices.back() ? " or " : ", ";
        text += quoted(choice);
    }
    return text;
}

template <typename Rows>
auto find_row(const Rows& rows, std::string_view name) -> decltype(rows.data()) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Setting> all_settings() {
    return settings_table;
}
std::span<const Section> all_sections() {
    return sections;
}
std::span<const PortMember> port_members() {
    return port_table;
}

const Setting* find_setting(std::string_view name) {
    return find_row(settings_table, name);
}
const PortMember* find_port_member(std::string_view name) {
    return find_row(port_table, name);
}
bool is_section(std::string_view name) {
    return find_row(sections, name) != nullptr;
}

std::string limits(const Setting& setting) {
    return std::visit([](const auto& kind) { return limits(kind); }, setting.kind);
}

}  // namespace rstwatch::config
