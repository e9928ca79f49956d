# SPDX-License-Identifier: Apache-2.0
"""What must hold for a SPAN port as a whole: a good one, and those that show half of everything or all of it twice."""

import collections

from .report import Row

# TAXONOMY: `failed` is the sum of these.
FAILED = {"refused", "refused_by_device", "icmp_rejected", "unanswered", "listen_overflow",
          "reset_before_data_by_server", "reset_without_response", "reset_mid_stream_by_server", "idle_reset",
          "peer_lost_state", "keepalive_timeout", "blackholed", "zero_window_stall"}
LIVING = {"open", "closed", "reset_after_fin", "reset_after_response_by_client", "reset_before_data_by_client"}
SHOWN = 6  # differences that are named one by one


def _key(connection):
    return connection["client"], connection["server"]


def _arrow(key):
    return f"{key[0]} -> {key[1]}"


def _add_problems(row, problems):
    row.problems += problems[:SHOWN]
    if len(problems) > SHOWN:
        row.problems.append(f"and {len(problems) - SHOWN} more of this kind")


def judge_sums(chosen, status, summary, recorded, replay):
    """The main SPAN port: `recorded` packets, and the attempts of all cases."""
    row = Row("sums", "Nothing was lost or counted twice; attempts and open connections are those of all cases.")
    attempts = sum(each.outcomes.attempts() for each in chosen)
    live_open = sum(each.outcomes.count("open") for each in chosen)
    stalls = sum(each.stalls for each in chosen)
    row.outcome = f"attempts={attempts} open={live_open} pending<={stalls}"
    for way, report in (("live", summary), ("replay", replay.report)):
        outcomes = report["outcomes"]
        told = sum(count for name, count in outcomes.items() if name not in ("midstream", "unsolicited"))
        failed = sum(outcomes.get(name, 0) for name in FAILED)
        for what, expected, seen in (("attempts", attempts, report["attempts"]), ("sum of outcomes", attempts, told),
                                     ("open", live_open, outcomes["open"]), ("failed", failed, report["failed"]),
                                     ("packets", recorded, report["packets"]["received"]),
                                     ("malformed packets", 0, report["packets"]["malformed"])):
            if seen != expected:
                row.problems.append(f"{what} {way}: expected {expected}, seen {seen}")
    if status["pending"] > stalls:
        row.problems.append(f"{status['pending']} attempts are pending, of which {stalls} stall")
    return row


def judge_others(summaries, doubts, replays):
    """`doubts`: why each daemon said not to be ready, at the end."""
    main = replays["span"].report["connections"]
    rows = [Row("span_requests_only", "The second SPAN port shows only what clients send.",
                "span.one_way; what lives does not fail, flag one_way"),
            Row("span_answers_only", "The third SPAN port shows only what servers send.",
                "span.one_way; what is refused is refused, flag one_way"),
            Row("span_doubled", "The fourth SPAN port shows every packet twice.", "span.duplicated; the same outcomes")]
    for row, name, fact, judge in ((rows[0], "requests", "one_way", _judge_requests),
                                   (rows[1], "answers", "one_way", _judge_answers),
                                   (rows[2], "doubled", "duplicated", _judge_doubled)):
        for way, report in (("live", summaries[name]), ("replay", replays[name].report)):
            if report["span"][fact] is not True:
                row.problems.append(f"{way}: span is {report['span']}")
        judge(row, main, replays[name].report["connections"])
        if any("shows one direction only" in doubt for doubt in doubts[name]) != (fact == "one_way"):
            row.problems.append(f"live: what keeps it from being ready is {doubts[name]}")
    for way, report in (("live", summaries["span"]), ("replay", replays["span"].report)):
        for fact in ("one_way", "duplicated"):
            if report["span"][fact]:
                rows[0].problems.append(f"{way}: span.{fact} is said of the first SPAN port, too")
    return rows


def _judge_requests(row, main, seen):
    """Without the answers a connection that goes on is taken for one whose unseen side behaved."""
    count = collections.Counter(map(_key, main))
    living = {_key(each): each["outcome"] for each in main if each["outcome"] in LIVING and count[_key(each)] == 1}
    mine = [each for each in seen if _key(each) in living]
    _add_problems(row, [f"{_arrow(_key(each))} is {living[_key(each)]}, seen as {each['outcome']}" for each in mine
                        if each["outcome"] in FAILED])
    _add_problems(row, [f"{_arrow(_key(each))} is {living[_key(each)]}, and has no flag one_way" for each in mine
                        if "one_way" not in each["flags"]])


def _judge_answers(row, main, seen):
    """A RST+ACK with sequence number 0 tells of a SYN that was not seen."""
    refused = {_key(each) for each in main if each["outcome"] == "refused"}
    told = {_key(each) for each in seen if each["outcome"] == "refused" and "one_way" in each["flags"]}
    _add_problems(row, [f"{_arrow(key)} was refused, and is not told as refused one_way"
                        for key in sorted(refused - told)])


def _judge_doubled(row, main, seen):
    """Every connection comes to the same end as where it is shown once."""
    once, twice = (collections.Counter((_key(each), each["outcome"]) for each in each_way) for each_way in (main, seen))
    _add_problems(row, [f"{_arrow(key)}: {count} x {outcome} only when doubled"
                        for (key, outcome), count in sorted((twice - once).items())])
    _add_problems(row, [f"{_arrow(key)}: {count} x {outcome} not when doubled"
                        for (key, outcome), count in sorted((once - twice).items())])
