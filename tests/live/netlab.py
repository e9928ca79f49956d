# SPDX-License-Identifier: Apache-2.0
"""A small network of Linux network namespaces on one machine, and what is needed to record and read its traffic.

Everything that a test sends here comes from real kernel TCP stacks. Needs root, iproute2, nftables, ethtool, tcpdump.
Python standard library only.
"""

import collections
import contextlib
import ctypes
import functools
import gzip
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000
FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20

# A router's or host's answer that ends an attempt: ICMP type 3, and the ICMPv6 types below 128.
ICMP_ERROR_TYPES = {3, 4, 5, 11, 12}

_libc = ctypes.CDLL("libc.so.6", use_errno=True)


class _NftLibrary:
    """What `nft -f` does, without a process: starting one takes longer than a SYN waits for its answer where many
    hosts share two processors."""

    def __init__(self):
        self._calls = ctypes.CDLL("libnftables.so.1")
        self._calls.nft_ctx_new.restype = ctypes.c_void_p
        self._calls.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
        for each in ("nft_ctx_buffer_error", "nft_ctx_get_error_buffer", "nft_ctx_free"):
            getattr(self._calls, each).argtypes = [ctypes.c_void_p]
        self._calls.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]

    def run(self, text):
        """In the calling thread's namespace. Raises with nft's words when it fails."""
        context = self._calls.nft_ctx_new(0)
        try:
            self._calls.nft_ctx_buffer_error(context)
            if self._calls.nft_run_cmd_from_buffer(context, text.encode()) != 0:
                raise RuntimeError(f"nft: {self._calls.nft_ctx_get_error_buffer(context).decode()}\n{text}")
        finally:
            self._calls.nft_ctx_free(context)


@functools.cache
def _nft():
    return _NftLibrary()


def run(*command, check=True):
    """Runs a command and returns what it printed; raises with its words when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


class Namespace:
    """One host (or switch, or router) with a network stack of its own."""

    def __init__(self, prefix, name):
        self.label = name
        self.name = f"{prefix}-{name}"
        run("ip", "netns", "add", self.name)
        self.sysctl(  # no noise of address configuration in a recording
            "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
            "net.ipv6.conf.all.accept_ra=0", "net.ipv6.conf.default.accept_ra=0")
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments):
        return run("ip", "-n", self.name, *arguments)

    def execute(self, *command, check=True):
        return run("ip", "netns", "exec", self.name, *command, check=check)

    def ip_batch(self, *lines):
        """Many `ip` commands by one process."""
        self._feed(["ip", "-n", self.name, "-batch", "-"], "\n".join(lines) + "\n")

    def sysctl(self, *settings):
        with self.inside():
            for each in settings:
                key, value = each.split("=", 1)
                pathlib.Path("/proc/sys", key.replace(".", "/")).write_text(value)

    def up(self, device):
        self.without_offloads(device)
        self.ip("link", "set", device, "up")

    def without_offloads(self, device):
        """Turns off what would make a capture show what no wire carries."""
        self.execute("ethtool", "-K", device, "tx", "off", "rx", "off", "tso", "off", "gso", "off", "gro", "off",
                     check=False)

    def address(self, device, *addresses):
        for each in addresses:
            self.ip("addr", "add", each, "dev", device, *(["nodad"] if ":" in each else []))

    def nft(self, text):
        with self.inside():
            _nft().run(text)

    def _feed(self, command, text):
        done = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} in {self.label}: {done.stdout}\n{text}")

    def counters(self):
        """The kernel's own counters of this namespace since it was made, named as nstat names them."""
        found = {}
        with self.inside():
            for file in ("snmp", "netstat"):
                lines = pathlib.Path("/proc/thread-self/net", file).read_text().splitlines()
                for names, values in zip(lines[::2], lines[1::2]):
                    group, *names = names.split()
                    found.update(zip((group[:-1] + name for name in names), map(int, values.split()[1:])))
            for line in pathlib.Path("/proc/thread-self/net/snmp6").read_text().splitlines():
                name, value = line.split()
                found[name] = int(value)
        return found

    def enter(self):
        """Moves the calling thread in here; the sockets that it makes from now on belong to this namespace."""
        descriptor = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            if _libc.setns(descriptor, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {self.name}")
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def inside(self):
        """enter() for as long as the `with` block lasts."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self.enter()
            yield
        finally:
            if _libc.setns(home, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns back home")
            os.close(home)

    def thread(self, function, *arguments):
        """A started thread that runs `function` inside this namespace."""

        def body():
            self.enter()
            function(*arguments)

        started = threading.Thread(target=body, name=f"{self.label}:{function.__name__}", daemon=True)
        started.start()
        return started

    def remove(self):
        run("ip", "netns", "del", self.name, check=False)


def veth(one, one_device, other, other_device, one_mac=None, other_mac=None):
    """A cable between two namespaces."""
    run("ip", "link", "add", one_device, "netns", one.name, *(["address", one_mac] if one_mac else []), "type", "veth",
        "peer", "name", other_device, "netns", other.name, *(["address", other_mac] if other_mac else []))


class LongCable:
    """Joins two devices of a namespace as one cable with a delay, which a veth pair does not have.

    Without a delay an ICMP error is back before connect() has let go of its socket, and the kernel drops it
    (TcpExtLockDroppedIcmps): no real network behaves so.
    """

    OUTGOING = 4  # <linux/if_packet.h>: what this relay itself sent

    def __init__(self, namespace, one, other, delay):
        self.child = os.fork()
        if self.child == 0:
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                namespace.enter()
                self._relay(one, other, delay)
            finally:
                os._exit(1)

    def _relay(self, one, other, delay):
        ends = []
        for device in (one, other):
            end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            end.bind((device, 3))
            ends.append(end)
        partner = {ends[0]: ends[1], ends[1]: ends[0]}
        flying = collections.deque()  # (due, where to, frame); one delay, so first in is first out
        while True:
            wait = max(0.0, flying[0][0] - time.monotonic()) if flying else None
            for end in select.select(ends, [], [], wait)[0]:
                frame, (_, _, kind, *_) = end.recvfrom(65536)
                if kind != self.OUTGOING:
                    flying.append((time.monotonic() + delay, partner[end], frame))
            while flying and flying[0][0] <= time.monotonic():
                _, to, frame = flying.popleft()
                to.send(frame)

    def cut(self):
        os.kill(self.child, signal.SIGTERM)
        os.waitpid(self.child, 0)


class Capture:
    """tcpdump on one device; started when the constructor returns."""

    def __init__(self, namespace, device, path):
        self.path = path
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", namespace.name, "tcpdump", "-Z", "root", "-i", device, "-U", "-s", "0", "-n",
             "--immediate-mode", "-B", "8192", "-w", path], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise RuntimeError(f"tcpdump did not start on {device} of {namespace.label}")

    def stop(self):
        """Ends the capture and returns how many packets the kernel could not hand over."""
        self.process.send_signal(signal.SIGINT)
        report = self.process.communicate(timeout=10)[1]
        for line in report.splitlines():
            if "dropped by kernel" in line:
                return int(line.split()[0])
        raise RuntimeError(f"tcpdump gave no drop count: {report}")


# ---------------------------------------------------------------------------------------------------- capture files

def read_pcap(path):
    """[(microseconds, captured bytes, length on the wire)] of a little-endian microsecond Ethernet pcap."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rb") as file:
        data = file.read()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    if magic != 0xA1B2C3D4 or link != 1:
        raise ValueError(f"{path}: not a microsecond Ethernet pcap")
    packets, offset = [], 24
    while offset + 16 <= len(data):
        seconds, micros, captured, length = struct.unpack_from("<IIII", data, offset)
        offset += 16
        packets.append((seconds * 1_000_000 + micros, data[offset:offset + captured], length))
        offset += captured
    return packets


