# SPDX-License-Identifier: Apache-2.0
"""Holds what was expected of a case against what was seen, and prints the table."""

from dataclasses import dataclass, field

from .case import COUNTERS

COLUMNS = ("case", "sentence", "outcome: expected / live / replay", "kernel: client, server", "application", "ok")

LIVE_WITHOUT_ROW = ("open", "midstream", "undetermined")  # a row of the daemon counts verdicts, and these have none


@dataclass
class Row:
    """One line of the table; `problems` says what differs."""
    name: str
    sentence: str
    outcome: str = ""
    kernel: str = ""
    application: str = ""
    problems: list = field(default_factory=list)
    connections: list = field(default_factory=list)  # records, shown where something differs


def _short(words):
    """Repeated words once, with their number."""
    runs = []
    for each in words:
        if runs and runs[-1][0] == each:
            runs[-1][1] += 1
        else:
            runs.append([each, 1])
    return "; ".join(word if count == 1 else f"{count}x {word}" for word, count in runs) or "-"


def _field(record, path):
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _judge_outcomes(row, case, live, records):
    seen = {"live": live, "replay": {}}
    for each in records:
        seen["replay"][each["outcome"]] = seen["replay"].get(each["outcome"], 0) + 1
    expected = {"live": case.outcomes.without(*LIVE_WITHOUT_ROW), "replay": case.outcomes}
    row.outcome = case.outcomes.text
    for way, counts in seen.items():
        if not expected[way].agree(counts):
            text = " ".join(f"{name}={count}" for name, count in sorted(counts.items()) if count) or "none"
            row.outcome += f" / {way}: {text}"
            row.problems.append(f"outcome {way}: expected {expected[way].text}, seen {text}")


def _judge_records(row, case, records):
    flags = {flag for each in records for flag in each["flags"]}
    if not case.flags.agree(flags):
        row.problems.append(f"flags: expected {case.flags.text}, seen {' '.join(sorted(flags)) or 'none'}")
    for path, wanted in case.evidence.items():
        row.problems += [f"{path}: expected {wanted}, seen {_field(each, path)}" for each in records
                         if _field(each, path) != wanted]


def _judge_kernel(row, case, counters):
    row.kernel = f"{case.client.text}, {case.server.text}"
    for side, expected in (("client", case.client), ("server", case.server)):
        differences = expected.differences(counters[side])
        if differences:
            row.problems.append(f"kernel of the {side}: expected {expected.text}, seen {' '.join(differences)}")


def judge(case, result, counters, live, records):
    """`result`: what the case's process said; `counters`: {"client": {...}, "server": {...}}; `live`: outcomes that
    the running daemon shows; `records`: connections of the replay."""
    row = Row(case.name, case.sentence, connections=records)
    _judge_outcomes(row, case, live, records)
    _judge_records(row, case, records)
    _judge_kernel(row, case, counters)
    row.application = _short(result["saw"])
    if result["error"]:
        row.problems.append(f"the case itself failed: {result['error']}")
    elif "; ".join(result["saw"]) != case.application:
        row.problems.append(f"application: expected {_short(case.application.split('; '))}, seen {row.application}")
    return row


def sum_counters(hosts):
    """The compared counters, summed over hosts."""
    found = [each.counters() for each in hosts]
    return {short: sum(each[name] for each in found) for short, name in COUNTERS.items()}


def _table(rows):
    width = max(len(row.name) for row in rows)
    for name, *others in [COLUMNS] + [(row.name, row.sentence, row.outcome, row.kernel, row.application,
                                       "FAILED" if row.problems else "ok") for row in rows]:
        print(" | ".join((name.ljust(width), *others)))


def show(rows, elapsed):
    """The table, what differs in detail, and the sums. Returns the number of failures."""
    _table(rows)
    failed = [row for row in rows if row.problems]
    for row in failed:
        print(f"\nFAILED {row.name}: {row.sentence}")
        for problem in row.problems:
            print(f"    {problem}")
        for each in row.connections[:8]:
            print(f"    {each['client']} -> {each['server']} {each['outcome']} flags={each['flags']} syn={each['syn']} "
                  f"rst={each['rst']} {each.get('rst_by', '')} {each.get('rst_shape', '')}")
    print(f"\n{len(rows)} cases, {len(failed)} failed ({elapsed:.0f} s)")
    return len(failed)
