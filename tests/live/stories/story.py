# SPDX-License-Identifier: Apache-2.0
"""A story: what goes wrong, and what the appliance has to say of it."""

from dataclasses import dataclass
from typing import Callable

MAIN = "main"  # the SPAN port that most stories share: what is told of one must not depend on the others
STORIES = []


@dataclass
class Story:
    name: str
    sentence: str
    play: Callable
    rules: tuple  # of control/diagnose/rule.cpp: the diagnoses that it shows
    clients: int
    span: str  # the SPAN port on which it is seen
    settings: tuple  # of the daemon there


def story(sentence, rules, clients=1, alone=False, settings=()):
    """Registers a function as a story, under its own name. `alone`: with a SPAN port and a daemon of its own."""

    def register(play):
        def play_and_check(scene):
            play(scene)
            scene.check("it shows the diagnoses that it claims", scene.shown == set(rules.split()), scene.shown)

        span = play.__name__[:15] if alone or settings else MAIN  # a name of a device, IFNAMSIZ
        STORIES.append(Story(play.__name__, sentence, play_and_check, tuple(rules.split()), clients, span, tuple(settings)))
        return play

    return register
