# SPDX-License-Identifier: Apache-2.0
"""A client and a server behind a switch that mirrors the client's port, and daemons that watch what is mirrored.

What the tests of the daemon's ports share. Needs root.
"""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

import netlab
from lab.environment import check_environment

SERVER, REFUSING_PORT, SERVING_PORT = "10.50.0.2", 7211, 7212
PATIENCE = 30  # seconds that anything may take on a busy machine: an upper bound, not a time to sleep


def wait_for(what, condition):
    """The first true value of `condition`; a list of differences is awaited to be empty by `agrees`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"in vain waited for: {what}")


class Daemon:
    """A running rstwatchd in a namespace; the constructor returns when it is ready."""

    def __init__(self, command, directory, name, *options):
        self.name, self.socket, self._log = name, f"{directory}/{name}.sock", f"{directory}/{name}.log"
        with open(self._log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*command, "--set", "http.listen=", "--socket", self.socket, "--set", "store.path=off", "--set",
                 "tracking.connections=32768", *options], stderr=log)
        wait_for(f"{name} is ready", self._is_ready)

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log()}")
        return "info: ready" in self.log()

    def log(self):
        return pathlib.Path(self._log).read_text(encoding="utf-8")

    def get(self, path):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(self.socket)
        connection.request("GET", f"/api/v1/{path}")
        response = connection.getresponse()
        body = json.loads(response.read())
        connection.close()
        if response.status != 200:
            raise AssertionError(f"{self.name}: GET {path}: {response.status} {body}")
        return body

    def port(self, number=0):
        return self.get("status")["ports"][number]

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Ends it as an operator would."""
        self.signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        assert code == 0, f"{self.name} ended with {code}:\n{self.log()}"

    def kill(self):
        if self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait()


class Stage:
    """Client and server behind a switch. `monitor` has the SPAN ports: `span` shows all, `requests` and `answers` what the
    client sends and gets, as the two ports of an optical TAP do."""

    def __init__(self, prefix):
        self._all = []
        self.client, self.switch, self.server, self.monitor = (
            self._made(netlab.Namespace(prefix, name)) for name in ("client", "switch", "server", "monitor"))
        for namespace in self._all:  # nothing but what a test sends
            namespace.sysctl("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        self.switch.ip("link", "add", "br0", *"type bridge stp_state 0 forward_delay 0 mcast_snooping 0".split())
        for host, address in ((self.client, "10.50.0.1"), (self.server, SERVER)):
            netlab.veth(self.switch, host.label, host, "eth0")
            host.up("eth0")
            host.address("eth0", f"{address}/24")
            self.switch.ip("link", "set", host.label, "master", "br0", "up")
        self.switch.up("br0")
        # No neighbour is asked for while packets are counted.
        for host, other, address in ((self.client, self.server, SERVER), (self.server, self.client, "10.50.0.1")):
            mac = json.loads(other.ip("-j", "link", "show", "eth0"))[0]["address"]
            host.ip("neigh", "replace", address, "lladdr", mac, "dev", "eth0", "nud", "permanent")
        self.switch.execute("tc", "qdisc", "add", "dev", "client", "clsact")

    def _made(self, namespace):
        self._all.append(namespace)
        return namespace

    def add_span(self, device, *directions):
        """A SPAN port; the directions are those of the switch: what it gets from the client is ingress."""
        self.make_span(device)
        self.mirror(device, *directions)

    def make_span(self, device, listens=True):
        """The cable alone: nothing is mirrored to it yet. `listens`: the monitor's end is switched on."""
        netlab.veth(self.switch, device, self.monitor, device)
        self.switch.up(device)
        if listens:
            self.monitor.up(device)

    def mirror(self, device, *directions):
        for direction in directions:
            # continue: others have their filters on the same device.
            self.switch.execute("tc", "filter", "add", "dev", "client", direction, "protocol", "all", "u32", "match", "u32",
                                "0", "0", "action", "mirred", "egress", "mirror", "dev", device, "continue")

    def remove_span(self, device):
        """And all filters, since one that mirrors to nowhere may be any of them."""
        self.switch.ip("link", "del", device)
        for direction in ("ingress", "egress"):
            self.switch.execute("tc", "filter", "del", "dev", "client", direction)

    def refuse(self, number):
        """Connections of the client to where nothing listens."""
        with self.client.inside():
            for _ in range(number):
                with socket.socket() as connection:
                    with contextlib.suppress(ConnectionRefusedError):
                        connection.connect((SERVER, REFUSING_PORT))
                        raise AssertionError("a connection to where nothing listens was accepted")

    def serve(self):
        """An echo service in a thread, for as long as the test lives."""
        with self.server.inside():
            listener = socket.create_server((SERVER, SERVING_PORT), backlog=128)

        def answer():
            while True:
                connection, _ = listener.accept()
                with connection:
                    while data := connection.recv(4096):
                        connection.sendall(data)

        self.server.thread(answer)

    def converse(self, number):
        """Connections of the client to the echo service that want for nothing."""
        for each in range(number):
            with self.client.inside():
                connection = socket.create_connection((SERVER, SERVING_PORT), PATIENCE)
            with connection:
                connection.sendall(b"question %d" % each)
                connection.recv(4096)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(4096):
                    pass

    def remove(self):
        for namespace in self._all:
            namespace.remove()


class Run:
    """What a test gets: the stage, and daemons that are ended with it."""

    def __init__(self, program, directory):
        self.program, self.directory, self.daemons = program, directory, []
        self.stage = Stage(f"rw{os.getpid()}")

    def start(self, name, *options):
        return self.start_as(["ip", "netns", "exec", self.stage.monitor.name], name, *options)

    def start_as(self, command, name, *options):
        """By a command that becomes the program behind it."""
        daemon = Daemon([*command, self.program], self.directory, name, *options)
        self.daemons.append(daemon)
        return daemon

    def stop_all(self):
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.stop()

    def abandon(self):
        for daemon in self.daemons:
            daemon.kill()
        self.stage.remove()


def play(test):
    """Runs `test(run)` with the arguments of the program: RSTWATCHD RSTWATCH. What it returns is said at the end."""
    check_environment(("ip", "tc", "ethtool"))
    with tempfile.TemporaryDirectory() as directory:
        run = Run(sys.argv[1], directory)
        try:
            said = test(run)
            run.stop_all()
        except AssertionError as error:
            for daemon in run.daemons:
                print(f"--- {daemon.name}\n{daemon.log()}")
            sys.exit(f"FAILED: {error}")
        finally:
            run.abandon()
    print(said)
