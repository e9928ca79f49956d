#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records the bundled capture: eighty seconds of a branch office, and beside it a collector that dies.

    sudo tests/live/record_bundle.py [DIRECTORY]      (default: tests/captures)

Writes branch-office.pcap and branch-office.expected.json. Each packet is made by a live Linux stack; the only forged
ones are the SYNs of the port scan, and the resets that end them are the scanner's kernel's own. The expected counts
are what the client programs and the kernels saw, not what a reading of the capture says; the capture is then held
against them, and nothing is written if they differ.

    client11..14 ── switch ── router with nft ── web21, db22, app23          10.20.1.0/24, 10.20.2.0/24
    10.20.1.11..14    │                          10.20.2.21, .22, .23        2001:db8:20:1::/64, 2001:db8:20:2::/64
                  capture (the switch's port to the router)                  and lo of a host of its own: 127.0.0.1:7211
"""

import collections
import errno
import json
import os
import pathlib
import random
import signal
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import netlab  # noqa: E402

DURATION = 78.0
COLLECTOR_LIVES = 20.2

WEB4, DB4, APP4 = "10.20.2.21", "10.20.2.22", "10.20.2.23"
WEB6, DB6, APP6 = (f"2001:db8:20:2::{n}" for n in (21, 22, 23))
COLLECTOR = ("127.0.0.1", 7211)

# What a client program saw, and the outcome that this is. (A refusal that the router made is told by its address.)
OUTCOME = {
    "answered": "closed",
    "still open": "open",
    "ECONNREFUSED": "refused",
    "prohibited": "icmp_rejected",
    "gave up": "unanswered",
    "cancelled": "client_cancelled",
    "reset before data": "reset_before_data_by_server",
    "reset after request": "reset_without_response",
    "aborted download": "reset_after_response_by_client",
    "probe: open": "half_open_scan",
    "probe: closed": "refused",
}
FIREWALL_RESETS = (WEB4, 8443)
FIREWALL = f"""
table inet branch {{
    chain forward {{
        type filter hook forward priority 0; policy accept;
        ip daddr {APP4} tcp dport 8080 drop
        tcp dport 23 reject with icmpx type admin-prohibited
        ip daddr {FIREWALL_RESETS[0]} tcp dport {FIREWALL_RESETS[1]} reject with tcp reset
    }}
}}
"""
HOLD_BACK = f"""
table inet hold {{
    chain forward {{
        type filter hook forward priority 10; policy accept;
        ip saddr {APP4} tcp sport 9443 drop
    }}
}}
"""


class Story:
    """The clock of the recording, and what its client programs saw."""

    def __init__(self):
        self.start = time.monotonic() + 0.5
        self.attempts = []
        self._lock = threading.Lock()
        self._tuples = set()

    def wait_until(self, second):
        time.sleep(max(0.0, self.start + second - time.monotonic()))

    def record(self, client, server, result):
        with self._lock:
            self.attempts.append({"client": client[:2], "server": server[:2], "result": result})

    def socket_to(self, source, server):
        """An unconnected socket with a port that the kernel chose and that was not yet used towards this server."""
        while True:
            family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
            made = socket.socket(family, socket.SOCK_STREAM)
            made.bind((source, 0))
            key = (made.getsockname()[:2], server)
            with self._lock:
                if key not in self._tuples:
                    self._tuples.add(key)
                    return made
            made.close()


def every(story, first, interval, until, action):
    """Calls `action` at fixed times, so that the rate is exact however long an action takes."""
    turn = 0
    while first + turn * interval < until:
        story.wait_until(first + turn * interval)
        action()
        turn += 1


def abort(connected):
    """Closes with a reset, as SO_LINGER 0 makes the kernel do."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connected.close()


# ------------------------------------------------------------------------------------------------------------ servers

def serve(address, port, handler, backlog=128):
    """A listener that gives each connection to `handler` in a thread of its own. The namespace is the caller's."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(backlog)

    def accept_forever():
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=handler, args=(accepted,), daemon=True).start()

    threading.Thread(target=accept_forever, daemon=True).start()


def answer_http(accepted):
    """One or more small answers; closes when the request says so, else when the client does."""
    with accepted:
        while request := accepted.recv(4096):
            body = b"x" * (180 + len(request) % 7 * 40)
            accepted.sendall(b"HTTP/1.1 200 OK\r\nServer: branch\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            if b"Connection: close" in request:
                return


def answer_lines(accepted):
    with accepted:
        while line := accepted.recv(4096):
            accepted.sendall(b"ok " + line)


def abort_at_once(accepted):
    abort(accepted)


def abort_after_request(accepted):
    accepted.recv(4096)
    time.sleep(0.06)
    abort(accepted)


def send_slowly(accepted):
    accepted.recv(4096)
    try:
        accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            accepted.sendall(b"d" * 700)
            time.sleep(0.03)
    except OSError:
        accepted.close()


def collector_process(host, directory):
    """The service that dies: a TLS server in a process of its own, answering one line per connection."""
    child = os.fork()
    if child != 0:
        return child
    host.enter()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/certificate.pem", f"{directory}/key.pem")
    context.num_tickets = 0  # a ticket that nobody reads would make the client's close a reset
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(COLLECTOR)
    listener.listen(16)
    while True:
        accepted, _ = listener.accept()
        with context.wrap_socket(accepted, server_side=True) as connected:
            while line := connected.recv(4096):
                connected.sendall(b"stored " + line)
            connected.unwrap()  # answers the client's goodbye, so that neither close() finds unread data


# ------------------------------------------------------------------------------------------------------------ clients

class Client:
    """The programs of one host. Each method is one attempt (or several) and records what the program saw."""

    def __init__(self, story, address4, address6=None):
        self.story, self.address4, self.address6 = story, address4, address6

    def connect(self, server, timeout):
        """(socket, its name, None or the error's name)"""
        made = self.story.socket_to(self.address6 if ":" in server[0] else self.address4, server)
        name = made.getsockname()[:2]
        made.settimeout(timeout)
        try:
            made.connect(server)
            return made, name, None
        except TimeoutError:
            made.close()
            return None, name, "gave up"
        except ConnectionResetError:  # the handshake was done and the reset came before connect() returned
            made.close()
            return None, name, "reset before data"
        except OSError as error:
            made.close()
            prohibited = error.errno in (errno.EHOSTUNREACH, errno.EACCES)
            return None, name, "prohibited" if prohibited else errno.errorcode[error.errno]

    def talk(self, server, what, timeout=5.0):
        """Connects and does `what` with the connection; its result, or the error that connect() gave."""
        connected, name, failure = self.connect(server, timeout)
        result = failure or what(connected)
        if connected:
            connected.close()
        self.story.record(name, server, result)

    def poll(self, server):
        """What a program does that asks a service for news, whether it is there or not."""

        def ask(connected):
            connected.sendall(b"status?\n")
            return "answered" if connected.recv(4096) else "closed without an answer"

        self.talk(server, ask)

    def report(self, server):
        """The collector's client: one line over TLS."""

        def ask(connected):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(connected, server_hostname="collector.branch.example") as secured:
                secured.sendall(b"load=0.21\n")
                answer = secured.recv(4096)
                secured.unwrap()
                return "answered" if answer else "closed without an answer"

        self.talk(server, ask)

    def browse(self, server, requests):
        """`requests` requests; the server closes after a single one, the client after several."""

        def ask(connected):
            for number in range(requests):
                close = b"Connection: close\r\n" if requests == 1 else b""
                connected.sendall(b"GET /page/%d HTTP/1.1\r\nHost: www.branch.example\r\n%s\r\n" % (number, close))
                if not connected.recv(4096):
                    return "closed without an answer"
                time.sleep(0.02)
            return "answered" if requests > 1 or not connected.recv(1) else "unexpected data"

        self.talk(server, ask)

    def wait_for_reset(self, server, request=b""):
        def ask(connected):
            try:
                if request:
                    connected.sendall(request)
                connected.recv(4096)
                return "no reset"
            except ConnectionResetError:
                return "reset after request" if request else "reset before data"

        self.talk(server, ask)

    def abort_download(self, server):
        connected, name, failure = self.connect(server, 5.0)
        if not failure:
            connected.sendall(b"GET /backup.tar HTTP/1.1\r\nHost: files.branch.example\r\n\r\n")
            received = 0
            while received < 4000:
                received += len(connected.recv(4096))
            abort(connected)
        self.story.record(name, server, failure or "aborted download")

    def cancel(self, server, router):
        """Gives up before the answer, which the router holds back; the answer then meets no socket."""
        router.nft(HOLD_BACK)
        connected, name, failure = self.connect(server, 0.4)
        if connected:
            connected.close()
        router.nft("delete table inet hold")
        self.story.record(name, server, "cancelled" if failure == "gave up" else failure or "connected")

    def stay(self, server):
        """A long connection that says a word now and then and outlives the recording."""
        connected, name, failure = self.connect(server, 5.0)
        self.story.record(name, server, failure or "still open")
        word = 0
        while True:
            connected.sendall(b"ping %d\n" % word)
            connected.recv(4096)
            word += 1
            time.sleep(4.0)

    def scan(self, address, ports):
        """A half-open scan: raw SYNs. To an answer of an open port this host's own kernel says RST."""
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
        raw.bind((self.address4, 0))
        raw.connect((address, 0))
        raw.settimeout(1.0)
        for number, port in enumerate(ports):
            source_port = 61001 + number  # above the range that the kernel takes ephemeral ports from
            header = struct.pack("!HHIIBBHHH", source_port, port, random.getrandbits(32), 0, 6 << 4, netlab.SYN, 1024,
                                 0, 0) + bytes((2, 4, 1460 >> 8, 1460 & 255))
            pseudo = socket.inet_aton(self.address4) + socket.inet_aton(address) + struct.pack("!BBH", 0, 6, 24)
            raw.send(header[:16] + struct.pack("!H", netlab.internet_checksum(pseudo + header)) + header[18:])
            while True:
                answer = raw.recv(200)
                offset = (answer[0] & 15) * 4
                if struct.unpack_from("!HH", answer, offset) == (port, source_port):
                    break
            result = "probe: closed" if answer[offset + 13] & netlab.RST else "probe: open"
            self.story.record((self.address4, source_port), (address, port), result)
            time.sleep(0.08)
        raw.close()


# ------------------------------------------------------------------------------------------------------------ network

class Office:
    """The namespaces and the cables between them."""

    def __init__(self):
        prefix = f"rstwatch{os.getpid()}"
        self.all, self.cable = [], None

        def host(name):
            self.all.append(netlab.Namespace(prefix, name))
            return self.all[-1]

        try:
            self._build(host)
        except BaseException:
            self.remove()
            raise

    def _build(self, host):
        self.collector = host("collector")
        self.switch, self.wire, self.router = host("switch"), host("wire"), host("router")
        self.clients = {n: host(f"client{n}") for n in (11, 12, 13, 14)}
        self.servers = {n: host(f"{name}{n}") for n, name in ((21, "web"), (22, "db"), (23, "app"))}

        for each in (self.switch, self.wire):
            each.sysctl("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        bridge = ["type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0"]
        self.switch.ip("link", "add", "br0", *bridge)
        self.router.ip("link", "add", "br2", "address", "02:00:0a:14:02:01", *bridge)
        netlab.veth(self.switch, "uplink", self.wire, "near")
        netlab.veth(self.router, "lan1", self.wire, "far", "02:00:0a:14:01:01")
        self.switch.ip("link", "set", "uplink", "master", "br0")
        for n, client in self.clients.items():
            netlab.veth(client, "eth0", self.switch, f"port{n}", f"02:00:0a:14:01:{n:02x}")
            self.switch.ip("link", "set", f"port{n}", "master", "br0")
            self.switch.up(f"port{n}")
            self._address(client, 1, n)
        for n, server in self.servers.items():
            netlab.veth(server, "eth0", self.router, f"srv{n}", f"02:00:0a:14:02:{n:02x}")
            self.router.ip("link", "set", f"srv{n}", "master", "br2")
            self.router.up(f"srv{n}")
            self._address(server, 2, n)
        for device in ("uplink", "br0"):
            self.switch.up(device)
        for device in ("near", "far"):
            self.wire.up(device)
        self.cable = netlab.LongCable(self.wire, "near", "far", 0.001)
        for net, device in ((1, "lan1"), (2, "br2")):
            self.router.up(device)
            self.router.address(device, f"10.20.{net}.1/24", f"2001:db8:20:{net}::1/64")
        self.router.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.router.nft(FIREWALL)
        for net, hosts in ((1, self.clients), (2, self.servers)):
            for each in hosts.values():
                each.ip("route", "add", "default", "via", f"10.20.{net}.1")
                each.ip("-6", "route", "add", "default", "via", f"2001:db8:20:{net}::1")

    @staticmethod
    def _address(host, net, n):
        host.up("eth0")
        host.address("eth0", f"10.20.{net}.{n}/24", f"2001:db8:20:{net}::{n}/64")

    def remove(self):
        if self.cable:
            self.cable.cut()
        for each in self.all:
            each.remove()


def start_servers(office):
    def web():
        for address in (WEB4, WEB6):
            serve(address, 80, answer_http)
        serve(WEB4, 8000, send_slowly)
        serve(FIREWALL_RESETS[0], FIREWALL_RESETS[1], answer_http)  # it listens; the router never lets a SYN through

    def database():
        for address in (DB4, DB6):
            serve(address, 9100, answer_http)  # the host's metrics; the database itself is not there

    def application():
        serve(APP4, 9100, answer_http)
        serve(APP4, 1883, answer_lines)
        serve(APP4, 6379, abort_at_once)
        serve(APP4, 9000, abort_after_request)
        serve(APP4, 9443, answer_lines)

    for n, start in ((21, web), (22, database), (23, application)):
        office.servers[n].thread(start).join()


def programs(story, office):
    """Everything that the clients do: (host, function, first second, interval, last second)."""
    one, two, three, four = (Client(story, f"10.20.1.{n}", f"2001:db8:20:1::{n}") for n in (11, 12, 13, 14))
    local = Client(story, "127.0.0.1")
    hosts = office.clients
    request = b"POST /orders HTTP/1.1\r\nHost: app.branch.example\r\nContent-Length: 0\r\n\r\n"
    scanned = (21, 25, 80, 110, 443, 3389, 8000)
    end = DURATION - 1.0
    return [
        (office.collector, lambda: local.report(COLLECTOR), 0.0, 0.5, end),
        # normal traffic
        (hosts[11], lambda: one.browse((WEB4, 80), 1), 0.4, 1.5, end),
        (hosts[12], lambda: two.browse((WEB4, 80), 3), 0.7, 1.7, end),
        (hosts[13], lambda: three.browse((WEB6, 80), 1), 1.1, 2.1, end),
        (hosts[14], lambda: four.browse((WEB6, 80), 2), 1.3, 2.9, end),
        (hosts[11], lambda: one.browse((DB4, 9100), 1), 2.15, 15.0, end),
        (hosts[11], lambda: one.browse((DB6, 9100), 1), 2.25, 15.0, end),
        (hosts[11], lambda: one.browse((APP4, 9100), 1), 2.35, 15.0, end),
        (hosts[14], lambda: four.stay((APP4, 1883)), 6.0, DURATION, 7.0),
        # the database that is not there
        (hosts[11], lambda: one.poll((DB4, 5432)), 3.05, 1.0, end),
        (hosts[12], lambda: two.poll((DB4, 5432)), 3.55, 1.0, end),
        (hosts[13], lambda: three.poll((DB6, 5432)), 4.25, 1.0, end),
        (hosts[14], lambda: four.poll((DB6, 5432)), 4.80, 4.0, end),
        # the firewall: dropped, told so, reset
        (hosts[12], lambda: two.talk((APP4, 8080), lambda _: "connected", 5.0), 5.0, 10.0, 66.0),
        (hosts[13], lambda: three.talk((APP4, 23), lambda _: "connected"), 7.0, 12.0, 68.0),
        (hosts[14], lambda: four.talk((APP6, 23), lambda _: "connected"), 9.0, 12.0, 68.0),
        (hosts[13], lambda: three.poll(FIREWALL_RESETS), 8.6, 6.0, 70.0),
        # the applications' own failures
        (hosts[12], lambda: two.wait_for_reset((APP4, 6379)), 10.2, 6.0, 70.0),
        (hosts[11], lambda: one.wait_for_reset((APP4, 9000), request), 11.8, 5.0, 70.0),
        (hosts[14], lambda: four.abort_download((WEB4, 8000)), 12.4, 9.0, 70.0),
        # a client in a hurry, and a scan
        (hosts[13], lambda: three.cancel((APP4, 9443), office.router), 20.6, 15.0, 60.0),
        (hosts[14], lambda: four.scan(WEB4, scanned), 41.3, DURATION, 42.0),
    ]


def record(directory):
    """One recording: (packets, story, counters per host)."""
    office = Office()
    collector = None
    try:
        netlab.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                   "-subj", "/CN=collector.branch.example", "-keyout", f"{directory}/key.pem", "-out",
                   f"{directory}/certificate.pem")
        collector = collector_process(office.collector, directory)
        start_servers(office)

        # Begun before the recording, so not an attempt of it: a story of its own.
        office.clients[11].thread(Client(Story(), "10.20.1.11").stay, (APP4, 1883))
        time.sleep(1.0)

        captures = [netlab.Capture(office.switch, "uplink", f"{directory}/office.pcap"),
                    netlab.Capture(office.collector, "lo", f"{directory}/lo.pcap")]
        before = {each.label: each.counters() for each in office.all}
        story = Story()
        running = [host.thread(every, story, first, interval, until, action)
                   for host, action, first, interval, until in programs(story, office)]
        story.wait_until(COLLECTOR_LIVES)
        os.kill(collector, signal.SIGKILL)
        os.waitpid(collector, 0)
        collector = None
        story.wait_until(DURATION)
        waiting = [each.name for each in running if each.is_alive()]
        after = {each.label: each.counters() for each in office.all}
        dropped = sum(each.stop() for each in captures)
        if dropped:
            raise RuntimeError(f"tcpdump lost {dropped} packets")
        if len(waiting) != 1:  # the connection that outlives the recording
            raise RuntimeError(f"still running at the end: {waiting}")
        packets = netlab.merge(*(netlab.read_pcap(each.path) for each in captures))
        counters = {host: {key: after[host].get(key, 0) - before[host].get(key, 0) for key in after[host]}
                    for host in after}
        return packets, story, counters
    finally:
        if collector:
            os.kill(collector, signal.SIGKILL)
        office.remove()


# ------------------------------------------------------------------------------------------------- expected and check

KERNEL_COUNTERS = ("TcpActiveOpens", "TcpPassiveOpens", "TcpAttemptFails", "TcpEstabResets", "TcpOutRsts",
                   "TcpRetransSegs", "IcmpInDestUnreachs", "IcmpOutDestUnreachs", "Icmp6InDestUnreachs",
                   "Icmp6OutDestUnreachs")


def endpoint(pair):
    return f"[{pair[0]}]:{pair[1]}" if ":" in pair[0] else f"{pair[0]}:{pair[1]}"


def outcome_of(attempt):
    if attempt["server"] == FIREWALL_RESETS and attempt["result"] == "ECONNREFUSED":
        return "refused_by_device"
    return OUTCOME[attempt["result"]]


def expected(packets, story, counters):
    """The document, from what the programs and the kernels say; packet counts are of the capture itself."""
    unknown = [each for each in story.attempts if each["result"] not in OUTCOME]
    if unknown:
        raise RuntimeError(f"results that nobody planned: {unknown}")
    segments, classes = netlab.dissect(packets)
    by_server = collections.defaultdict(list)
    for each in story.attempts:
        by_server[each["server"]].append(each)
    destinations = []
    for server in sorted(by_server, key=endpoint):
        attempts = by_server[server]
        destinations.append({
            "address": server[0], "port": server[1], "attempts": len(attempts),
            "clients": len({each["client"][0] for each in attempts}),
            "outcomes": dict(sorted(collections.Counter(map(outcome_of, attempts)).items())),
            "applications_saw": dict(sorted(collections.Counter(each["result"] for each in attempts).items())),
        })
    return {
        "capture": "branch-office.pcap",
        "kernel": os.uname().release,
        "first_packet": packets[0][0] / 1e6, "last_packet": packets[-1][0] / 1e6,
        "packets": classes,
        "tcp_flags": netlab.flag_counts(segments),
        "attempts": len(story.attempts),
        "outcomes": dict(sorted({**collections.Counter(map(outcome_of, story.attempts)), "midstream": 1}.items())),
        "destinations": destinations,
        "kernels_counted": {host: {key: values[key] for key in KERNEL_COUNTERS if values.get(key)}
                            for host, values in counters.items() if host not in ("switch", "wire")},
    }


class Seen:
    """What the capture shows of one four-tuple, c for the client and s for the server."""

    def __init__(self, segments, client, server):
        self.flags = {"c": 0, "s": 0}
        self.bytes = {"c": 0, "s": 0}
        self.resets = []
        for each in segments:
            pair = (each.source, each.source_port), (each.target, each.target_port)
            if pair in ((client, server), (server, client)):
                side = "c" if pair[0] == client else "s"
                self.flags[side] |= each.flags
                self.bytes[side] += each.length
                if each.flags & netlab.RST:
                    self.resets.append(side + (".ack" if each.flags & netlab.ACK else ""))

    def fins(self):
        return "".join(side for side in "cs" if self.flags[side] & netlab.FIN)


# What the capture must show where a program saw this.
PROOF = {
    "answered": lambda seen: seen.fins() == "cs" and not seen.resets and seen.bytes["s"] > 0,
    "still open": lambda seen: not seen.fins() and not seen.resets and seen.bytes["s"] > 0,
    "ECONNREFUSED": lambda seen: seen.resets == ["s.ack"],
    "prohibited": lambda seen: not seen.flags["s"],
    "gave up": lambda seen: not seen.flags["s"],
    "cancelled": lambda seen: seen.resets == ["c"] and not seen.bytes["s"],
    "reset before data": lambda seen: seen.resets == ["s.ack"] and not sum(seen.bytes.values()),
    "reset after request": lambda seen: seen.resets == ["s.ack"] and seen.bytes["c"] and not seen.bytes["s"],
    "aborted download": lambda seen: seen.resets[:1] == ["c.ack"] and seen.bytes["s"] > 4000,
    "probe: open": lambda seen: seen.resets == ["c"],
    "probe: closed": lambda seen: seen.resets == ["s.ack"],
}


def verify(packets, story, document):
    """Holds the capture against what the programs saw. Raises on the first difference."""
    segments, _ = netlab.dissect(packets)
    syns, refused = {}, set()
    for each in segments:
        if each.flags & (netlab.SYN | netlab.ACK) == netlab.SYN:
            key = ((each.source, each.source_port), (each.target, each.target_port))
            syns.setdefault(key, set()).add(each.sequence)
        elif each.flags & netlab.RST and each.sequence == 0 and each.window == 0 and each.flags & netlab.ACK:
            refused.add(((each.target, each.target_port), (each.source, each.source_port),
                         each.acknowledged - 1 & 0xFFFFFFFF))
    problems = []
    told = {(each["client"], each["server"]) for each in story.attempts}
    if len(told) != len(story.attempts):
        problems.append("one four-tuple was used for two attempts")
    if set(syns) != told:
        problems.append(f"attempts without SYN {told - set(syns)}, SYNs without attempt {set(syns) - told}")
    problems += [f"{key}: {len(isns)} ISNs" for key, isns in syns.items() if len(isns) != 1]

    saw_refusal = {(each["client"], each["server"]) for each in story.attempts
                   if each["result"] in ("ECONNREFUSED", "probe: closed")}
    answered_by_reset = {(client, server) for client, server, isn in refused if isn in syns.get((client, server), ())}
    if saw_refusal != answered_by_reset:
        problems.append(f"refusals that differ: {saw_refusal ^ answered_by_reset}")
    if len(refused) != len(answered_by_reset):
        problems.append("a reset with sequence 0 that answers no SYN")

    for each in story.attempts:
        seen = Seen(segments, each["client"], each["server"])
        if not PROOF[each["result"]](seen):
            problems.append(f"{each}: the capture shows {vars(seen)}")

    failing = ("ECONNREFUSED", "prohibited")
    for host, values in document["kernels_counted"].items():
        if not host.startswith(("client", "collector")):
            continue
        addresses = ("127.0.0.1",) if host == "collector" else (f"10.20.1.{host[6:]}", f"2001:db8:20:1::{host[6:]}")
        seen = sum(each["client"][0] in addresses and each["result"] in failing for each in story.attempts)
        if values.get("TcpAttemptFails", 0) != seen:
            problems.append(f"{host}: the kernel failed {values.get('TcpAttemptFails', 0)} attempts, programs {seen}")
        opens = sum(each["client"][0] in addresses and not each["result"].startswith("probe")
                    for each in story.attempts)
        if values.get("TcpActiveOpens", 0) != opens:
            problems.append(f"{host}: the kernel opened {values.get('TcpActiveOpens', 0)}, programs {opens}")
    if problems:
        raise RuntimeError("\n".join(problems))


def main():
    if os.geteuid() != 0:
        sys.exit("record_bundle.py: namespaces need root")
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1
                          else pathlib.Path(__file__).resolve().parent.parent / "captures")
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        packets, story, counters = record(directory)
    document = expected(packets, story, counters)
    verify(packets, story, document)
    target.mkdir(parents=True, exist_ok=True)
    netlab.write_pcap(target / "branch-office.pcap", packets)
    (target / "branch-office.expected.json").write_text(json.dumps(document, indent=2) + "\n")
    print(f"{document['packets']['received']} packets, {document['attempts']} attempts: {document['outcomes']}")


if __name__ == "__main__":
    main()
