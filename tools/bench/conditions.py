#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the conditions make of it: conditions.py BENCH_DATAPLANE [--mix NAME,...] [--json]

Measures the whole tracker (stage tally) under the usual conditions (hot packets, bursts of 32, 2^20 entries, depth full,
nothing identified) and with one of them changed at a time, in turn within each round, so that a disturbance of the
machine meets all alike. Prints the least cycles per packet, and the median of the ratios to the usual conditions, round by
round.
"""
import argparse
import json
import statistics
import subprocess
import sys

USUAL = "usual"
CHANGES = {USUAL: [], "cold packets": ["--cold"], "bursts of 64": ["--burst", "64"],
           **{f"2^{n} entries": ["--connections", str(2 ** n)] for n in (18, 19, 21, 22)},
           "depth control": ["--depth", "control"], "identification": ["--identify"], "hugepages": ["--hugepages"]}
DEFAULT_MIXES = "mixed,refused,syn-flood,data-500,data-120k"


def possible(bench):
    """Without what this build of the bench does not know."""
    known = subprocess.run([bench, "--help"], check=True, capture_output=True, text=True).stdout
    return {name: options for name, options in CHANGES.items() if not options or options[0] in known}


def cycles(bench, mix, options, packets):
    command = [bench, "--mix", mix, "--stage", "tally", "--runs", "1", "--packets", str(packets), "--json", *options]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{ran.stderr}")
    return json.loads(ran.stdout)["mixes"][0]["tally"]["least"]


def measure(wishes, mix, changes):
    runs = {name: [] for name in changes}
    for _ in range(wishes.rounds):
        for name, options in changes.items():
            runs[name].append(cycles(wishes.bench, mix, options, wishes.packets))
    return {name: {"least": min(each), "ratio": statistics.median(a / b for a, b in zip(each, runs[USUAL]))}
            for name, each in runs.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="path of bench_dataplane")
    parser.add_argument("--mix", default=DEFAULT_MIXES, help=f"which traffic ({DEFAULT_MIXES})")
    parser.add_argument("--packets", type=int, default=1_000_000, help="of a run (1000000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--json", action="store_true", help="for comparison")
    wishes = parser.parse_args()
    changes = possible(wishes.bench)
    mixes = wishes.mix.split(",")
    table = {mix: measure(wishes, mix, changes) for mix in mixes}
    if wishes.json:
        print(json.dumps(table, indent=1))
        return 0
    print(f"{'cycles/packet, ratio':<18}" + "".join(f"{mix:>18}" for mix in mixes))
    for name in changes:
        cells = (f"{table[mix][name]['least']:.0f} {table[mix][name]['ratio']:.2f}" for mix in mixes)
        print(f"{name:<20}" + "".join(f"{cell:>18}" for cell in cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
