#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the unit tests notice it when the TCP state machine decides otherwise?

Makes one mutant for each comparison, logical operator, predicate, fact, number and `case` label in the state machine's
sources: flips it, compiles what that changes, links tcp_tests with it and runs them. A mutant that no test notices is a
survivor. Exits 1 if there is one, or a mutant that does not compile, that equivalent.toml, beside this file, does not
account for. The sources are left alone.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
EQUIVALENT = pathlib.Path(__file__).with_name("equivalent.toml")
PROGRAM = "tests/unit/tcp_tests"
SOURCES = ["dataplane/tcp/" + name for name in (
    "state_machine.cpp", "reset.cpp", "stall.cpp", "expiry.cpp", "zeek_state.cpp", "duplicate_filter.h",
    "sequence.h", "verdict.h", "header_prediction.h", "state_machine.h", "replaced_connections.h", "wanted_filter.h")]
TEST_SECONDS = 10  # of processor time: the tests take half a second of it, however long they have to wait for it
TEST_MEMORY = 4 << 30
HARMLESS = {"caught", "equivalent"}  # a mutant that does not compile says nothing about the tests

PREDICATE = (r"(?:\w+\.)?(?:has|has_any|flows|syn|ack|rst|fin|within|after|before|answers|lives_on|wanted|"
             r"(?:is|was|acknowledges|comes|like|says|server|shows|tries|wants)_\w+)\(")

# What is looked for, and what may stand in place of its first group. clang-format puts blanks around operators, but
# none around what belongs to a type.
FLIPS = [(re.compile(pattern, re.MULTILINE), others) for pattern, others in (
    (r" (==) ", ["!="]), (r" (!=) ", ["=="]),
    (r" (<) ", ["<=", ">="]), (r" (<=) ", ["<", ">"]), (r" (>) ", [">=", "<="]), (r" (>=) ", [">", "<"]),
    (r"\s(&&)\s", ["||"]), (r"\s(\|\|)\s", ["&&"]),
    (r"(!)(?!=)", [""]),
    (r"(?<![!\w.:>])(?<!bool )(" + PREDICATE + ")", [r"!\1"]),
    (r"(?:if \(|return | && | \|\| |[^=!<>]= )([a-z_]+)(?= (?:&&|\|\||\?)|\) )", [r"!\1"]),
    (r"\s(?:&&|\|\|)\s+([a-z_]+)(?=[;)])", [r"!\1"]),
    (r"(?<!bool )\b(after)\(", ["!before"]), (r"(?<!bool )\b(before)\(", ["!after"]),  # > and >=, < and <=
    (r"\.(has)\((?=[^()]*(?:\||both|any))", ["has_any"]), (r"\.(has_any)\((?=[^()]*(?:\||both|any))", ["has"]),
    (r"\b((?:seen|flow)::\w+ \| )", [""]), (r"( \| (?:seen|flow)::\w+\b(?!\())", [""]),
    (r"(?<![\w.:#])(?<!} << )(0x[0-9a-f]{1,8}|\d+)(?=u?\b)", ["+1", "-1"]),  # not how a hash is mixed
    (r"^ *(case [\w:]+:) *$(?!\s*(?:case [\w:]+:\s*)*(?:break|return);)", [""]),  # not one that does nothing
)]


class NotBuilt(Exception):
    """A mutant that there is no program of; its text: what that says of it."""


Mutant = collections.namedtuple("Mutant", "file line before after text")


def blanked(text):
    """The text with blanks for comments, strings, preprocessor lines, prefetches and members' initial values."""
    noise = (r'//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^#[^\n]*|^ +__builtin_prefetch[^;]*;|'
             r'^ +[\w:]+ \w+ = \d+;')
    return re.sub(noise, lambda match: " " * len(match[0]), text, flags=re.MULTILINE)


def replacement(found, other):
    if other not in ("+1", "-1"):
        return other.replace(r"\1", found[1])
    value = int(found[1], 0) + int(other)
    return str(value) if value >= 0 else None


def mutants_of(file):
    text = (ROOT / file).read_text()
    code = blanked(text)
    flips = [(found, other) for pattern, others in FLIPS for found in pattern.finditer(code) for other in others]
    tried = set()
    for found, other in sorted(flips, key=lambda flip: flip[0].start(1)):
        new = replacement(found, other)
        begin, end = text.rfind("\n", 0, found.start(1)) + 1, text.find("\n", found.end(1))
        changed = text[begin:found.start(1)] + (new or "") + text[found.end(1):end]
        if new is None or (begin, changed) in tried:
            continue
        tried.add((begin, changed))
        yield Mutant(file, text.count("\n", 0, begin) + 1, text[begin:end].strip(), changed.strip() or "(nothing)",
                     text[:begin] + changed + text[end:])


