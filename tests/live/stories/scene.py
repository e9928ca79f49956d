# SPDX-License-Identifier: Apache-2.0
"""What a story plays on: programs, the router's firewall, and the appliance that has to tell what it sees."""

import json
import re
import subprocess
import time

from lab import topology
from lab.stage import Stage, wait_until

from .programs import Client, Service, answer_http

PATIENCE = 60.0  # seconds that anything may take on a busy machine: an upper bound, not a time to sleep
SLACK = 0.1  # seconds by which the programs' clock and the packets' may differ
RATE = r"\d+\.\d\d"
CLOCK = r"(\d\d\d\d-\d\d-\d\d )?\d\d:\d\d:\d\d"
SILENCE = r"\d+ s( to \d+ s)?"
SOON = 3.0  # seconds from the first packet of a failure to its row


class Scene(Stage):
    def __init__(self, network, number, story, cli, directory):
        super().__init__(network, number, False, story.clients)
        self.shown = set()  # rules
        self.story, self.network, self.directory, self.appliance = story, network, directory, None
        self._cli = cli

    # ------------------------------------------------------------------------------------------------------- programs

    def add_servers(self, count):
        """Addresses of so many servers, the first of which is the real one; the others share its stack."""
        numbers = range(1, count + 1)
        self.server.ip_batch(*(f"addr add {topology.address('server', self.number, each)}/16 dev eth0"
                               for each in numbers[1:]))
        return [topology.address("server", self.number, each) for each in numbers]

    def serve(self, port=8080, address=None, answer=answer_http, backlog=128):
        return Service(self.server, (address or self.server_address, port), answer, backlog)

    def call(self, port=8080, address=None, host=None, **options):
        """A client program that calls about three times a second."""
        return Client(host or self.client, (address or self.server_address, port), **options)

    def works(self, *clients, count=5):
        """Until each has got through some times from now on."""
        now = time.time()
        wait_until(lambda: all(len(each.succeeded(now)) >= count for each in clients),
                   f"{self.story.name}: {count} calls succeed", PATIENCE)

    def first_failure(self, *clients):
        """When the first call that fails began, once there is one."""
        wait_until(lambda: any(each.failed() for each in clients), f"{self.story.name}: a call fails", PATIENCE)
        return min(call.began for each in clients for call in each.failed())

    # ------------------------------------------------------------------------------------------------- the appliance

    def ask(self, *command):
        """What the CLI prints as JSON; {} where nothing is known."""
        done = subprocess.run([self._cli, "--server", f"unix:{self.appliance.socket}", *command, "-o", "json"],
                              capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def _is_mine(self, alert):
        """Of the network there is a daemon of its own."""
        if alert["scope"] == "network":
            return True
        address = alert["subject"] if alert["scope"] == "host" else alert["subject"].rpartition(":")[0]
        return topology.case_of(address) == self.number

    def alerts(self):
        return [each for each in self.ask("alerts", "--all")["alerts"] if self._is_mine(each)]

    def only_alert(self):
        """The alert that there is, or None; that there are two is an error."""
        alerts = self.alerts()
        if len(alerts) > 1:
            raise AssertionError("more than one alert for one cause:\n" + "\n".join(
                f"{each['scope']} {each['subject']} {each['cause']}: {each['text']}" for each in alerts))
        return alerts[0] if alerts else None

    # --------------------------------------------------------------------------------------------------------- checks

    def check(self, what, holds, seen):
        if not holds:
            raise AssertionError(f"{what}; seen: {seen}")

    def shows(self, port, since, outcome="failed", address=None):
        """The row of `rstwatch top`; and that it was there soon enough, by the appliance's own clock."""
        address = address or self.server_address

        def row():
            rows = self.appliance.get("top", outcome=outcome, window="10s", n=1000)["rows"]
            return next((each for each in rows if (each["address"], each["port"]) == (address, port)), None)

        found = []
        wait_until(lambda: found.append(row()) or found[-1], f"a row of top for {address}:{port}", PATIENCE)
        shown = self.appliance.status()["clock"]  # of a snapshot that is not older
        self.check(f"top shows {address}:{port} within {SOON} s", shown - since <= SOON, (shown, since, found[-1]))
        return found[-1]

    def waits_for_alert(self, holds=lambda _: True):
        return self._wait_for(lambda: (found := self.only_alert()) and holds(found) and found, "an alert")

    def is_alerted(self, scope, subject, cause, failed, direction="incoming", **values):
        """Waits for the one alert. `failed`: the calls that failed so far, as a function."""
        alert = self.waits_for_alert()
        seen = (alert["scope"], alert["subject"], alert["direction"])
        self.check("the alert's subject", seen == (scope, subject, direction), alert)
        self.check(f"the alert's cause is {cause}", alert["cause"] in (cause if isinstance(cause, tuple) else (cause,)),
                   alert)
        for key, value in values.items():
            self.check(f"the alert's {key} is {value}", alert[key] == value, alert)
        self.check_since(alert["since"], failed())
        self.check("its rate deserves a warning", alert["per_second"] >= 1, alert)
        return alert

    def check_since(self, since, calls):
        # A call that was under way when it began fails, too, but may fail otherwise.
        begun_since = [each for each in calls if not each.connected] or calls
        first = min(each.began for each in calls), min(each.ended for each in begun_since)
        self.check("it says when it began", first[0] - SLACK <= since <= first[1] + SLACK, (since, first))

    def explains(self, subject, rule, sentence):
        """What `rstwatch explain` says when the alert is there. `sentence`: a pattern for all of it."""
        known = self.ask("explain", subject)
        said = known.get("diagnosis", {})
        self.check(f"the rule is {rule}", said.get("rule") == rule, said)
        self.check(f"it says: {sentence}", re.fullmatch(sentence, said["sentence"]), said["sentence"])
        self.shown.add(rule)
        self.tell(said["sentence"])
        return known

    def alert_says(self, alert, rule, sentence):
        self.shown.add(rule)
        self.check(f"the alert says: {sentence}", re.fullmatch(sentence, alert["text"]), alert["text"])
        self.tell(alert["text"])

    def is_cleared(self, alert):
        """Waits for the end of the alert, which is told with duration and peak; returns it."""
        cleared = self.waits_for_alert(lambda each: each["until"])
        self.check("it is the same alert", (cleared["id"], cleared["since"]) == (alert["id"], alert["since"]), cleared)
        self.check("its duration", abs(cleared["duration_seconds"] - (cleared["until"] - cleared["since"])) < 1e-3 and
                   cleared["until"] > alert["fired"], cleared)
        self.check("its peak", cleared["peak_per_second"] >= 1 and cleared["peak_level"] != "none", cleared)
        self.tell(f"{cleared['scope']} {cleared['subject']}: over after {cleared['duration_seconds']:.1f} s, "
                  f"at most {cleared['peak_per_second']:.2f}/s")
        return cleared

    def _wait_for(self, value, what):
        found = []
        wait_until(lambda: found.append(value()) or found[-1], f"{self.story.name}: {what}", PATIENCE, pause=0.1)
        return found[-1]
