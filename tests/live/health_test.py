#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a monitoring system has to be able to rely on, on the loopback: rates are right as soon as their window is full, and
nobody takes a port that has fallen silent for one on which nothing fails.

usage: health_test.py RSTWATCHD RSTWATCH. Needs root, for a network namespace. Exit code 77: skipped.
"""
import sys
import tempfile
import threading
import time

import daemon_on_loopback
from daemon_on_loopback import Daemon, check, refuse, wait_for

WINDOW = 10


class Client(threading.Thread):
    """Is refused twice a second, a quarter of a second after it has begun and a quarter before it ends."""

    def __init__(self):
        super().__init__(daemon=True)
        self.tried, self.stopping = [], threading.Event()

    def run(self):
        due = int(time.time()) + 1.25
        while not self.stopping.wait(max(0.0, due - time.time())):
            self.tried.append(time.time())
            refuse()
            due += 0.5

    def within(self, begin, end):
        return sum(begin <= time < end for time in self.tried)

    def stop(self):
        self.stopping.set()
        self.join()


def top(daemon):
    return daemon.json(f"/api/v1/top?window={WINDOW}s")


def is_full(document):
    """Its window; it ends with the second of the last refusal, for there is one in each half of a second."""
    if document.get("window_seconds") != WINDOW or not document["rows"]:
        return None
    end = int(document["rows"][0]["last"]) + 1
    return end - WINDOW, end


def rates(daemon):
    """Each window that is full shows what the client did in it; two refusals a second within 2 s of packet time."""
    client = Client()
    client.start()
    wait_for("the client begins", lambda: client.tried)
    filled = int(client.tried[0]) + WINDOW  # when the first window is

    def right_in_time():
        clock = daemon.json("/api/v1/status")["clock"]  # of a snapshot that is not younger, in packet time
        document = top(daemon)
        window = is_full(document)
        if window is None or window[1] < filled:
            return False
        # The client may have been held up: what it did is what has to be shown.
        row, expected = document["rows"][0], client.within(*window)
        check("the rate is that of the window", (row["count"], row["per_second"]) ==
              (expected, expected / WINDOW), (row, expected, client.tried))
        return expected == 2 * WINDOW and clock <= window[1] + 2

    wait_for("2.0 refusals per second are shown within 2 s of packet time", right_in_time)
    client.stop()
    wait_for("every attempt is counted", lambda: daemon.json("/api/v1/status")["attempts"] == len(client.tried))


def silence(daemon):
    """A port that brought packets brings none any more, and then does again."""
    def says(text):
        status, body = daemon.get("/readyz")
        return status == 503 and text in body

    def first_line(*options):
        return daemon.cli("top", "--once", *options).stdout.split("\n")[0]

    sentence = "port lo has fallen silent: no packet for "
    wait_for("/readyz names the port", lambda: says(sentence))
    check("so does the first line of top", first_line().startswith("not ready: " + sentence), first_line())
    metrics = daemon.get("/metrics")[1].splitlines()
    for sample in ('rstwatch_port_silent{port="lo"} 1', "rstwatch_ready 0", "rstwatch_alive 1"):
        check(f"/metrics says {sample}", sample in metrics, metrics)
    # A count that the driver does not have is absent, and said to be.
    counts = [cause for cause in ("missed", "errors", "no_mbuf") if
              any(line.startswith(f'rstwatch_port_dropped_packets_total{{port="lo",cause="{cause}"}} ') for line in metrics)]
    known = f'rstwatch_port_drops_known{{port="lo"}} {int(len(counts) == 3)}'
    check(f"/metrics says {known}", known in metrics, metrics)
    refuse()
    wait_for("/readyz is ready again", lambda: daemon.get("/readyz") == (200, "ready\n"))
    check("so is the first line of top", first_line().startswith("DESTINATION"), first_line())


def nothing_received(daemon):
    """Before the first packet there are no failures either."""
    status, body = daemon.get("/readyz")
    check("/readyz has no packet", status == 503 and "no packet has been received yet" in body, body)
    told = daemon.cli("top", "--once")
    check("top has none either", told.stdout.startswith("not ready: no packet has been received yet") and
          "0 packets seen" in told.stderr, told)


def main():
    daemon_on_loopback.enter_namespace()
    with tempfile.TemporaryDirectory() as work:
        daemon = Daemon(sys.argv[1], sys.argv[2], work, ["--set", "rx.silence=3"])
        nothing_received(daemon)
        rates(daemon)
        silence(daemon)
        check("the daemon ends cleanly", daemon.stop() == 0, daemon.log())
    print("rates, silence and nothing are told apart")


main()
