# SPDX-License-Identifier: Apache-2.0
"""Segments that no socket would send, and a look at those that pass a host's device."""

import select
import socket
import struct
import time

import netlab
from netlab import ACK, FIN, PSH, RST, SYN, URG  # noqa: F401 - for those who forge

# The options of a SYN: maximum segment size alone, as scanners send it.
SEGMENT_SIZE = struct.pack("!BBH", 2, 4, 1460)


def packet(source, target, sequence, acknowledged, flags, window=0, hops=64, identifier=1, payload=b"", options=b""):
    """An IPv4 packet. `source` and `target` are (address, port); `hops` is the TTL it starts with."""
    header = struct.pack("!HHIIBBHHH", source[1], target[1], sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF,
                         (20 + len(options)) // 4 << 4, flags, window, 0, 0)
    segment = header + options + payload
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    padding = b"\0" * (len(segment) % 2)
    total = netlab.internet_checksum(addresses + struct.pack("!BBH", 0, 6, len(segment)) + segment + padding)
    segment = segment[:16] + struct.pack("!H", total) + segment[18:]
    # The kernel fills in the header's checksum.
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), identifier, 0x4000, hops, 6, 0) + addresses + segment


def send(host, *packets):
    """Sends packets from a host (or the router) as they are."""
    with host.inside():
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    with raw:
        for each in packets:
            raw.sendto(each, (socket.inet_ntoa(each[16:20]), 0))


class Wire:
    """The segments that pass a host's device from now on, also those that its firewall then drops."""

    def __init__(self, host):
        self.segments = []
        self._socket = host.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.bind(("eth0", 3))

    def _read(self, seconds):
        if select.select([self._socket], [], [], max(0.0, seconds))[0]:
            frame = self._socket.recv(65536)
            self.segments += netlab.dissect([(time.monotonic(), frame, len(frame))])[0]

    def wait_for(self, wanted, count=1, seconds=20.0):
        """The `count`-th segment for which `wanted` holds, counted from the beginning."""
        end, looked = time.monotonic() + seconds, 0
        while True:
            while looked < len(self.segments):
                if wanted(self.segments[looked]):
                    count -= 1
                    if count == 0:
                        return self.segments[looked]
                looked += 1
            if time.monotonic() >= end:
                raise TimeoutError(f"a segment did not come within {seconds} s")
            self._read(end - time.monotonic())

    def latest(self, source):
        """The last segment from an address."""
        self._read(0.0)
        while select.select([self._socket], [], [], 0.0)[0]:
            self._read(0.0)
        return [each for each in self.segments if each.source == source][-1]


def is_syn(segment):
    return segment.flags & (SYN | ACK) == SYN


def is_syn_ack(segment):
    return segment.flags & (SYN | ACK) == SYN | ACK


def is_reset(segment):
    return bool(segment.flags & RST)
