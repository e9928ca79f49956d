#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a SPAN port shows is counted to the last connection, however it is received.

3,000 connections are refused and 500 are answered between real kernels. All at the same time watch: one core, two cores
on one queue, two cores on a queue each, two cores over libpcap, and the two ports of a TAP. Each must say what the client's
kernel says.
usage: ports_test.py RSTWATCHD RSTWATCH. Exit code 77: skipped.
"""

import contextlib
import socket

from port_stage import REFUSING_PORT, SERVER, play, wait_for

REFUSED, ANSWERED, FEW = 3000, 500, 10
AF_XDP = 44  # linux/socket.h
# Queues and ports are polled one after the other. Where a core has to wait for the processor in between, an answer is
# read before the SYN that came meanwhile, by as long as it waits.
MAY_WAIT = ("--set", "deadline.early_answer=1")


def summary_of(daemon):
    """What two daemons must agree on."""
    summary = daemon.get("summary")
    rows = daemon.get(f"top?outcome=refused&window=60s")["rows"]
    return {"received": summary["packets"]["received"], "tcp": summary["packets"]["tcp"], "attempts": summary["attempts"],
            "outcomes": {name: count for name, count in summary["outcomes"].items() if count},
            "top": [(row["address"], row["port"], row["count"], row["clients"]) for row in rows]}


def all_counted(daemon, expected):
    """Whether nothing is missing any more."""
    return summary_of(daemon)["outcomes"] == expected


def accounted_for(daemon):
    port = daemon.port()
    return port["received"] + port["dropped"]["missed"]


def check_losses(daemon):
    for port in daemon.get("status")["ports"]:
        dropped = port["dropped"]
        assert dropped["missed"] == 0 and dropped["interface"] == 0, f"{daemon.name}: lost, or not known: {port}"
        assert port["driver"] == "net_af_packet" and "16384 packets" in port["why"], f"{daemon.name}: {port}"
        assert port["link_up"] is True, f"{daemon.name}: {port}"


def check_cores(daemon, cores):
    status = daemon.get("status")["cores"]
    assert len(status) == cores, status
    assert status[0]["forwarded"] > 0, f"{daemon.name}: all was left to the core that received it"
    assert status[1]["received"] == 0 and status[0]["misdirected"] == 0, f"{daemon.name}: {status}"


def start_two_queues(run):
    """A TAP device of two queues, to which the kernel spreads packets as it likes: a card whose RSS is not what it was told
    to be."""
    daemon = run.start("two_queues", "--vdev", "net_tap0,iface=taps", "--set", "rx.queues=2", *MAY_WAIT)
    monitor = run.stage.monitor
    monitor.ip("link", "set", "taps", "txqueuelen", "20000", "up")
    monitor.execute("tc", "qdisc", "add", "dev", "span", "clsact")
    monitor.execute("tc", "filter", "add", "dev", "span", "ingress", "protocol", "all", "u32", "match", "u32", "0", "0",
                    "action", "mirred", "egress", "mirror", "dev", "taps")
    return daemon


def check_two_queues(daemon):
    status = daemon.get("status")
    port, cores = status["ports"][0], status["cores"]
    assert port["queues"] == 2 and "redirection table" in port["warnings"][0], port
    assert port["dropped"]["missed"] is None, port
    for core in cores:
        assert core["received"] > 0, f"{daemon.name}: {cores}"
    assert sum(core["misdirected"] for core in cores) > 0, f"{daemon.name}: {cores}"


def check_af_xdp(run):
    """Few connections: what this driver loses nobody counts."""
    with contextlib.suppress(OSError), socket.socket(AF_XDP, socket.SOCK_RAW):
        run.stage.add_span("express", "ingress", "egress")
        daemon = run.start("af_xdp", "--vdev", "net_af_xdp0,iface=express")
        run.stage.refuse(FEW)
        wait_for("af_xdp counts all", lambda: all_counted(daemon, {"refused": FEW}))
        assert daemon.port()["dropped"]["missed"] is None, daemon.port()
        daemon.stop()
        return " (and a few over af_xdp)"
    return ""


def test(run):
    stage = run.stage
    stage.add_span("span", "ingress", "egress")
    stage.add_span("requests", "ingress")
    stage.add_span("answers", "egress")
    stage.serve()
    one = run.start("one_core", "--interface", "span")
    two = run.start("two_cores", "--interface", "span", "--set", "rx.queues=2")
    pcap = run.start("pcap", "--vdev", "net_pcap0,iface=span", "--set", "rx.queues=2")
    tap = run.start("tap", "--interface", "requests", "--interface", "answers", "--set", "rx.queues=2", *MAY_WAIT)
    queues = start_two_queues(run)
    before = stage.client.counters()
    stage.refuse(REFUSED)
    stage.converse(ANSWERED)
    after = stage.client.counters()
    kernel = {name: after[name] - before[name] for name in ("TcpAttemptFails", "TcpActiveOpens", "TcpInSegs", "TcpOutSegs")}
    assert kernel["TcpAttemptFails"] == REFUSED and kernel["TcpActiveOpens"] == REFUSED + ANSWERED, kernel

    expected = {"refused": kernel["TcpAttemptFails"], "closed": ANSWERED}
    for daemon in (one, two, tap, queues):
        try:
            wait_for("", lambda: all_counted(daemon, expected))
        except AssertionError as error:
            raise AssertionError(f"{daemon.name}: expected {expected}, seen {summary_of(daemon)}") from error
        if daemon is not queues:
            check_losses(daemon)
    check_cores(two, 2)
    check_two_queues(queues)
    reference = summary_of(one)
    assert reference["top"] == [(SERVER, REFUSING_PORT, REFUSED, 1)], reference
    # Segments that the client's kernel sent and got, each once.
    assert reference["received"] == kernel["TcpInSegs"] + kernel["TcpOutSegs"], (reference, kernel)
    for daemon in (two, tap, queues):
        assert summary_of(daemon) == reference, f"{daemon.name}: {summary_of(daemon)}, one core: {reference}"
    # libpcap's buffer is small: what it lost on a busy machine it must say.
    wait_for("libpcap accounts for all", lambda: accounted_for(pcap) == reference["received"])
    if pcap.port()["dropped"]["missed"] == 0:
        wait_for("libpcap's are counted", lambda: all_counted(pcap, expected))
        assert summary_of(pcap) == reference, f"pcap: {summary_of(pcap)}, one core: {reference}"
    also = check_af_xdp(run)
    return f"{REFUSED} refused and {ANSWERED} answered connections, as the kernel counts them, five times{also}"


if __name__ == "__main__":
    play(test)
