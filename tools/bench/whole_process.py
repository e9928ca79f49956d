#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a whole replay costs: whole_process.py BUILD [--write MIX:PACKETS,...] [--capture FILE,...] [--pairs 7]

Runs, in turn, so that all meet the same disturbances, over the same capture:
  tcpdump    tcpdump -r FILE -w /dev/null, the measure: it reads every packet and writes it
  libpcap    reading alone (read_capture --by libpcap)
  net_pcap   reading through DPDK's driver, as a replay does, without looking at a packet
  rstwatch   rstwatch analyze -o json FILE
and prints the least CPU time of each, user and system, start-up included, the median of the ratios to tcpdump, pair by
pair, and the peak of resident memory. BUILD is the build directory. Captures are written by bench_dataplane over 600
seconds of packet time, "refused" with half as many connections as packets, "mixed" with a sixth.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

SECONDS = 600  # of packet time: intervals, deadlines and hand-overs come as often as in a capture of ten minutes
PROGRAMS = ("tcpdump", "libpcap", "net_pcap", "rstwatch")


def commands(build, capture):
    return {"tcpdump": ["tcpdump", "-r", capture, "-w", "/dev/null"],
            "libpcap": [f"{build}/tools/bench/read_capture", "--by", "libpcap", capture],
            "net_pcap": [f"{build}/tools/bench/read_capture", "--by", "net_pcap", capture],
            "rstwatch": [f"{build}/rstwatch", "analyze", "-o", "json", capture]}


def run(command):
    """CPU seconds, and the peak of resident memory in MiB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed; run it by hand to see why")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measure(build, capture, pairs):
    runs = {name: [] for name in PROGRAMS}
    for _ in range(pairs):
        for name, command in commands(build, capture).items():
            runs[name].append(run(command))
    result = {name: {"least_seconds": min(cpu for cpu, _ in each), "median_seconds": statistics.median(cpu for cpu, _ in each),
                     "peak_mib": max(peak for _, peak in each),
                     "ratio": statistics.median(cpu / base for (cpu, _), (base, _) in zip(each, runs["tcpdump"]))}
              for name, each in runs.items()}
    result["packets"] = packets_in(build, capture)
    return result


def packets_in(build, capture):
    said = subprocess.run(commands(build, capture)["libpcap"], check=True, capture_output=True, text=True).stdout
    return json.loads(said)["packets"]


def write(build, mix, packets, path):
    subprocess.run([f"{build}/tools/bench/bench_dataplane", "--mix", mix, "--packets", str(packets), "--rate",
                    str(max(packets / SECONDS, 1000)), "--write", path], check=True)


def print_heading():
    print("CPU seconds, user and system, least of all runs; ratio to tcpdump: median of the pairs")
    print(f"{'capture':<20}{'packets':>11}" + "".join(f"{name:>10}" for name in PROGRAMS) +
          f"{'net_pcap/':>11}{'rstwatch/':>11}{'ns/packet':>11}{'peak MiB':>10}")


def print_row(name, row):
    each = row["rstwatch"]["least_seconds"] / row["packets"] * 1e9
    print(f"{name:<20}{row['packets']:>11}" + "".join(f"{row[program]['least_seconds']:>10.3f}" for program in PROGRAMS) +
          f"{row['net_pcap']['ratio']:>11.2f}{row['rstwatch']['ratio']:>11.2f}{each:>11.0f}"
          f"{row['rstwatch']['peak_mib']:>10.0f}", flush=True)


def captures(wishes, directory):
    """Name and path of each, written when its turn comes and removed afterwards, for they may be large."""
    for path in wishes.capture.split(",") if wishes.capture else []:
        yield pathlib.Path(path).name, path
    for name in wishes.write.split(",") if wishes.write else []:
        mix, packets = name.split(":")
        path = f"{directory}/{mix}.pcap"
        write(wishes.build, mix, int(packets), path)
        yield name, path
        os.unlink(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="build directory")
    parser.add_argument("--write", help="captures to be written, MIX:PACKETS with commas between them (default, unless "
                        "--capture is given: mixed and refused, short and long)")
    parser.add_argument("--capture", help="captures that there are, with commas between them")
    parser.add_argument("--pairs", type=int, default=7, help="how often each program is run (7)")
    parser.add_argument("--directory", help="for the captures that are written; the default ones take up to 2 GB")
    parser.add_argument("--json", action="store_true", help="for comparison")
    wishes = parser.parse_args()
    if not wishes.write and not wishes.capture:
        wishes.write = "mixed:2000000,mixed:20000000,refused:600000,refused:20000000"
    rows = {}
    if not wishes.json:
        print_heading()
    with tempfile.TemporaryDirectory(dir=wishes.directory) as directory:
        for name, path in captures(wishes, directory):
            rows[name] = measure(wishes.build, path, wishes.pairs)
            if not wishes.json:
                print_row(name, rows[name])
    if wishes.json:
        print(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
