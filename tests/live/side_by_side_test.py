#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Daemons side by side do not disturb each other, and one that is killed leaves nothing that hinders the next.

usage: side_by_side_test.py RSTWATCHD RSTWATCH. Exit code 77: skipped.
"""

import contextlib
import json
import os
import pathlib
import signal
import socket
import struct

from port_stage import Daemon, play, wait_for

ATTEMPTS = 50
ETH_P_ALL, SOL_PACKET, PACKET_FANOUT, PACKET_FANOUT_HASH = 3, 263, 18, 0  # linux/if_ether.h, linux/if_packet.h
PAGE_FOLDER = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
PAGES = 150  # 300 MiB: more than the 256 MiB of rx.memory_mib


def refused(daemon):
    return daemon.get("summary")["outcomes"]["refused"]


def files_of_dpdk():
    return sorted(str(path) for folder in ("/run/dpdk", "/var/run/dpdk", "/dev/hugepages", "/tmp/dpdk")
                  for path in pathlib.Path(folder).rglob("*"))


def free_pages():
    return int((PAGE_FOLDER / "free_hugepages").read_text())


@contextlib.contextmanager
def hugepages():
    """Enough for one daemon for as long as the `with` block lasts, given back after it. False if there are none to be had."""
    setting = PAGE_FOLDER / "nr_hugepages"
    before = setting.read_text()
    try:
        setting.write_text(str(int(before) + PAGES))
        yield free_pages() >= PAGES
    except OSError:
        yield False
    finally:
        with contextlib.suppress(OSError):
            setting.write_text(before)


def kill_and_start_again(run, name, *options):
    """kill -9, then the same command line: the same socket, the same port, the same memory."""
    first = run.start(name, *options)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    return run.start(name, *options)


class Contained(Daemon):
    """A daemon with a PID namespace of its own, as in a container: its process is number 1 there."""

    def __init__(self, program, stage, directory, name, *options):
        super().__init__(["ip", "netns", "exec", stage.monitor.name, "unshare", "--pid", "--fork", program], directory, name,
                         *options)

    def signal(self, number):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for child in children:  # unshare(1) keeps to itself what it is sent
            os.kill(int(child), number)


@contextlib.contextmanager
def fanout_group(stage, device, number):
    """Somebody else's fan-out group of packet sockets (packet(7)) in the monitor's network."""
    with stage.monitor.inside():
        member = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    with member:
        member.bind((device, ETH_P_ALL))
        member.setsockopt(SOL_PACKET, PACKET_FANOUT, struct.pack("=HH", number, PACKET_FANOUT_HASH))
        yield


def index_of(stage, device):
    return json.loads(stage.monitor.ip("-j", "link", "show", device))[0]["ifindex"]


def check_containers(run):
    """DPDK's driver numbers a group after process and interface. Those of containers have the same numbers, and sockets
    of one group are shown each packet once all together; a group of another interface keeps everybody else out."""
    stage = run.stage
    stage.add_span("other")
    with fanout_group(stage, "other", 1 ^ index_of(stage, "span")):
        daemons = [Contained(run.program, stage, run.directory, name, "--interface", "span") for name in ("four", "five")]
        run.daemons += daemons
        stage.refuse(ATTEMPTS)
        for daemon in daemons:
            wait_for(f"{daemon.name} counts all", lambda: refused(daemon) == ATTEMPTS)
            daemon.stop()


def is_promiscuous(stage):
    """Whether the interface was left in a state that somebody set on it."""
    return "PROMISC" in stage.monitor.ip("link", "show", "span")


def test(run):
    stage = run.stage
    stage.add_span("span", "ingress", "egress")
    files = files_of_dpdk()
    one = run.start("one", "--interface", "span")
    two = kill_and_start_again(run, "two", "--interface", "span")
    expected = [one, two]
    said = "2 daemons"
    with hugepages() as there_are:
        if there_are:
            free = free_pages()
            three = run.start("three", "--interface", "span")
            assert "in 128 pages of 2 MiB" in three.log(), three.log()
            assert free_pages() < free, "no hugepage was taken"
            three.kill()
            wait_for("the pages of a daemon that was killed", lambda: free_pages() == free)
            expected.append(run.start("three", "--interface", "span"))
            assert "in 128 pages of 2 MiB" in expected[-1].log(), expected[-1].log()
            said = "3 daemons, one of them in hugepages"
        stage.refuse(ATTEMPTS)
        for daemon in expected:
            wait_for(f"{daemon.name} counts all", lambda: refused(daemon) == ATTEMPTS)
            assert daemon.port()["received"] == 2 * ATTEMPTS, daemon.port()
        two.stop()
        stage.refuse(ATTEMPTS)
        for daemon in expected:
            if daemon is not two:
                wait_for(f"{daemon.name} counts on", lambda: refused(daemon) == 2 * ATTEMPTS)
        run.stop_all()
    check_containers(run)
    assert files_of_dpdk() == files, f"left behind: {set(files_of_dpdk()) - set(files)}"
    assert not is_promiscuous(stage), "the interface was left in promiscuous mode"
    left = sorted(path.name for path in pathlib.Path(run.directory).glob("*.sock*"))
    assert not left, f"left behind: {left}"
    return f"{said} counted the same, and two came back after kill -9"


if __name__ == "__main__":
    play(test)
