#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions per packet, held against the recorded figures: instructions.py BENCH_DATAPLANE [--record]

Cycles differ from run to run and from machine to machine, instructions do not: callgrind counts them for the same
traffic twice, with fewer and with more packets, and the difference is what packets cost. A change that costs more than
3 % fails until the figure in instructions.json is recorded anew, in the same commit, which says why. Figures belong to
a compiler and its options; with others nothing can be said, and the test is skipped (exit code 77).
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

RECORDED = pathlib.Path(__file__).with_name("instructions.json")
TOLERATED = 0.03
MIXES = ("data-500", "mixed", "mixed-ipv6", "mixed-vlan", "mixed-vxlan", "duplicates", "refused", "syn-flood")
PACKETS = (20_000, 60_000)
CONNECTIONS = 65_536


def instructions(bench, mix, packets):
    """Those within the timed part: a warm-up and a run."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               "--toggle-collect=*bench*Tally::run*", bench, "--mix", mix, "--stage", "tally", "--runs", "1", "--packets",
               str(packets), "--connections", str(CONNECTIONS), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode != 0 or not collected:
        sys.exit(f"{' '.join(command)} failed:\n{ran.stderr}")
    return int(collected[1])


def measure(bench):
    few, many = PACKETS
    return {mix: round((instructions(bench, mix, many) - instructions(bench, mix, few)) / (2 * (many - few)), 1)
            for mix in MIXES}


def built_by(bench):
    """The compiler, as it names itself in the program."""
    ran = subprocess.run(["readelf", "-p", ".comment", bench], capture_output=True, text=True, check=True)
    return " ".join(sorted(set(re.findall(r"GCC: \(.*?\) [\d.]+|clang version [\d.]+", ran.stdout))))


def judge(recorded, found):
    costs = 0
    print(f"{'instructions per packet':<24}{'recorded':>10}{'now':>10}")
    for mix, now in found.items():
        before = recorded.get(mix)
        change = "new" if before is None else f"{now / before - 1:+.1%}"
        fails = before is None or now > before * (1 + TOLERATED)
        costs += fails
        print(f"{mix:<24}{before or '-':>10}{now:>10}  {change}{'  costs too much' if fails else ''}")
    if costs:
        print(f"\nIf that is worth it: {sys.argv[0]} {sys.argv[1]} --record, and say why in the commit.")
    return 1 if costs else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", help="path of bench_dataplane")
    parser.add_argument("--record", action="store_true", help="write what is found to instructions.json")
    wishes = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("no valgrind; install it with: apt install valgrind")
        return 77
    compiler = built_by(wishes.bench)
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    if not wishes.record and recorded["compiler"] != compiler:
        print(f"recorded with {recorded['compiler']}, built with {compiler}: nothing can be said")
        return 77
    found = measure(wishes.bench)
    if wishes.record:
        RECORDED.write_text(json.dumps({"compiler": compiler, "instructions_per_packet": found}, indent=1) + "\n")
        return 0
    return judge(recorded["instructions_per_packet"], found)


if __name__ == "__main__":
    sys.exit(main())
