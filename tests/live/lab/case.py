# SPDX-License-Identifier: Apache-2.0
"""A case: what is played, and what the appliance, the kernels and the programs must say of it."""

import re
from dataclasses import dataclass
from typing import Callable

# The kernels' counters that are compared; what an expectation does not name must be 0.
COUNTERS = {"AttemptFails": "TcpAttemptFails", "EstabResets": "TcpEstabResets", "OutRsts": "TcpOutRsts",
            "ListenOverflows": "TcpExtListenOverflows", "EmbryonicRsts": "TcpExtEmbryonicRsts"}
CASES = []


class Outcomes:
    """Such as "closed=1 unanswered|listen_overflow=27": a bar where the vocabulary allows either."""

    def __init__(self, text):
        self.text = text or "none"
        self._wanted = [(part.split("=")[0].split("|"), int(part.split("=")[1])) for part in text.split()]

    def without(self, *names):
        return Outcomes(" ".join(f"{'|'.join(each)}={count}" for each, count in self._wanted
                                 if not set(each) & set(names)))

    def count(self, name):
        return sum(count for names, count in self._wanted if name in names)

    def attempts(self):
        return sum(count for names, count in self._wanted if names[0] not in ("midstream", "unsolicited"))

    def agree(self, seen):
        known = set()
        for names, count in self._wanted:
            known.update(names)
            if sum(seen.get(name, 0) for name in names) != count:
                return False
        return not any(count for name, count in seen.items() if name not in known)


class Flags:
    """Such as "injected gap?": exactly these, over all connections of the case; a question mark allows."""

    def __init__(self, text):
        self.text = text or "none"
        words = text.split()
        self._needed = {each for each in words if not each.endswith("?")}
        self._allowed = {each.rstrip("?") for each in words}

    def agree(self, seen):
        return self._needed <= seen <= self._allowed


class Counters:
    """Such as "OutRsts=1 ListenOverflows>=3"."""

    def __init__(self, text):
        self.text = text or "all 0"
        self._wanted = dict.fromkeys(COUNTERS, ("=", 0))
        for name, relation, value in re.findall(r"(\w+)(>?=)(\d+)", text):
            if name not in COUNTERS:
                raise ValueError(f"no counter {name}")
            self._wanted[name] = (relation, int(value))

    def differences(self, seen):
        return [f"{name}={seen[name]}" for name, (relation, value) in self._wanted.items()
                if (seen[name] != value if relation == "=" else seen[name] < value)]


@dataclass
class Case:
    name: str
    sentence: str
    play: Callable
    outcomes: Outcomes
    flags: Flags
    client: Counters  # sums over all clients
    server: Counters
    application: str  # what the programs saw, in order, joined by "; "
    evidence: dict  # fields that each record of the case must have, such as {"icmp": {"type": 3, "code": 13}}
    clients: int
    v6: bool
    stalls: int  # connections whose verdict stays provisional, because what stalls may go on
    seconds: int  # about how long it takes: the longest begin first
    rule: str  # the diagnosis that it shows, by its name in control/diagnose/rule.cpp; "": none is asked for
    port: int  # of the service whose diagnosis it is


def add(name, sentence, play, outcomes, application="", flags="", client="", server="", evidence=None, clients=1,
        v6=False, stalls=0, seconds=1, rule="", port=8080):
    expected = Outcomes(outcomes)
    stalls += expected.count("blackholed") + expected.count("zero_window_stall")
    CASES.append(Case(name, sentence, play, expected, Flags(flags), Counters(client), Counters(server), application,
                      evidence or {}, clients, v6, stalls, seconds, rule, port))


def case(sentence, families=(4,), **expectation):
    """Registers a function as a case, under its own name; one for IPv6 gets a suffix."""

    def register(play):
        for family in families:
            add(play.__name__ + ("_v6" if family == 6 else ""), sentence, play, v6=family == 6, **expectation)
        return play

    return register
