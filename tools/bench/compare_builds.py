#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which build is quicker, and is the difference real?

Runs two bench_dataplane programs in turn, so that both meet the same disturbances, and compares them pair by pair: the
median of the ratios, and the sign test's probability that such a lead is chance (Dixon and Mood 1946). Exits 1 if the
second program is slower beyond doubt anywhere.
"""
import argparse
import json
import math
import statistics
import subprocess
import sys


def run(program, arguments):
    """Least cycles per packet of each stage of each mix."""
    command = [program, "--json", "--runs", "3", *arguments]
    document = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {(row["mix"], stage): cycles["least"]
            for row in document["mixes"] for stage, cycles in row.items() if stage != "mix"}


def chance(wins, pairs):
    """Two-sided: how likely a fair coin falls at least as one-sided as this."""
    most = max(wins, pairs - wins)
    return min(1.0, 2 * sum(math.comb(pairs, k) for k in range(most, pairs + 1)) / 2 ** pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="bench_dataplane of one build")
    parser.add_argument("after", help="of the other")
    parser.add_argument("--pairs", type=int, default=11, help="how often each is run (11)")
    parser.add_argument("--doubt", type=float, default=0.01, help="a difference is real below this chance (0.01)")
    parser.epilog = "Whatever else is given is for both programs: for instance --mix data-500."
    arguments, options = parser.parse_known_args()

    pairs = []
    for number in range(arguments.pairs):
        sides = (arguments.before, arguments.after)
        first = number % 2  # neither is always the one that comes second
        results = {side: run(sides[side], options) for side in (first, 1 - first)}
        pairs.append((results[0], results[1]))

    slower = False
    print(f"{'mix':<14} {'stage':<8} {'before':>8} {'after':>8} {'ratio':>7}")
    for key in pairs[0][0]:
        ratios = [after[key] / before[key] for before, after in pairs]
        ratio = statistics.median(ratios)
        real = chance(sum(r < 1 for r in ratios), len(ratios)) < arguments.doubt
        slower = slower or (real and ratio > 1)
        verdict = "" if not real else "  slower" if ratio > 1 else "  quicker"
        before, after = (min(pair[side][key] for pair in pairs) for side in (0, 1))
        print(f"{key[0]:<14} {key[1]:<8} {before:8.1f} {after:8.1f} {ratio:7.3f}{verdict}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
