#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service on the loopback dies while its client goes on: who finds out what, in what words, and when it is over.

usage: story_test.py RSTWATCHD RSTWATCH. Needs root, for a network namespace. Exit code 77: skipped.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from daemon_on_loopback import PATIENCE, PORT, check, enter_namespace, skip, wait_for


class Client(threading.Thread):
    """Asks three times a second, whatever happens; notes when it was refused first."""

    def __init__(self):
        super().__init__(daemon=True)
        self.accepted, self.refused = [], []
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    def run(self):
        while True:
            began = time.time()
            try:
                with socket.create_connection(("127.0.0.1", PORT), timeout=5) as plain:
                    with self.context.wrap_socket(plain, server_hostname="collector.example"):
                        self.accepted.append(began)
            except ConnectionRefusedError:
                self.refused.append(began)
            except OSError:
                pass  # cut off while the service dies
            time.sleep(1 / 3)


class Service:
    """Speaks TLS until it is killed."""

    def __init__(self, work):
        self.certificate = os.path.join(work, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=collector.example",
                        "-days", "1", "-keyout", self.certificate + ".key", "-out", self.certificate], check=True,
                       stderr=subprocess.DEVNULL)
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{PORT}", "-cert", self.certificate,
             "-key", self.certificate + ".key"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Appliance:
    def __init__(self, daemon, cli, work):
        self.cli, self.socket, self.log = cli, os.path.join(work, "socket"), os.path.join(work, "log")
        labels = os.path.join(work, "services.toml")
        with open(labels, "w") as file:
            file.write(f'"127.0.0.1:{PORT}" = "collector"\n')
        self.process = subprocess.Popen(
            [daemon, "--interface", "lo", "--socket", self.socket, "--set", "http.listen=", "--set", "store.path=off",
             "--set", f"services.labels={labels}"], stderr=open(self.log, "w"))
        wait_for("the daemon gets ready", lambda: "info: ready" in open(self.log).read())

    def ask(self, *command):
        result = subprocess.run([self.cli, "--server", f"unix:{self.socket}", *command], capture_output=True, text=True)
        return json.loads(result.stdout) if result.stdout.startswith("{") else {}

    def refused(self):
        return self.ask("top", "--once", "-o", "json", "--window", "10s").get("rows", [])

    def alert(self):
        alerts = self.ask("alerts", "--all", "-o", "json").get("alerts", [])
        return next((alert for alert in alerts if alert["subject"] == f"127.0.0.1:{PORT}"), None)


def clock(seconds):
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def story(daemon, cli, work):
    service, client = Service(work), Client()
    service.start()
    appliance = Appliance(daemon, cli, work)
    client.start()
    wait_for("some connections succeed", lambda: len(client.accepted) >= 6)

    service.kill()
    rows = wait_for("top shows it", appliance.refused)
    shown = appliance.ask("status", "-o", "json")["clock"]  # of a snapshot that is not older, in packet time
    check("top shows it within 3 s of the first failure", shown - client.refused[0] <= 3, (shown, client.refused[0]))
    check("one row of top", [(row["address"], row["port"]) for row in rows] == [("127.0.0.1", PORT)], rows)

    alert = wait_for("the alert is raised", appliance.alert)
    first = client.refused[0]
    check("the alert says when it began", abs(alert["since"] - first) < 0.1, (alert["since"], first))
    check("the alert is one of the service", (alert["scope"], alert["cause"], alert["service"], alert["clients"]) ==
          ("service", "refused", "collector", 1), alert)

    known = appliance.ask("explain", f"127.0.0.1:{PORT}", "-o", "json")
    sentence = known["diagnosis"]["sentence"]
    wanted = (rf"127\.0\.0\.1:{PORT} \(collector\) refuses \d\.\d\d connections per second from 1 client "
              rf"\(127\.0\.0\.1\) since {clock(alert['since'])}; nothing listens there; it last accepted a connection "
              rf"at {clock(known['accepted']['last'])} and spoke TLS\. Start it, or correct the port\.")
    check("explain tells the whole story", re.fullmatch(wanted, sentence), sentence)
    check("it knows when it last worked", abs(known["accepted"]["last"] - client.accepted[-1]) < 0.5,
          (known["accepted"], client.accepted[-1]))

    service.start()
    cleared = wait_for("the alert is cleared", lambda: (found := appliance.alert()) and found["until"] and found)
    check("it is the same alert", cleared["id"] == alert["id"], cleared)
    check("peak and duration are told", cleared["peak_per_second"] > 1 and
          cleared["duration_seconds"] > alert["fired"] - alert["since"], cleared)
    service.kill()
    appliance.process.send_signal(signal.SIGTERM)
    check("the daemon ends cleanly", appliance.process.wait(timeout=PATIENCE) == 0, open(appliance.log).read())
    print(sentence)


def main():
    daemon, cli = (os.path.abspath(program) for program in sys.argv[1:3])
    if shutil.which("openssl") is None:
        skip("needs openssl")
    enter_namespace()
    with contextlib.ExitStack() as stack:
        work = stack.enter_context(tempfile.TemporaryDirectory())
        story(daemon, cli, work)


main()
