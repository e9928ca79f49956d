#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A thread of the daemon stands still, and later control runs out of memory: the service manager hears of it by hearing
nothing more, probes say which thread, and no packet that was counted goes unaccounted for.

usage: supervision_test.py RSTWATCHD RSTWATCH THROWING_NEW. Needs root, for a network namespace and to stop threads. Exit
code 77: skipped.
"""
import ctypes
import os
import re
import socket
import sys
import tempfile

import daemon_on_loopback
from daemon_on_loopback import PATIENCE, Daemon, check, refuse, wait_for

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207  # linux/ptrace.h
WAIT_ALL = 0x40000000  # __WALL: waits for threads, too


class ServiceManager:
    """The end of NOTIFY_SOCKET that systemd has."""

    def __init__(self, work):
        self.path = os.path.join(work, "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "2000000"}

    def heard(self):
        """What has come since it was asked last."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages


class StoppedThread:
    """A thread of another process that does not move for as long as this lasts (ptrace(2))."""

    def __init__(self, thread):
        self._thread = thread
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __enter__(self):
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if self._libc.ptrace(request, self._thread, None, None) != 0:
                daemon_on_loopback.skip(f"may not stop threads here: {os.strerror(ctypes.get_errno())}")
        os.waitpid(self._thread, WAIT_ALL)

    def __exit__(self, *_):
        self._libc.ptrace(PTRACE_DETACH, self._thread, None, None)


def threads_of(process):
    """By name."""
    threads = {}
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/comm") as name:
            threads[name.read().strip()] = int(thread)
    return threads


def stands_still(daemon, who, seconds):
    """/livez and /readyz say that it has not moved for so long at least."""
    for probe in ("/livez", "/readyz"):
        status, body = daemon.get(probe)
        found = re.search(re.escape(who) + r".* for (\d+) s", body)
        if status != 503 or not found or int(found.group(1)) < seconds:
            return False
    return True


def hear_nothing(manager, daemon, who, seconds):
    """While a thread stands still, the watchdog is not told that all is well; the daemon's own clock says for how long."""
    wait_for(f"{who} is said to stand still", lambda: stands_still(daemon, who, seconds))
    manager.heard()
    wait_for(f"{who} stands still for longer", lambda: stands_still(daemon, who, seconds + 3))
    check("the watchdog hears nothing", not manager.heard(), who)


def all_is_well(manager, daemon):
    return "WATCHDOG=1" in manager.heard() and daemon.get("/livez") == (200, "alive\n")


def core_stands_still(daemon, manager):
    name, thread = next(each for each in threads_of(daemon.process.pid).items() if "worker-1" in each[0])
    with StoppedThread(thread):
        hear_nothing(manager, daemon, "RX core 0 has not polled its queues", 5)
        check("it is logged", "error: RX core 0 has not polled" in daemon.log(), daemon.log())
    wait_for("all is well again", lambda: all_is_well(manager, daemon))


def control_stands_still_and_fails(daemon, manager, no_memory):
    """What the cores count while control stands still it has afterwards, or says that it is lost."""
    refuse(20)
    wait_for("they are merged", lambda: daemon.json("/api/v1/status")["attempts"] == 20)
    with StoppedThread(daemon.process.pid):
        refuse(30)
        hear_nothing(manager, daemon, "the control thread has not moved", 10)
    wait_for("all is well again", lambda: all_is_well(manager, daemon))
    wait_for("nothing was lost", lambda: daemon.json("/api/v1/status")["attempts"] == 50)
    with StoppedThread(daemon.process.pid):
        refuse(40)
        wait_for("control stands still", lambda: stands_still(daemon, "the control thread has not moved", 10))
        open(no_memory, "w").close()
    status = daemon.process.wait(timeout=PATIENCE)
    log = daemon.log()
    check("the daemon ends with a failure", status == 1, (status, log))
    told = re.search(r"critical: the control thread has failed: std::bad_alloc; (\d+) packets had been merged, (\d+) more "
                     r"were counted and are lost", log)
    check("and says what it takes along", told is not None, log)
    # The loopback shows each packet once: a SYN and a RST for each attempt.
    check("which is all that was merged, and all that was not", (int(told[1]), int(told[2])) == (2 * 50, 2 * 40), log)


def main():
    daemon_on_loopback.enter_namespace()
    with tempfile.TemporaryDirectory() as work:
        manager, no_memory = ServiceManager(work), os.path.join(work, "no-memory")
        preloaded = {"LD_PRELOAD": os.path.abspath(sys.argv[3]), "RSTWATCH_NO_MEMORY": no_memory}
        daemon = Daemon(sys.argv[1], sys.argv[2], work, [], {**manager.environment, **preloaded})
        heard = []
        wait_for("the service manager hears that it lives",
                 lambda: heard.extend(manager.heard()) or heard.count("WATCHDOG=1") >= 3)
        check("first that it is ready", heard[0] == "READY=1", heard)
        core_stands_still(daemon, manager)
        control_stands_still_and_fails(daemon, manager, no_memory)
    print("what stands still is named, and what is lost is told")


main()
