#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live stories: how failures are told while they happen, from the first packet to the end of the alert.

    sudo tests/live/stories/run.py RSTWATCHD RSTWATCH [--only PATTERN]... [--keep DIRECTORY] [--list]

All stories are played at the same time, each between hosts of its own, with real programs on real kernel stacks. One
rstwatchd sees most of them on one SPAN port, and must tell each as if there were no other: one alert for one cause, with
its subject, beginning, end and sentence. Exit code 0: all is told; 1: it is not; 77: it cannot run here, with the reason
on the last line.
"""

import argparse
import fnmatch
import importlib
import os
import pathlib
import select
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # no files of root in a checkout
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import netlab  # noqa: E402
from lab import topology  # noqa: E402
from lab.appliance import Appliance  # noqa: E402
from lab.environment import check_environment, skip  # noqa: E402
from lab.player import Player  # noqa: E402
from stories.scene import Scene  # noqa: E402
from stories.story import STORIES  # noqa: E402

FILES = ("refused", "silence", "established")
END = 150.0  # seconds in which everything is told on a busy machine


def load():
    """All stories, in the order of their files."""
    for name in FILES:
        importlib.import_module(f"stories.stories_{name}")
    return STORIES


class Stories:
    """Everything that must be taken down again, whatever happens."""

    def __init__(self, options, directory, chosen):
        self._options, self._directory = options, directory
        self.players, self.appliances, self._recordings = [], {}, []
        self._numbers = {each.name: number + 1 for number, each in enumerate(chosen)}
        self.network = topology.Network(f"rstwatch-story-{os.getpid()}", {each.span: None for each in chosen})

    def build(self, chosen):
        self.scenes = []
        for each in chosen:
            directory = f"{self._directory}/{each.name}"
            os.makedirs(directory, exist_ok=True)
            self.scenes.append(Scene(self.network, self._numbers[each.name], each, self._options.rstwatch, directory))
        for scene in self.scenes:
            span = scene.story.span
            if span not in self.appliances:
                self.appliances[span] = Appliance(self._options.rstwatchd, self.network.monitor, span, self._directory,
                                                  scene.story.settings)
                if self._options.keep:
                    self._recordings.append(netlab.Capture(self.network.monitor, span, f"{self._directory}/{span}.pcap"))
            scene.appliance = self.appliances[span]
            self.network.mirror_cases(span, [scene.number])

    def play(self):
        release = os.pipe()
        self.players = [Player(scene.story, scene, release) for scene in self.scenes]
        waiting, end = {each.pipe: each for each in self.players}, time.monotonic() + END
        while waiting and time.monotonic() < end:
            for pipe in select.select(list(waiting), [], [], 1.0)[0]:
                waiting.pop(pipe).collect()
        for player in waiting.values():
            player.result = {"saw": [], "error": f"not told to its end within {END:.0f} s"}

    def strays(self):
        """Alerts that no story is about."""
        about = {scene.number for scene in self.scenes}
        found = []
        for span, appliance in self.appliances.items():
            for alert in appliance.get("alerts")["alerts"]:
                host = alert["subject"].rpartition(":")[0] if alert["scope"] == "service" else alert["subject"]
                if alert["scope"] == "network" and span == "main" or (
                        alert["scope"] != "network" and topology.case_of(host) not in about):
                    found.append(f"{span}: {alert['text']}")
        return found

    def remove(self):
        for player in self.players:
            player.end()
        ended = {each.span: each.stop() for each in self.appliances.values()}
        for each in self._recordings:
            each.stop()
        self.network.remove()
        return ended


def show(stories):
    """What was told, and what was wrong with it. Returns the number of stories that failed."""
    failed = 0
    for player in stories.players:
        print(f"{'FAILED' if player.result['error'] else 'ok    '} {player.case.name}: {player.case.sentence}")
        for each in player.result["saw"]:
            print(f"           {each}")
        if player.result["error"]:
            failed += 1
            print("\n".join(f"       ! {line}" for line in player.result["error"].splitlines()))
    return failed


def run(options, chosen, directory):
    began = time.monotonic()
    stories = Stories(options, directory, chosen)
    try:
        stories.build(chosen)
        built = time.monotonic()
        stories.play()
        problems = [f"nobody's alert: {each}" for each in stories.strays()]
        failed = show(stories)
    finally:
        ended = stories.remove()
    problems += [f"rstwatchd on {span} ended with {code}" for span, code in ended.items() if code != 0]
    for each in problems:
        print(f"FAILED {each}")
    print(f"{len(chosen)} stories, {failed} failed (network {built - began:.0f} s, all {time.monotonic() - began:.0f} s)")
    return failed + len(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rstwatchd")
    parser.add_argument("rstwatch")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="stories with such a name")
    parser.add_argument("--keep", metavar="DIRECTORY", help="leave the daemons' logs and recordings there")
    parser.add_argument("--list", action="store_true", help="name the stories and end")
    options = parser.parse_args()
    chosen = [each for each in load()
              if not options.only or any(fnmatch.fnmatch(each.name, pattern) for pattern in options.only)]
    if options.list or not chosen:
        print("\n".join(f"{each.name}: {each.sentence}" for each in chosen) or "no story has such a name")
        return 0 if chosen else 1
    check_environment()
    if shutil.which("openssl") is None:
        skip("needs openssl")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="rstwatch-stories-") as temporary:
        directory = options.keep or temporary
        os.makedirs(directory, exist_ok=True)
        return 1 if run(options, chosen, directory) else 0


if __name__ == "__main__":
    sys.exit(main())