class Build:
    """What meson and ninja know about PROGRAM in a build directory where it is up to date and each file compiled alone."""

    def __init__(self, directory):
        self.directory = directory
        if not (directory / "build.ninja").exists():
            subprocess.run(["meson", "setup", "-Dunity=off", directory], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        if "-unity0.cpp" in (directory / "build.ninja").read_text():
            sys.exit(f"{directory} compiles several files at a time: name one that was set up with -Dunity=off")
        subprocess.run(["ninja", "-C", directory, PROGRAM], check=True, stdout=subprocess.DEVNULL)
        commands = self.ninja("commands", PROGRAM).splitlines()
        self.link = shlex.split(commands[-1])
        flags = {entry["output"]: shlex.split(entry["command"])
                 for entry in json.loads((directory / "compile_commands.json").read_text())}
        own = re.compile(r"dataplane/libtracking|" + PROGRAM)
        self.flags = {output: [word for word in command if word not in ("-Werror", "-g", "-O2", "ccache")]
                      for output, command in flags.items() if own.match(output)}
        self.users = collections.defaultdict(list)  # source file -> objects
        for block in self.ninja("deps", *self.flags).strip().split("\n\n"):
            output, *sources = (line.strip() for line in block.splitlines())
            for source in sources:
                path = (directory / source).resolve()
                if path.is_relative_to(ROOT):
                    self.users[str(path.relative_to(ROOT))].append(output.split(":")[0])

    def ninja(self, tool, *arguments):
        return subprocess.run(["ninja", "-t", tool, *arguments], cwd=self.directory, check=True, text=True,
                              capture_output=True).stdout

    def run(self, arguments):
        return subprocess.run(arguments, cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, errors="replace")

    def compile(self, output, scratch):
        command = list(self.flags[output])
        source = command[-1]
        mutated = scratch / (self.directory / source).resolve().relative_to(ROOT)
        command[-1] = str(mutated) if mutated.exists() else source
        target = scratch / output.replace("/", "_")
        command[command.index("-o") + 1] = str(target)
        for option in ("-MQ", "-MF"):
            command[command.index(option) + 1] = str(target) + ".d"
        done = self.run([*command[:1], f"-I{scratch}", "-O0", *command[1:]])
        if done.returncode != 0:
            # What the compiler itself checks needs no test.
            raise NotBuilt("caught" if "static assertion failed" in done.stderr else "does not compile")
        return str(target)

    def tests_pass(self, file, text, scratch, of_tests):
        """Whether PROGRAM passes with this text in place of the file. Raises NotBuilt."""
        mutated = scratch / file
        mutated.parent.mkdir(parents=True, exist_ok=True)
        mutated.write_text(text)
        link, added = list(self.link), []
        for output in self.users[file]:
            if PROGRAM in output and not of_tests:
                continue
            compiled = self.compile(output, scratch)
            if output in link:
                link[link.index(output)] = compiled
            else:
                added.append(compiled)  # before the library, whose own object is then not taken
        link[link.index("-o") + 1] = program = str(scratch / "tests")
        if self.run([*link[:1], *added, *link[1:], "-Wl,-S"]).returncode != 0:
            raise NotBuilt("does not compile")
        # A mutant may well loop, and collect something while it does.
        limits = [f"--cpu={TEST_SECONDS}", f"--as={TEST_MEMORY}", "--core=0"]
        return self.run(["prlimit", *limits, program, "--gtest_fail_fast"]).returncode == 0

    def judge(self, mutant):
        """What becomes of the mutant. A header's is first tried in the library alone: tests take long to compile."""
        for of_tests in (False, True) if mutant.file.endswith(".h") else (False,):
            with tempfile.TemporaryDirectory(prefix="mutant-") as scratch:
                try:
                    if not self.tests_pass(mutant.file, mutant.text, pathlib.Path(scratch), of_tests):
                        return "caught"
                except NotBuilt as why:
                    return str(why)
        return "survived"


def try_all(build, mutants, jobs):
    """Tries each mutant, reports the survivors and returns how often each thing happened."""
    known = {(entry["file"], entry["line"], entry["becomes"])
             for entry in tomllib.loads(EQUIVALENT.read_text())["mutant"]}
    counts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for mutant, result in zip(mutants, pool.map(build.judge, mutants)):
            if (mutant.file, mutant.before, mutant.after) in known:
                result = "not equivalent, whatever equivalent.toml says" if result == "caught" else "equivalent"
            counts[result] += 1
            if result not in HARMLESS:
                print(f"{result}: {describe(mutant)}", flush=True)
    return counts


def describe(mutant):
    return f"{mutant.file}:{mutant.line}\n    {mutant.before}\n    {mutant.after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, nargs="?", default=ROOT / "build-single", help="build directory (build-single; made if missing)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at a time (as many as cores)")
    parser.add_argument("--file", action="append", help="a source file, from the repository's root; may be repeated")
    parser.add_argument("--lines", default="1-999999", help="first-last of the file")
    parser.add_argument("--list", action="store_true", help="show the mutants, try none")
    arguments = parser.parse_args()

    first, last = (int(number) for number in arguments.lines.split("-"))
    mutants = [mutant for file in arguments.file or SOURCES for mutant in mutants_of(file)
               if first <= mutant.line <= last]
    if arguments.list:
        print(*(describe(mutant) for mutant in mutants), sep="\n")
        return 0
    build = Build(arguments.build.resolve())
    unchanged = Mutant(SOURCES[0], 0, "", "", (ROOT / SOURCES[0]).read_text())
    if build.judge(unchanged) != "survived":
        sys.exit(f"{PROGRAM} fails without any change: mend that first")
    counts = try_all(build, mutants, arguments.jobs)
    print(f"{len(mutants)} mutants:", ", ".join(f"{count} {result}" for result, count in counts.most_common()))
    return 0 if set(counts) <= HARMLESS else 1


if __name__ == "__main__":
    sys.exit(main())
