#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the kernel cannot hand over while the daemon does not run is counted, whichever driver reads the port; and what it
could keep to itself, a fragment that stays alone, it hands over. What comes broken the interface counts.

usage: losses_test.py RSTWATCHD RSTWATCH. Exit code 77: skipped.
"""

import pathlib
import signal
import socket

from port_stage import play, wait_for

FRAMES = 40000  # more than any of the kernel's rings holds
FRAME = bytes(12) + b"\x88\xb5" + bytes(46)  # an experiment's EtherType: nobody answers
# IPv4 with "more fragments", from one documentation address to another; no other fragment follows.
LONE_FRAGMENT = (bytes(12) + b"\x08\x00" + bytes.fromhex("4500002c 00012000 4011b6a1 c0000201 c6336401") +
                 bytes(24)).ljust(60, b"\0")


BROKEN = 5
# Of VXLAN, whose network is marked to be congested while the frame within says not to understand that: it has to be
# dropped (RFC 6040 section 4.2), and counts as broken.
CONGESTED = 3
ENCAPSULATED = (bytes.fromhex("0800000000000500 020000000001 020000000002 0800") +
                bytes.fromhex("4500001c 00010000 4011b6b1 c0000201 c6336401") + bytes(26))


def check_broken_frames(run):
    stage = run.stage
    stage.monitor.ip("link", "add", "tunnel", *"type vxlan id 5 local 127.0.0.1 remote 127.0.0.1 dstport 4789".split())
    stage.monitor.up("tunnel")
    daemon = run.start("broken", "--interface", "tunnel")
    assert daemon.port()["dropped"]["errors"] == 0, daemon.port()
    with stage.monitor.inside():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, CONGESTED)
        for _ in range(BROKEN):
            sender.sendto(ENCAPSULATED, ("127.0.0.1", 4789))
    wait_for("what came broken is told", lambda: daemon.port()["dropped"]["errors"] == BROKEN)
    assert daemon.port()["received"] == 0, daemon.port()
    daemon.stop()


def is_stopped(process):
    """Whether none of its threads runs any more: `ip netns exec` has become the daemon."""
    states = [path.read_text().rpartition(")")[2].split()[0]
              for path in pathlib.Path(f"/proc/{process.pid}/task").glob("*/stat")]
    return all(state == "T" for state in states)


def accounted_for(daemon):
    port = daemon.port()
    return port["received"] + port["dropped"]["missed"]


def test(run):
    stage = run.stage
    stage.add_span("span")
    check_broken_frames(run)
    daemons = [run.start("af_packet", "--interface", "span", "--set", "rx.descriptors=1024"),
               run.start("two_cores", "--interface", "span", "--set", "rx.descriptors=1024", "--set", "rx.queues=2"),
               run.start("pcap", "--vdev", "net_pcap0,iface=span")]
    with stage.switch.inside():
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind(("span", 0))
    sender.send(LONE_FRAGMENT)
    for daemon in daemons:
        wait_for(f"the fragment by {daemon.name}", lambda: daemon.get("summary")["packets"]["fragments"] == 1)
    before = [accounted_for(daemon) for daemon in daemons]
    for daemon in daemons:
        daemon.process.send_signal(signal.SIGSTOP)
    for daemon in daemons:
        wait_for(f"{daemon.name} stands still", lambda: is_stopped(daemon.process))
    for _ in range(FRAMES):
        sender.send(FRAME)
    for daemon in daemons:
        daemon.process.send_signal(signal.SIGCONT)
    said = []
    for daemon, earlier in zip(daemons, before):
        try:
            wait_for("", lambda: accounted_for(daemon) == earlier + FRAMES)
        except AssertionError as error:
            raise AssertionError(f"{daemon.name}: {accounted_for(daemon) - earlier} of {FRAMES} frames are accounted for: "
                                 f"{daemon.port()}") from error
        missed = daemon.port()["dropped"]["missed"]
        assert 0 < missed < FRAMES, f"{daemon.name}: {daemon.port()}"
        said.append(f"{daemon.name} {missed}")
    # 4,096 for a ring of four times rx.descriptors: what was held is what was received afterwards.
    held = FRAMES - daemons[0].port()["dropped"]["missed"]
    assert held == 4096, f"the kernel held {held} packets"
    return f"of {FRAMES} frames sent to daemons that stood still, lost and told: {', '.join(said)}"


if __name__ == "__main__":
    play(test)
