# SPDX-License-Identifier: Apache-2.0
"""A process for each case, so that its sockets, and whatever it started, end with it."""

import contextlib
import json
import os
import signal
import traceback


class Player:
    """A process that plays one case, and holds its sockets until it is told to let go."""

    def __init__(self, case, stage, release):
        reading, writing = os.pipe()
        self.case, self.stage, self.pipe, self.result = case, stage, reading, None
        self.rule = "none"  # the diagnosis that was given last
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            _play(case, stage, writing, release)
        os.close(writing)

    @property
    def shows_rule(self):
        return not self.case.rule or self.rule == self.case.rule

    def ask_rule(self, appliance):
        """Asks for the diagnosis of the case's service, if it has not been the expected one yet."""
        if self.result and not self.shows_rule:
            self.rule = appliance.rule_of(self.stage.server_address, self.case.port)

    def collect(self):
        """Reads the result; to be called when the pipe has something to say."""
        text = b""
        while part := os.read(self.pipe, 65536):
            text += part
        os.close(self.pipe)
        self.result = json.loads(text) if text else {"saw": [], "error": "its process died"}

    def end(self):
        """Ends the process and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _play(case, stage, writing, release):
    """The whole life of a player's process. Never returns."""
    try:
        os.setpgid(0, 0)  # to be ended as a whole, and not by the terminal's Ctrl-C
        os.close(release[1])
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        error = None
        try:
            case.play(stage)
        except Exception:  # noqa: BLE001 - whatever it was, it belongs into the report
            error = traceback.format_exc(limit=-3)
        with os.fdopen(writing, "w") as file:
            json.dump({"saw": stage.saw, "error": error}, file)
        os.read(release[0], 1)
    finally:
        os.killpg(0, signal.SIGKILL)
