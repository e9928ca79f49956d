#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An interface loses its link, is removed and made again under the running daemon, which says so, waits, and goes on
counting.

usage: port_removed_test.py RSTWATCHD RSTWATCH. Exit code 77: skipped.
"""

from port_stage import play, wait_for

ATTEMPTS = 50


def refused(daemon):
    return daemon.get("summary")["outcomes"]["refused"]


def is_down(port):
    return port["link_up"] is False and not port["removed"]


def test(run):
    stage = run.stage
    both = ("ingress", "egress")
    stage.add_span("span", *both)
    stage.add_span("other", *both)
    # Two cores, of which one polls; and a second port, which must not notice anything.
    one = run.start("one", "--interface", "span", "--set", "rx.queues=2")
    two = run.start("two", "--interface", "other", "--interface", "span")
    daemons = {one: 0, two: 1}
    stage.refuse(ATTEMPTS)
    received = {daemon: 2 * ATTEMPTS for daemon in daemons}  # a SYN and a RST for each attempt
    for daemon, number in daemons.items():
        wait_for(f"the first attempts by {daemon.name}", lambda: daemon.port(number)["received"] == received[daemon])
    wait_for("the first attempts", lambda: refused(one) == ATTEMPTS)

    # Its other end is switched off, as a cable is pulled.
    for state, is_up, words in (("down", False, "interface span has no link any more"),
                                ("up", True, "interface span has its link again")):
        stage.switch.ip("link", "set", "span", state)
        for daemon, number in daemons.items():
            wait_for(f"{daemon.name} says that the link is {state}", lambda: daemon.port(number)["link_up"] is is_up)
            wait_for(f"{daemon.name} logs it", lambda: words in daemon.log())

    stage.remove_span("span")
    for daemon, number in daemons.items():
        wait_for(f"{daemon.name} says that it has been removed", lambda: daemon.port(number)["removed"])
        wait_for(f"{daemon.name} logs it", lambda: "interface span has been removed" in daemon.log())
        port = daemon.port(number)
        assert port["removals"] == 1 and port["received"] == received[daemon], port
        assert port["dropped"]["errors"] == 0, port
    assert two.port(0)["link_up"] is True and two.port(0)["removals"] == 0, two.port(0)
    stage.mirror("other", *both)  # went with the filters of the device
    stage.refuse(ATTEMPTS)
    wait_for("what the other port shows meanwhile", lambda: refused(two) == 2 * ATTEMPTS)
    assert refused(one) == ATTEMPTS, "counted without a port"

    # Made again, but not switched on yet: waited for.
    stage.make_span("span", listens=False)
    for daemon, number in daemons.items():
        wait_for(f"{daemon.name} says that it is down", lambda: is_down(daemon.port(number)))
    stage.monitor.up("span")
    for daemon, number in daemons.items():
        wait_for(f"{daemon.name} says that it is up", lambda: daemon.port(number)["link_up"] is True)
        assert "interface span is there" in daemon.log()
    stage.mirror("span", *both)
    stage.refuse(ATTEMPTS)
    wait_for("the attempts after its return", lambda: refused(one) == 2 * ATTEMPTS)
    for daemon, number in daemons.items():
        # Over what had been counted before.
        wait_for(f"{daemon.name} counts on", lambda: daemon.port(number)["received"] == received[daemon] + 2 * ATTEMPTS)
        assert daemon.port(number)["dropped"]["missed"] == 0, daemon.port(number)
    return "removed, told, waited for, and received from again"


if __name__ == "__main__":
    play(test)
