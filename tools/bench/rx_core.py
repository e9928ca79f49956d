#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a packet costs a whole RX core: rx_core.py RSTWATCHD BENCH_DATAPLANE [--mix NAME,...] [--queues 1,2] [--set KEY=VALUE]...

The real daemon watches the real net_pcap device, which delivers captures again and again (infinite_rx) as fast as it is
asked: driver, packet buffers, everything. With several queues each has what a NIC's RSS would put into it, and a core of
its own. A core never sleeps and never has to, so its time is all work. From the second round on data has been sent before,
and is followed step by step as what is retransmitted is: the figures are an upper bound. Prints cycles per packet, by the
frequency of the time stamp counter, and packets per second of all cores together.
"""
import argparse
import contextlib
import json
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

DEFAULT_MIXES = "mixed,mixed-ipv6,mixed-vlan,refused,syn-flood,data-500,data-120k,trains-120k,acks-120k"


def counter_hertz():
    """Of the time stamp counter, which runs at the frequency that the kernel shows first."""
    return float(re.search(r"cpu MHz\s*: ([\d.]+)", pathlib.Path("/proc/cpuinfo").read_text())[1]) * 1e6


def metrics_of(path):
    """One GET over the daemon's Unix socket."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.connect(path)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def progress(path):
    """Packets, and the seconds that the cores' loops took for them, as of the last interval."""
    text = metrics_of(path)
    idle = re.findall(r'^rstwatch_core_received_packets_total{core="(\d+)"} 0$', text, re.MULTILINE)
    if idle:
        sys.exit(f"core {', '.join(idle)} has received nothing: what the others cost is not what all would cost")
    return tuple(sum(float(value) for value in re.findall(rf"^rstwatch_core_{name}_total{{.*}} (.*)$", text, re.MULTILINE))
                 for name in ("received_packets", "elapsed_seconds"))


def write_captures(wishes, mix, queues, directory):
    paths = [f"{directory}/{mix}-{queue}.pcap" for queue in range(queues)]
    for queue, path in enumerate(paths):
        subprocess.run([wishes.bench, "--mix", mix, "--packets", str(wishes.packets), "--queue", str(queue), "--queues",
                        str(queues), "--write", path], check=True)
    return paths


def command_of(wishes, captures, path):
    device = "net_pcap0," + "".join(f"rx_pcap={capture}," for capture in captures) + "infinite_rx=1"
    command = [wishes.daemon, "--vdev", device, "--socket", path, "--listen", "127.0.0.1:0"]
    for setting in ("store.path=off", "rx.idle=poll", "tracking.overload=lose", f"rx.mbufs={wishes.packets + 8192}",
                    f"rx.queues={len(captures)}", *wishes.set):
        command += ["--set", setting]
    return command


def measure(wishes, mix, queues, directory):
    """Seconds of a core per packet, of each second."""
    path = f"{directory}/rest.sock"
    command = command_of(wishes, write_captures(wishes, mix, queues, directory), path)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        said = ""
        for line in daemon.stderr:
            said += line
            if "ready" in line:
                break
        else:
            sys.exit(f"{' '.join(command)} did not start:\n{said}")
        try:
            time.sleep(2)  # tables fill
            readings = []
            for _ in range(wishes.seconds + 1):
                readings.append(progress(path))
                time.sleep(1)
        finally:
            daemon.terminate()
            daemon.stderr.read()
    return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in zip(readings, readings[1:]) if b[0] > a[0]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("daemon", help="path of rstwatchd")
    parser.add_argument("bench", help="path of bench_dataplane, which writes the captures")
    parser.add_argument("--mix", default=DEFAULT_MIXES, help="which traffic, names with commas between them")
    parser.add_argument("--queues", default="1", help="how many queues, hence cores; numbers with commas between them (1)")
    parser.add_argument("--packets", type=int, default=60_000, help="of a queue, all of which the device keeps in buffers (60000)")
    parser.add_argument("--seconds", type=int, default=5, help="that each is measured (5)")
    parser.add_argument("--set", action="append", default=[], help="a setting of the daemon")
    parser.add_argument("--json", action="store_true", help="for comparison")
    wishes = parser.parse_args()
    hertz = counter_hertz()
    rows = []
    if not wishes.json:
        print(f"{'mix':<14}{'queues':>7}{'Mpps':>8}{'cycles, least':>16}{'median':>9}")
    for mix in wishes.mix.split(","):
        for queues in map(int, wishes.queues.split(",")):
            with tempfile.TemporaryDirectory() as directory:
                costs = measure(wishes, mix, queues, directory)
            least, median = min(costs), statistics.median(costs)
            rows.append({"mix": mix, "queues": queues, "packets_per_second": queues / median, "least": least * hertz,
                         "median": median * hertz})
            if not wishes.json:
                print(f"{mix:<14}{queues:>7}{queues / median / 1e6:>8.2f}{least * hertz:>16.1f}{median * hertz:>9.1f}",
                      flush=True)
    if wishes.json:
        print(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
