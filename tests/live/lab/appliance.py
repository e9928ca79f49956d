# SPDX-License-Identifier: Apache-2.0
"""rstwatchd as a live monitor of one SPAN port, and as the reader of what was recorded there."""

import collections
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import urllib.parse

from . import topology
from .stage import wait_until


LAST_WORDS = 10  # lines of the log: the cause is the last of them


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _before_all_others():
    """A monitor has cores of its own; here it must at least not wait behind what it watches.

    The kernel's packet ring that libpcap asks for has eight blocks and closes one each millisecond in which a packet
    came: whoever does not run for eight milliseconds may lose packets.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


class Appliance:
    """A running rstwatchd; the constructor returns when it is ready."""

    def __init__(self, program, monitor, span, directory, settings=()):
        self.span, self.socket, self._log = span, f"{directory}/{span}.sock", f"{directory}/{span}.log"
        # The window must reach back over the whole lab: rows are read from there.
        with open(self._log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", monitor.name, program, "--interface", span, "--set", "http.listen=", "--set",
                 "window.seconds=600", "--set", "tracking.connections=16384", "--set", "store.path=off", "--socket",
                 self.socket, *_set(settings)],
                stderr=log, preexec_fn=_before_all_others)
        wait_until(self._is_ready, f"rstwatchd on {span}: ready", 30)

    def _is_ready(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"rstwatchd on {self.span} ended with {self._process.returncode}; its last words:\n" +
                               "\n".join(self.log().splitlines()[-LAST_WORDS:]))
        return "info: ready" in self.log()

    def log(self):
        with open(self._log, encoding="utf-8") as file:
            return file.read()

    def get(self, path, missing=None, **parameters):
        """A document; `missing`, if it is given, where there is none."""
        connection = _UnixConnection(self.socket)
        connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status == 404 and missing is not None:
            return missing
        if response.status != 200:
            raise RuntimeError(f"GET {path}: {response.status} {body.decode()}")
        return json.loads(body)

    def rule_of(self, address, port):
        """The name of the diagnosis of a service; "never seen" where nothing is known of it."""
        endpoint = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        known = self.get(f"destinations/{urllib.parse.quote(endpoint)}", missing={})
        return known["diagnosis"]["rule"] if known else "never seen"

    def status(self):
        return self.get("status")

    def outcomes(self):
        """{case: Counter of outcomes}, from the rows of every destination. Live connections have no row."""
        rows = {}
        for outcome, count in self.get("summary")["outcomes"].items():
            if count:
                answer = self.get("top", outcome=outcome, window="600s", n=1000)
                rows.update({(row["address"], row["port"]): row["outcomes"] for row in answer["rows"]})
        found = collections.defaultdict(collections.Counter)
        for (address, _), outcomes in rows.items():
            found[topology.case_of(address)].update(outcomes)
        return found

    def stop(self):
        """Ends it as an operator would; returns the exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                return "no end within 20 s of SIGTERM"
        return self._process.returncode


class Replay:
    """The report on a recording, its connections sorted by case."""

    def __init__(self, program, recording, settings=()):
        done = subprocess.run([program, "analyze", "--connections", "-o", "json", *_set(settings), recording],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"rstwatch analyze {recording}: exit {done.returncode}\n{done.stderr}")
        self.report = json.loads(done.stdout)
        self.by_case = collections.defaultdict(list)
        for each in self.report["connections"]:
            self.by_case[topology.case_of(_address(each["server"]))].append(each)


def _set(settings):
    """The options of the command line that change these settings, "key=value"."""
    return [word for setting in settings for word in ("--set", setting)]


def _address(endpoint):
    """The address of "10.0.0.1:80" or "[::1]:80"."""
    return endpoint.rpartition(":")[0].strip("[]")
