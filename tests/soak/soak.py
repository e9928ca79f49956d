#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon for an hour under mixed traffic, while its settings change and its clients misbehave.

usage: soak.py RSTWATCHD SOAK_TRAFFIC [--seconds 3600] [--rate 20000 | --highest-rate] [--steady] [--keep DIRECTORY]

Needs root (two network namespaces and a veth pair between them). Exit code 77: skipped. All the while

- settings are written anew and SIGHUP is sent twice a second: other thresholds, names, sinks that do not answer, limits,
  and files that are wrong;
- REST clients send half a request and stop, ask and go without reading, ask as fast as they can, and listen to events
  without taking any;
- once a second it is checked that the daemon lives, that every packet is in one class, and every attempt in one outcome.

In the end: packets received and lost are those that were sent, where the driver knows what it lost; descriptors and the
heap in use are about what they were after the warm-up, which is half of the time and ten minutes at most, and what the
process takes is the same to the page (in runs of five minutes or more, in which what happens seldom has happened before);
and SIGTERM ends it with 0 in 5 s, clients hanging as they do, packets coming as they did.

--steady leaves settings and clients alone: it shows how much of what memory grows by is theirs.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

# Tables small enough to be full when the warm-up is over: what is full does not grow.
SETTINGS = """
[tracking]
connections = 65536
[registry]
destinations = 4096
clients = 4096
failures = 256
sketches = 64
[tally]
destinations = 1024
clients = 1024
records = 4096
[identify]
services = 1024
[history]
second_points = 60
ten_second_points = 60
minute_points = 60
[store]
path = "{directory}/history.db"
megabytes = 16
rows = 64
[baseline]
capacity = 64
[memory]
reserve_mib = 128
"""
CHANGING = """
[alerts]
warn = {warn}
capacity = {capacity}
[window]
seconds = {window}
[services]
labels = "{directory}/names.toml"
[http]
connections_per_address = {connections}
[log]
level = "{level}"
{more}
"""
WRONG = ["[alerts]\nwarn = 0\n", "[alerts\n", "[rx]\nqueue = 1\n", "\xff\x00", "[[sink]]\nwebhook = 7\n"]
# The heap in use may grow by this much after the warm-up, in KiB: answers and intervals that are under way; and in a short
# run what the process takes.
TOLERANCE = 8192
LONG = 300  # seconds
PATHS = ["summary", "top?outcome=failed&n=100", "status", "alerts", "history?last=60s", "top?by=client&window=10s",
         "destinations/10.0.0.1:80", "clients/10.0.0.1", "openapi.json", "nonsense", "top?n=-1"]


class Failed(Exception):
    pass


def skip(reason):
    print(reason)
    sys.exit(77)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Network:
    """The sender's namespace, the daemon's, and the cable between them, on which nobody else says anything."""

    def __init__(self):
        self.sender, self.monitor = (f"rstwatch-soak-{side}-{os.getpid()}" for side in ("a", "b"))
        for name in (self.sender, self.monitor):
            run("ip", "netns", "add", name)
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "-n", self.sender, "link", "add", "tap", "type", "veth", "peer", "name", "span", "netns", self.monitor)
        run("ip", "-n", self.monitor, "link", "set", "lo", "up")
        for name, device in ((self.sender, "tap"), (self.monitor, "span")):
            run("ip", "-n", name, "link", "set", device, "arp", "off", "multicast", "off", "up")

    def remove(self):
        for name in (self.sender, self.monitor):
            subprocess.run(["ip", "netns", "del", name], check=False)


