#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The live lab: some hundred ways in which TCP connections fail or live, at the same time, before one rstwatchd.

    sudo tests/live/lab/run.py RSTWATCHD RSTWATCH [--only PATTERN]... [--keep DIRECTORY] [--list]

Real programs on real kernel stacks in network namespaces; rstwatchd watches a SPAN port of their switch, and the same
packets are recorded there. For each case the outcome that the daemon shows, the outcome and flags of a replay of the
recording, the kernels' counters and what the programs were told are held against what the case says. Exit code 0: all
agree; 1: some do not; 77: it cannot run here, with the reason on the last line.
"""

import argparse
import contextlib
import fnmatch
import importlib
import os
import pathlib
import select
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # no files of root in a checkout
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import netlab  # noqa: E402
from lab import case as cases  # noqa: E402
from lab import report, spans, topology  # noqa: E402
from lab.appliance import Appliance, Replay  # noqa: E402
from lab.environment import check_environment  # noqa: E402
from lab.player import Player  # noqa: E402
from lab.stage import Stage, wait_until  # noqa: E402

CASE_FILES = ("normal", "refused", "silence", "queues", "handshake", "resets")
AT_ONCE = 24  # cases that are played at the same time
CASES_END = 160.0  # seconds after the first one began
FIRST_VERDICTS = 15.0  # seconds after the end of a case in which its diagnosis is known (deadline.provisional is 3 s)
LAST_DEADLINE = 80.0  # how long a verdict may be held after the last packet (deadline.unanswered is 75 s)


def chosen_cases(patterns):
    for name in CASE_FILES:
        importlib.import_module(f"lab.cases_{name}")
    found = [each for each in cases.CASES
             if not patterns or any(fnmatch.fnmatch(each.name, pattern) for pattern in patterns)]
    if not found:
        sys.exit("no case has such a name")
    return found


def _wait(holds, seconds):
    with contextlib.suppress(TimeoutError):
        wait_until(holds, "", seconds, pause=0.5)


class Lab:
    """Everything that must be taken down again, whatever happens."""

    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.players, self.appliances, self.recordings = [], {}, {}
        self.network = topology.Network(f"rstwatch-lab-{os.getpid()}")

    def build(self, chosen):
        self.stages = [Stage(self.network, number + 1, case.v6, case.clients) for number, case in enumerate(chosen)]
        for span in topology.SPANS:
            self.recordings[span] = netlab.Capture(self.network.monitor, span, f"{self.directory}/{span}.pcap")
            self.appliances[span] = Appliance(self.options.rstwatchd, self.network.monitor, span, self.directory,
                                               topology.SPAN_SETTINGS.get(span, ()))
        self.network.mirror()

    def play(self, chosen):
        """Plays all cases, the longest first, until the last one has said what it saw.

        Not all begin at once: where two cores are shared by 150 processes, what should follow a SYN within a second
        comes too late.
        """
        release = os.pipe()
        queue = sorted(zip(chosen, self.stages), key=lambda each: each[0].seconds)
        waiting, end = {}, time.monotonic() + CASES_END
        while (queue or waiting) and time.monotonic() < end:
            while queue and len(waiting) < AT_ONCE:
                player = Player(*queue.pop(), release)
                self.players.append(player)
                waiting[player.pipe] = player
            for pipe in select.select(list(waiting), [], [], 1.0)[0]:
                waiting.pop(pipe).collect()
            self.ask_rules()
        for player in waiting.values():
            player.result = {"saw": [], "error": f"not done after {CASES_END:.0f} s"}
        if queue:
            raise RuntimeError(f"{len(queue)} cases could not begin within {CASES_END:.0f} s")

    def ask_rules(self):
        """Whether each case that has been played shows its diagnosis by now. True if all do."""
        for player in self.players:
            player.ask_rule(self.appliances["span"])
        return all(player.shows_rule for player in self.players)

    def settle(self, chosen):
        """Waits until what was recorded is counted, and then until every verdict is final but those on stalls.

        Neither wait is longer than a working daemon needs: what is still missing then is told with the results.
        """
        for name, appliance in self.appliances.items():
            recorded = self.recorded(name)
            _wait(lambda each=appliance, count=recorded: each.status()["packets"]["received"] >= count, 5.0)
        stalled = sum(each.stalls for each in chosen)
        _wait(lambda: all(each.status()["pending"] <= stalled for each in self.appliances.values()), LAST_DEADLINE)

    def recorded(self, span):
        """The number of packets recorded on a SPAN port so far."""
        return len(netlab.read_pcap(self.recordings[span].path))

    def remove(self):
        for player in self.players:
            player.end()
        for each in self.appliances.values():
            each.stop()
        for each in self.recordings.values():
            if each.process.poll() is None:
                each.process.kill()
                each.process.wait()
        self.network.remove()


def judge_cases(lab, live, replay):
    rows = []
    for player in sorted(lab.players, key=lambda each: each.stage.number):
        stage = player.stage
        counters = {"client": report.sum_counters(stage.clients), "server": report.sum_counters([stage.server])}
        rows.append(report.judge(player.case, player.result, counters, live[stage.number],
                                 replay.by_case[stage.number]))
        if not player.shows_rule:
            rows[-1].problems.append(f"diagnosis: expected {player.case.rule}, seen {player.rule}")
    return rows


def run(options, chosen, directory):
    began = time.monotonic()
    lab = Lab(options, directory)
    try:
        lab.build(chosen)
        built = time.monotonic()
        lab.play(chosen)
        played = time.monotonic()
        _wait(lab.ask_rules, FIRST_VERDICTS)
        lab.settle(chosen)
        settled = time.monotonic()
        live, status = lab.appliances["span"].outcomes(), lab.appliances["span"].status()
        summaries = {name: each.get("summary") for name, each in lab.appliances.items()}
        doubts = {name: each.status()["readiness"]["failures"] for name, each in lab.appliances.items()}
        lost = {name: each.stop() for name, each in lab.recordings.items()}
        replays = {name: Replay(options.rstwatch, each.path, topology.SPAN_SETTINGS.get(name, ()))
                   for name, each in lab.recordings.items()}
        rows = judge_cases(lab, live, replays["span"])
        rows.append(spans.judge_sums(chosen, status, summaries["span"], lab.recorded("span"), replays["span"]))
        rows[-1].problems += [f"tcpdump lost {count} packets on {name}" for name, count in lost.items() if count]
        rows[-1].problems += [f"rstwatchd on {each.span} ended with {code}: {each.log()}"
                              for each in lab.appliances.values() if (code := each.stop()) != 0]
        rows += spans.judge_others(summaries, doubts, replays)
        print(f"network {built - began:.1f} s, cases {played - built:.1f} s, deadlines {settled - played:.1f} s")
        return report.show(rows, time.monotonic() - began)
    finally:
        lab.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rstwatchd")
    parser.add_argument("rstwatch")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="cases with such a name")
    parser.add_argument("--keep", metavar="DIRECTORY", help="leave recordings and logs there")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    options = parser.parse_args()
    chosen = chosen_cases(options.only)
    if options.list:
        for each in chosen:
            print(f"{each.name}: {each.sentence}")
        return 0
    check_environment()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="rstwatch-lab-") as temporary:
        directory = options.keep or temporary
        os.makedirs(directory, exist_ok=True)
        try:
            return 1 if run(options, chosen, directory) else 0
        except KeyboardInterrupt:
            print("interrupted; everything is taken down")
            return 130


if __name__ == "__main__":
    sys.exit(main())
