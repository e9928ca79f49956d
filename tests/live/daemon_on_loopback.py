# SPDX-License-Identifier: Apache-2.0
"""A daemon on the loopback of a network namespace of its own, asked over its Unix socket."""
import ctypes
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from lab.environment import skip

CLONE_NEWNET = 0x40000000
PORT = 7211  # where nothing listens
PATIENCE = 60  # seconds that anything may take on a busy machine: an upper bound, not a time to sleep


def check(what, holds, seen):
    if not holds:
        sys.exit(f"FAILED: {what}; seen: {seen}")


def wait_for(what, condition):
    """The first true value of `condition`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    sys.exit(f"FAILED: {what}")


def enter_namespace():
    if os.geteuid() != 0:
        skip("needs root, for a network namespace")
    if shutil.which("ip") is None:
        skip("needs ip (package iproute2)")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        skip("cannot make a network namespace here")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def refuse(times=1):
    for _ in range(times):
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
        except ConnectionRefusedError:
            pass


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Daemon:
    def __init__(self, program, cli, work, options, environment=None):
        self._cli, self._socket, self._log = os.path.abspath(cli), os.path.join(work, "socket"), os.path.join(work, "log")
        self.process = subprocess.Popen(
            [os.path.abspath(program), "--interface", "lo", "--socket", self._socket, "--set", "http.listen=", "--set",
             "store.path=off", *options], stderr=open(self._log, "w"), env={**os.environ, **(environment or {})})
        wait_for("the daemon gets ready", lambda: re.search("info: ready$", self.log(), re.MULTILINE))

    def log(self):
        with open(self._log) as log:
            return log.read()

    def get(self, target):
        """Status and body of an answer."""
        connection = UnixConnection(self._socket)
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def json(self, target):
        return json.loads(self.get(target)[1])

    def cli(self, *command):
        return subprocess.run([self._cli, "--server", f"unix:{self._socket}", *command], capture_output=True, text=True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE)