def write_pcap(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for micros, data, length in packets:
            file.write(struct.pack("<IIII", micros // 1_000_000, micros % 1_000_000, len(data), length) + data)


def merge(*captures):
    """Packets of several captures in the order of their times; equal times keep the order of the arguments."""
    return sorted((packet for capture in captures for packet in capture), key=lambda packet: packet[0])


class Segment:
    """The fields of one TCP segment that tell how its connection went."""
    __slots__ = ("time", "source", "source_port", "target", "target_port", "sequence", "acknowledged", "flags",
                 "window", "hops", "length")

    @property
    def next_sequence(self):
        """What the sender's next segment begins with."""
        return (self.sequence + self.length + bool(self.flags & SYN) + bool(self.flags & FIN)) & 0xFFFFFFFF


def address_text(raw):
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def dissect(packets):
    """([Segment], packet classes) of Ethernet frames. Of IPv6's extension headers it knows hop-by-hop alone."""
    segments = []
    classes = {"received": 0, "tcp": 0, "icmp_errors": 0, "other_ip": 0, "non_ip": 0, "bytes": 0}
    for time, frame, length in packets:
        classes["received"] += 1
        classes["bytes"] += length
        ether_type = int.from_bytes(frame[12:14], "big")
        if ether_type == 0x0800:
            header, protocol, hops = 14 + (frame[14] & 15) * 4, frame[23], frame[22]
            end = 14 + int.from_bytes(frame[16:18], "big")
            source, target = frame[26:30], frame[30:34]
        elif ether_type == 0x86DD:
            header, protocol, hops = 54, frame[20], frame[21]
            end = 54 + int.from_bytes(frame[18:20], "big")
            source, target = frame[22:38], frame[38:54]
            if protocol == 0:
                protocol, header = frame[header], header + 8 + 8 * frame[header + 1]
        else:
            classes["non_ip"] += 1
            continue
        if protocol == 6:
            classes["tcp"] += 1
            segment = Segment()
            segment.time, segment.hops = time, hops
            segment.source, segment.target = address_text(source), address_text(target)
            (segment.source_port, segment.target_port, segment.sequence, segment.acknowledged, offset, segment.flags,
             segment.window) = struct.unpack_from("!HHIIBBH", frame, header)
            segment.length = end - header - (offset >> 4) * 4
            segments.append(segment)
        elif (protocol == 1 and frame[header] in ICMP_ERROR_TYPES) or (protocol == 58 and frame[header] < 128):
            classes["icmp_errors"] += 1
        else:
            classes["other_ip"] += 1
    return segments, classes


def internet_checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def flag_counts(segments):
    def count(mask, wanted):
        return sum(1 for each in segments if each.flags & mask == wanted)

    return {"syn": count(SYN | ACK, SYN), "syn_ack": count(SYN | ACK, SYN | ACK), "rst": count(RST | ACK, RST),
            "rst_ack": count(RST | ACK, RST | ACK), "fin": count(FIN, FIN), "tcp_total": len(segments)}
