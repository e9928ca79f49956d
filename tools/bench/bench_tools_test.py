#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""That the programs beside this one do what they say: bench_tools_test.py BUILD

What they measure is for people to judge. Whether compare_builds.py tells a real difference from chance shows with
benches that are made up.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build").resolve()
BENCH = BUILD / "tools/bench/bench_dataplane"


def run(script, *arguments):
    return subprocess.run([sys.executable, HERE / script, *map(str, arguments)], capture_output=True, text=True, check=False)


class Bench(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def made_up(self, name, cycles):
        """A bench whose runs take these cycles, one after the other, for ever."""
        path = self.directory / name
        path.write_text(f"""#!{sys.executable}
import json, os
counter = {str(path)!r} + ".runs"
runs = int(open(counter).read()) if os.path.exists(counter) else 0
open(counter, "w").write(str(runs + 1))
cycles = {cycles!r}
print(json.dumps({{"mixes": [{{"mix": "mixed", "tally": {{"least": cycles[runs % len(cycles)]}}}}]}}))
""")
        path.chmod(0o755)
        return path

    def compare(self, before, after):
        return run("compare_builds.py", self.made_up("before", before), self.made_up("after", after))

    def test_a_small_difference_in_every_pair_is_real(self):
        slower = self.compare([100, 120, 140], [101, 121, 141])
        self.assertEqual(slower.returncode, 1, slower.stderr)
        self.assertRegex(slower.stdout, r"mixed +tally .* 1\.008  slower")
        quicker = self.compare([101, 121, 141], [100, 120, 140])
        self.assertEqual(quicker.returncode, 0, quicker.stderr)
        self.assertIn("quicker", quicker.stdout)

    def test_a_large_difference_that_comes_and_goes_is_not(self):
        compared = self.compare([100, 200], [200, 100])
        self.assertEqual(compared.returncode, 0, compared.stderr)
        self.assertNotRegex(compared.stdout, "slower|quicker")

    def test_real_benches_are_compared(self):
        compared = run("compare_builds.py", BENCH, BENCH, "--pairs", "1", "--mix", "data-500", "--stage", "parse,hash",
                       "--packets", "5000")
        self.assertEqual(compared.returncode, 0, compared.stderr)
        self.assertRegex(compared.stdout, r"data-500 +parse .*\n.*data-500 +hash ")

    def test_every_condition_is_measured(self):
        measured = run("conditions.py", BENCH, "--mix", "data-500", "--packets", "5000", "--rounds", "1", "--json")
        self.assertEqual(measured.returncode, 0, measured.stderr)
        row = json.loads(measured.stdout)["data-500"]
        self.assertEqual(row["usual"]["ratio"], 1)
        for name in ("cold packets", "bursts of 64", "2^18 entries", "2^22 entries", "depth control", "identification"):
            self.assertGreater(row[name]["least"], 0, name)

    def test_a_whole_core_is_measured_with_one_queue_and_with_two(self):
        measured = run("rx_core.py", BUILD / "rstwatchd", BENCH, "--mix", "mixed", "--queues", "1,2", "--packets", "2000",
                       "--seconds", "2", "--json", "--set", "tracking.connections=65536")
        self.assertEqual(measured.returncode, 0, measured.stderr)
        rows = json.loads(measured.stdout)
        self.assertEqual([(row["mix"], row["queues"]) for row in rows], [("mixed", 1), ("mixed", 2)])
        for row in rows:
            self.assertGreater(row["packets_per_second"], 0)
            self.assertLessEqual(row["least"], row["median"])

    def test_a_whole_process_is_measured(self):
        measured = run("whole_process.py", BUILD, "--write", "mixed:2000", "--pairs", "1", "--json")
        self.assertEqual(measured.returncode, 0, measured.stderr)
        row = json.loads(measured.stdout)["mixed:2000"]
        self.assertEqual(row["packets"], 2000)
        self.assertEqual(row["tcpdump"]["ratio"], 1)
        for program in ("libpcap", "net_pcap", "rstwatch"):
            self.assertGreater(row[program]["least_seconds"], 0)
            self.assertGreater(row[program]["peak_mib"], 1)

    def test_help_is_given(self):
        for script in ("compare_builds.py", "conditions.py", "instructions.py", "plot_costs.py", "rx_core.py",
                       "whole_process.py"):
            with self.subTest(script):
                helped = run(script, "--help")
                self.assertEqual(helped.returncode, 0, helped.stderr)
                self.assertIn("usage: " + script, helped.stdout)


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    unittest.main(verbosity=2)
