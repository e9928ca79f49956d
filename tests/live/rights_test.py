#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""With fewer rights the daemon does what it can, and names what is missing, and the cure.

usage: rights_test.py RSTWATCHD RSTWATCH. Exit code 77: skipped.
"""

import os
import pathlib
import resource
import shutil
import subprocess

from lab.environment import skip
from port_stage import play, wait_for

ATTEMPTS = 50
ALL = ("net_raw", "net_admin", "ipc_lock")


def command(run, *rights):
    """The beginning of a command line that runs as nobody with these rights and little memory to lock."""
    granted = ",".join(f"+{right}" for right in rights)
    return ["ip", "netns", "exec", run.stage.monitor.name, "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
            *([f"--inh-caps={granted}", f"--ambient-caps={granted}"] if rights else [])]


def refused(daemon):
    return daemon.get("summary")["outcomes"]["refused"]


def check_failure(run, rights, port, *words):
    done = subprocess.run([*command(run, *rights), run.program, *port, "--set", "store.path=off", "--set", "identify.cache="],
                          stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1, f"exit {done.returncode}: {done.stderr}"
    for each in words:
        assert each in done.stderr, f"{each!r} is missing in: {done.stderr}"


def test(run):
    stage = run.stage
    stage.add_span("span", "ingress", "egress")
    # Where nobody may go: a program that others may run, a directory that they may write to.
    os.chmod(run.directory, 0o711)
    run.program = shutil.copy(run.program, run.directory)
    place = pathlib.Path(run.directory, "nobody")
    place.mkdir()
    shutil.chown(place, "nobody")

    cure = ("setcap cap_net_raw", "AmbientCapabilities=CAP_NET_RAW")
    check_failure(run, (), ("--interface", "span"), "interface span", "CAP_NET_RAW", *cure)
    check_failure(run, (), ("--vdev", "net_af_packet0,iface=span"), "net_af_packet0", "CAP_NET_RAW", *cure)
    check_failure(run, ALL, ("--interface", "eth77"), "interface eth77 does not exist", "ip link")

    resource.setrlimit(resource.RLIMIT_MEMLOCK, (8 << 20, 8 << 20))  # as a login has it
    options = ("--interface", "span", "--set", "identify.cache=")
    daemons = {
        run.start_as(command(run, "net_raw"), "nobody/raw", *options): ("net_pcap", "CAP_NET_ADMIN"),
        run.start_as(command(run, "net_raw", "net_admin"), "nobody/admin", *options): ("net_af_packet", "RLIMIT_MEMLOCK"),
        run.start_as(command(run, *ALL), "nobody/lock", *options): ("net_af_packet", None),
    }
    stage.refuse(ATTEMPTS)
    for daemon, (driver, missing) in daemons.items():
        wait_for(f"{daemon.name} counts all", lambda: refused(daemon) == ATTEMPTS)
        port = daemon.port()
        assert port["driver"] == driver and port["dropped"]["missed"] == 0, port
        assert (not port["warnings"]) if missing is None else missing in port["warnings"][0], port
        assert missing is None or missing in daemon.log(), daemon.log()
    return "nobody with one, two and three rights counts the same, and is told what is missing"


if __name__ == "__main__":
    if not shutil.which("setpriv"):
        skip("needs setpriv (package util-linux)")
    play(test)