class Soak:
    def __init__(self, arguments, directory, network):
        self.directory, self.network, self.seconds = directory, network, arguments.seconds
        self.socket, self.log_file = f"{directory}/socket", f"{directory}/log"
        self.highest_rate, self.rate, self.steady = arguments.highest_rate, arguments.rate, arguments.steady
        self.soak_traffic = arguments.soak_traffic
        self.over = threading.Event()
        self.faults, self.counts = [], {}
        self.random = random.Random(1)
        self.write_settings(0)
        with open(self.log_file, "w", encoding="utf-8") as log:
            self.daemon = subprocess.Popen(
                ["ip", "netns", "exec", network.monitor, arguments.rstwatchd, "--config", f"{directory}/settings.toml",
                 "--interface", "span", "--socket", self.socket], stderr=log)
        self.traffic = None

    def start(self):
        self.wait_until(lambda: "info: ready" in self.log(), "ready", 60)
        self.start_traffic()

    def start_traffic(self):
        self.traffic = subprocess.Popen(
            ["ip", "netns", "exec", self.network.sender, self.soak_traffic, "tap",
             "0" if self.highest_rate else str(self.rate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    # What is asked of the daemon.

    def log(self):
        return pathlib.Path(self.log_file).read_text(encoding="utf-8", errors="replace")

    def wait_until(self, holds, what, limit):
        end = time.monotonic() + limit
        while not holds():
            if self.daemon.poll() is not None:
                raise Failed(f"the daemon ended with {self.daemon.returncode} before it was {what}")
            if time.monotonic() > end:
                raise Failed(f"not {what} within {limit} s")
            time.sleep(0.05)

    def ask(self, path):
        connection = UnixConnection(self.socket)
        try:
            connection.request("GET", f"/api/v1/{path}")
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Failed(f"GET {path}: {answer.status} {body[:200]!r}")
        return json.loads(body)

    def resident(self):
        """KiB, without pages of files: those of the program come as it is used, and go as the machine likes."""
        for line in pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        raise Failed("the daemon has no memory any more")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.pid}/fd"))

    def check_sums(self):
        summary = self.ask("summary")
        packets = summary["packets"]
        classes = sum(packets[each] for each in ("tcp", "icmp_errors", "other_ip", "non_ip", "fragments", "malformed"))
        if packets["received"] != classes:
            raise Failed(f"{packets['received']} packets received, {classes} in classes")
        outcomes = sum(count for name, count in summary["outcomes"].items() if name not in ("midstream", "unsolicited"))
        if summary["attempts"] != outcomes:
            raise Failed(f"{summary['attempts']} attempts, {outcomes} in outcomes")
        return packets["received"]

    # What is done to it.

    def write_settings(self, number):
        some = self.random
        more = "".join(f'[[sink]]\nwebhook = "http://127.0.0.1:{port}/"\n' for port in range(9, 9 + number % 3))
        text = SETTINGS.format(directory=self.directory) + CHANGING.format(
            directory=self.directory, warn=some.choice((1, 2, 5)), capacity=some.choice((64, 128)),
            window=some.choice((10, 20)), connections=some.choice((32, 64)), level=some.choice(("info", "warn")) if number else "info",
            more=more)
        if number % 5 == 4:
            text += some.choice(WRONG)
        if number % 7 == 6:
            text = text.replace("[store]", "[rx]\nqueues = 2\n[store]")
        names = pathlib.Path(self.directory, "names.toml")
        names.write_text("".join(f'":{port}" = "name {number % 3}"\n' for port in range(70, 90)), encoding="utf-8")
        file = pathlib.Path(self.directory, "settings.toml")
        file.write_text(text, encoding="latin-1")

    def churn_settings(self):
        number = 0
        while not self.over.wait(0.5):
            number += 1
            self.write_settings(number)
            self.daemon.send_signal(signal.SIGHUP)
            self.counts["SIGHUPs"] = number

    def enter_monitor(self):
        """This thread's sockets are of the daemon's namespace from now on."""
        with open(f"/run/netns/{self.network.monitor}", "rb") as namespace:
            if not hasattr(os, "setns"):
                libc = __import__("ctypes").CDLL("libc.so.6", use_errno=True)
                if libc.setns(namespace.fileno(), 0x40000000) != 0:
                    raise Failed("cannot enter the namespace")
            else:
                os.setns(namespace.fileno())

    def client(self, source):
        connection = socket.socket()
        connection.settimeout(10)
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", 8074))
        return connection

    def misbehave(self, name, source, act):
        """Acts again and again; that the daemon turns a client away, or cuts it, is its right."""
        self.enter_monitor()
        self.counts[name] = 0
        while not self.over.is_set():
            try:
                act(source)
                self.counts[name] += 1
            except OSError:
                self.over.wait(0.05)

    def stall(self, source):
        held = []
        try:
            for number in range(20):
                held.append(self.client(source))
                held[-1].sendall(b"GET /api/v1/top HTTP/1.1\r\nHost: localhost\r\nX-"[:20 + number])
            self.over.wait(self.random.uniform(1, 12))
        finally:
            for each in held:
                each.close()

    def disconnect(self, source):
        connection = self.client(source)
        connection.sendall(b"GET /api/v1/top?n=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5)
        if self.random.random() < 0.5:  # with a RST
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        self.over.wait(0.02)

    def flood(self, source):
        connection = http.client.HTTPConnection("127.0.0.1", 8074, timeout=10, source_address=(source, 0))
        try:
            for _ in range(20):
                connection.request("GET", f"/api/v1/{self.random.choice(PATHS)}")
                connection.getresponse().read()
                self.over.wait(0.01)
        except http.client.HTTPException:
            pass
        finally:
            connection.close()

    def listen_without_taking(self, source):
        connection = self.client(source)
        try:
            connection.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.over.wait(self.random.uniform(1, 20))
        finally:
            connection.close()

    def begin_churn(self):
        threads = [threading.Thread(target=self.guarded, args=(self.churn_settings,))]
        for number, (name, act) in enumerate([("stalls", self.stall), ("disconnects", self.disconnect),
                                              ("floods", self.flood), ("floods 2", self.flood),
                                              ("deaf listeners", self.listen_without_taking),
                                              ("deaf listeners 2", self.listen_without_taking)]):
            threads.append(threading.Thread(target=self.guarded,
                                            args=(self.misbehave, name, f"127.0.0.{10 + number}", act)))
        for thread in threads:
            thread.daemon = True
            thread.start()
        return threads

    def guarded(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:  # pylint: disable=broad-except
            if not self.over.is_set():
                self.faults.append(f"{getattr(work, '__name__', work)}: {error!r}")

    # The run.

    def watch(self):
        begun = time.monotonic()
        warm_up = min(self.seconds / 2, 600)
        levels = []
        told = begun
        while time.monotonic() - begun < self.seconds:
            time.sleep(1)
            if self.daemon.poll() is not None:
                raise Failed(f"the daemon ended with {self.daemon.returncode}")
            if self.traffic.poll() is not None:
                raise Failed("the traffic ended")
            if self.faults:
                raise Failed(self.faults[0])
            received = self.check_sums()
            if time.monotonic() - begun >= warm_up:
                in_use = self.ask("status")["memory"]["heap_in_use_bytes"] >> 10
                levels.append((self.resident(), self.descriptors(), in_use))
            if time.monotonic() - told >= 60:
                told = time.monotonic()
                print(f"{told - begun:6.0f} s: {received} packets, {self.resident()} KiB, {self.descriptors()} "
                      f"descriptors, {self.counts}", flush=True)
        return levels

    def end_traffic(self):
        """Sent, received, lost; None where the driver does not know what it has lost."""
        said, _ = self.traffic.communicate(timeout=30)
        sent = json.loads(said)
        last, since = -1, time.monotonic()
        while time.monotonic() - since < 3:
            status = self.ask("status")
            received = status["packets"]["received"]
            if received != last:
                last, since = received, time.monotonic()
            time.sleep(0.2)
        dropped = status["ports"][0]["dropped"]
        lost = None if dropped["missed"] is None else sum(count or 0 for count in dropped.values())
        lost_inside = status["forward_dropped"]
        return sent, received, lost, lost_inside, status

    def run(self):
        threads = [] if self.steady else self.begin_churn()
        levels = self.watch()
        sent, received, lost, lost_inside, status = self.end_traffic()
        self.check_sums()
        self.start_traffic()
        self.wait_until(lambda: self.ask("summary")["packets"]["received"] > received, "receiving again", 30)
        begun = time.monotonic()
        self.daemon.send_signal(signal.SIGTERM)  # with all the clients there, and packets coming
        try:
            code = self.daemon.wait(5)
        except subprocess.TimeoutExpired as error:
            raise Failed("SIGTERM did not end it within 5 s") from error
        ended_after = time.monotonic() - begun
        self.over.set()
        for thread in threads:
            thread.join(15)
        memory, in_use = [level[0] for level in levels], [level[2] for level in levels]
        print(f"sent {sent['sent']} in {sent['seconds']} s ({sent['sent'] / sent['seconds']:.0f} per second), received "
              f"{received}, lost {'unknown to the driver' if lost is None else lost}")
        print(f"attempts {status['attempts']}, late merges {status['late_merges']}, records dropped "
              f"{status['tables']['records_dropped']}, settings {status['settings']['reloads']} times reloaded, "
              f"{status['settings']['refused']} times refused; clients: {self.counts}")
        print(f"resident after the warm-up {memory[0]} KiB, at the end {memory[-1]}, between {min(memory)} and "
              f"{max(memory)}; heap in use {in_use[0]}, {in_use[-1]}, between {min(in_use)} and {max(in_use)}; descriptors "
              f"{levels[0][1]}, {levels[-1][1]}; ended after {ended_after:.1f} s")
        if code != 0:
            raise Failed(f"SIGTERM ended it with {code}")
        if lost is not None and received + lost != sent["sent"]:
            raise Failed(f"sent {sent['sent']}, received and lost {received + lost}")
        if received + lost_inside > sent["sent"]:
            raise Failed("more was received than was sent")
        if max(memory) - min(memory) > (0 if self.seconds >= LONG else TOLERANCE):
            raise Failed(f"what it takes has changed by {max(memory) - min(memory)} KiB after the warm-up")
        if in_use[-1] > in_use[0] + TOLERANCE:
            raise Failed(f"the heap in use has grown by {in_use[-1] - in_use[0]} KiB after the warm-up")
        if not self.steady and (status["settings"]["reloads"] == 0 or status["settings"]["refused"] == 0):
            raise Failed("no settings were changed, or none refused")

    def kill(self):
        self.over.set()
        for process in filter(None, (self.traffic, self.daemon)):
            with contextlib.suppress(OSError):
                process.kill()
            process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rstwatchd")
    parser.add_argument("soak_traffic")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--rate", type=float, default=20000, help="packets per second")
    parser.add_argument("--highest-rate", action="store_true", help="as many as this machine can send")
    parser.add_argument("--steady", action="store_true", help="settings stay as they are, and there are no clients")
    parser.add_argument("--keep", help="directory in which log and settings are left")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        skip("needs root, for network namespaces")
    if not shutil.which("ip"):
        skip("needs ip (package iproute2)")
    try:
        network = Network()
    except subprocess.CalledProcessError:
        skip("cannot make a network namespace here")
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.keep or temporary
        soak = None
        try:
            soak = Soak(arguments, directory, network)
            soak.start()
            soak.run()
        except Failed as error:
            print(f"FAILED: {error}")
            if soak:
                print(soak.log()[-4000:])
            return 1
        finally:
            if soak:
                soak.kill()
            network.remove()
    print(f"{arguments.seconds:.0f} s without a fault")
    return 0


if __name__ == "__main__":
    sys.exit(main())
