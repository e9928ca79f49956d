#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what a packet costs by numbers of connections, of destinations and of queues: plot_costs.py BUILD PNG

Connections and destinations: bench_dataplane, one core without a driver. Queues: the daemon itself over net_pcap
(rx_core.py), up to one for each CPU. Needs matplotlib (apt install python3-matplotlib). Takes some minutes.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

CONNECTIONS = [2 ** n for n in range(8, 21)]
DESTINATIONS = [2 ** n for n in range(4, 21, 2)]
MIXES_BY_QUEUES = ("data-500", "data-120k", "mixed", "refused", "syn-flood")


def output_of(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cycles(build, mix, *options):
    document = output_of([f"{build}/tools/bench/bench_dataplane", "--mix", mix, "--stage", "tally", "--runs", "5",
                          "--packets", "1000000", "--json", *options])
    return document["mixes"][0]["tally"]["least"]


def by_queues(build, queues):
    rows = output_of([sys.executable, pathlib.Path(__file__).with_name("rx_core.py"), f"{build}/rstwatchd",
                      f"{build}/tools/bench/bench_dataplane", "--mix", ",".join(MIXES_BY_QUEUES), "--queues",
                      ",".join(map(str, queues)), "--json"])
    return {mix: [row["least"] for row in rows if row["mix"] == mix] for mix in MIXES_BY_QUEUES}


def draw(axes, xs, lines, label, base=2):
    for name, ys in lines.items():
        axes.plot(xs, ys, marker="o", label=name)
    if base:
        axes.set_xscale("log", base=base)
    else:
        axes.set_xticks(xs)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(label)
    axes.set_ylabel("cycles per packet")
    axes.grid(alpha=0.3)
    axes.legend()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="build directory")
    parser.add_argument("png", help="file to be written")
    wishes = parser.parse_args()
    import matplotlib  # pylint: disable=import-outside-toplevel  # what is missing must not keep --help from being given
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt  # pylint: disable=import-outside-toplevel
    queues = list(range(1, len(os.sched_getaffinity(0)) + 1))
    by_connections = {name: [cycles(wishes.build, mix, "--established", str(n)) for n in CONNECTIONS]
                      for name, mix in (("data, random order", "data-1m"), ("data, in trains", "trains-120k"))}
    by_destinations = {mix: [cycles(wishes.build, mix, "--destinations", str(n)) for n in DESTINATIONS]
                       for mix in ("refused", "syn-flood", "mixed")}
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(15, 4.4), layout="constrained")
    draw(left, CONNECTIONS, by_connections, "established connections")
    draw(middle, DESTINATIONS, by_destinations, "destinations")
    draw(right, queues, by_queues(wishes.build, queues), "queues, each with a core, over net_pcap", base=None)
    figure.suptitle("Cycles of a core per packet, depth full: classification alone (left, middle), and the daemon (right)")
    figure.savefig(wishes.png, dpi=110)


if __name__ == "__main__":
    main()
