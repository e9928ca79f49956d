# SPDX-License-Identifier: Apache-2.0
"""Handshakes that end oddly, scans, and packets that belong to no attempt."""

import time

from . import forge
from .case import add, case
from .stage import SYNS, abort, the_first

CLOSED, OPEN, DROPPED = 81, 80, 82


def drop_port(stage, port=DROPPED):
    stage.rules(f"{stage.to_server} tcp dport {port} drop")


def probe(stage, port, flags, sequence=1000, acknowledged=0, options=b"", source_port=None):
    """One forged segment from the client. There is no socket for it, so the client's kernel resets what is answered."""
    source, target = (stage.client_address, source_port or 40000 + port), (stage.server_address, port)
    forge.send(stage.client, forge.packet(source, target, sequence, acknowledged, flags, 1024, options=options))


def resets_from(stage, wire, source, count):
    wire.wait_for(lambda each: forge.is_reset(each) and each.source == source, count)


@case("A half-open scan of an open, a closed and a dropped port.",
      outcomes="half_open_scan=1 refused=1 unanswered=1", client="OutRsts=1",
      server="AttemptFails=1 EmbryonicRsts=1 OutRsts=1")
def scan_half_open(stage):
    stage.listen(OPEN)
    drop_port(stage)
    wire = stage.wire()
    for port in (OPEN, CLOSED, DROPPED):
        probe(stage, port, forge.SYN, options=forge.SEGMENT_SIZE)
    resets_from(stage, wire, stage.client_address, 1)
    resets_from(stage, wire, stage.server_address, 1)


@case("A scan that connects: an open, a closed and a dropped port.", (4, 6),
      outcomes="reset_before_data_by_client=1 refused=1 unanswered=1", client="AttemptFails=1 EstabResets=1 OutRsts=1",
      server="EstabResets=1 OutRsts=1", application="connect ok; connect ECONNREFUSED; connect gave up", seconds=4)
def scan_connect(stage):
    stage.listen(OPEN)
    drop_port(stage)
    abort(stage.connect(OPEN))
    stage.connect(CLOSED)
    stage.connect(DROPPED, timeout=3.5).close()


@case("A scan of five closed ports: what it found first is told as probed, not as a service that is down.",
      outcomes="refused=5", client="AttemptFails=5", server="OutRsts=5",
      application="; ".join(["connect ECONNREFUSED"] * 5), rule="probed", port=CLOSED, seconds=2)
def scan_of_closed_ports(stage):
    stage.connect(CLOSED)
    time.sleep(1.1)  # what fails in the second in which a scan is found out is never a failure of the service
    for port in range(CLOSED + 1, CLOSED + 5):
        stage.connect(port)


def scan_with(flags):
    def play(stage):
        stage.listen(OPEN)
        drop_port(stage)
        wire = stage.wire()
        for port in (OPEN, DROPPED, CLOSED):
            probe(stage, port, flags)
        resets_from(stage, wire, stage.server_address, 1)

    return play


for scan, flags in (("null", 0), ("fin", forge.FIN), ("xmas", forge.FIN | forge.PSH | forge.URG)):
    add(f"scan_{scan}", f"A {scan.upper()} scan: only the closed port answers.", scan_with(flags), "unsolicited=3",
        server="OutRsts=1")


@case("An ACK scan: open and closed port answer alike, the dropped one shows nothing.",
      outcomes="unsolicited=2 midstream=1", server="OutRsts=2")
def scan_ack(stage):
    stage.listen(OPEN)
    drop_port(stage)
    wire = stage.wire()
    for port in (OPEN, DROPPED, CLOSED):
        probe(stage, port, forge.ACK, acknowledged=0x22222222)
    resets_from(stage, wire, stage.server_address, 2)


@case("Data of a connection that the server's host never heard of.", outcomes="unsolicited=1", server="OutRsts=1")
def stale_data(stage):
    stage.listen()
    wire = stage.wire()
    forge.send(stage.client, forge.packet((stage.client_address, 41000), (stage.server_address, 8080), 1001, 0x22222222,
                                          forge.ACK | forge.PSH, 64240, payload=b"stale data"))
    resets_from(stage, wire, stage.server_address, 1)


@case("Backscatter: a SYN-ACK and a RST+ACK for SYNs that somebody else sent with this address.",
      outcomes="unsolicited=2", client="OutRsts=1")
def backscatter(stage):
    wire = stage.wire()
    server = (stage.server_address, 443)
    forge.send(stage.server,
               forge.packet(server, (stage.client_address, 33333), 0xAABBCCDD, 0x01020305, forge.SYN | forge.ACK, 65535,
                            options=forge.SEGMENT_SIZE),
               forge.packet(server, (stage.client_address, 33334), 0, 0x01020305, forge.RST | forge.ACK))
    resets_from(stage, wire, stage.server_address, 1)
    resets_from(stage, wire, stage.client_address, 1)


@case("A SYN-ACK acknowledges something else than the SYN; the client resets it and goes on trying.",
      outcomes="invalid_ack=1", client="OutRsts=1", application="connect gave up", seconds=2)
def invalid_ack_of_server(stage):
    stage.rules("meta l4proto tcp drop", at=stage.server, hook="input")
    wire = stage.wire()
    begun = stage.begin_connect()
    syn = wire.wait_for(forge.is_syn)
    forge.send(stage.server, forge.packet((stage.server_address, 8080), (stage.client_address, syn.source_port), 12345,
                                          syn.sequence + 999, forge.SYN | forge.ACK, 65535, options=forge.SEGMENT_SIZE))
    resets_from(stage, wire, stage.client_address, 1)
    wire.wait_for(forge.is_syn, count=2)
    begun.close()
    stage.tell("connect gave up")


@case("A final ACK acknowledges something else than the SYN-ACK; the server resets it.", outcomes="invalid_ack=1",
      server="OutRsts=1")
def invalid_ack_of_client(stage):
    stage.listen()
    stage.rules("tcp sport 8080 tcp flags & rst == 0 drop", at=stage.client, hook="input")
    wire = stage.wire()
    probe(stage, 8080, forge.SYN, options=forge.SEGMENT_SIZE, source_port=41000)
    wire.wait_for(forge.is_syn_ack)
    probe(stage, 8080, forge.ACK, 1001, 0x22222222, source_port=41000)
    resets_from(stage, wire, stage.server_address, 1)


@case("The program gave up before the SYN-ACK came; its kernel resets it.", (4, 6), outcomes="client_cancelled=1",
      client="OutRsts=1", server="AttemptFails=1 EmbryonicRsts=1", application="connect gave up", seconds=2,
      rule="unknown")
def client_cancelled(stage):
    stage.listen()
    wire = stage.wire()
    stage.rules(f"{stage.from_server} tcp sport 8080 {the_first(1)} drop")  # the next one comes after a second
    stage.connect(timeout=0.4).close()
    resets_from(stage, wire, stage.client_address, 1)


@case("The program gives up and tries again from the same port: two attempts.", outcomes="client_cancelled=1 closed=1",
      application="connect gave up; connect ok")
def client_tries_anew(stage):
    listener = stage.listen()
    # The first one alone: to lift a rule may take longer than until a lonely SYN is said to be unanswered.
    stage.rules(f"{stage.to_server} {SYNS} {the_first(1)} drop")
    given_up = stage.connect(timeout=0.3, port_of_client=40000)
    given_up.close()
    client = stage.connect(port_of_client=40000)
    server = stage.accept(listener)
    stage.exchange(client, server)
    stage.close_both(client, server)


@case("A SYN with an old sequence number meets TIME-WAIT: challenge ACK, and the client's kernel resets.",
      outcomes="closed=1 client_cancelled=1", client="OutRsts=1")
def old_syn_in_time_wait(stage):
    stage.client.sysctl("net.ipv4.tcp_timestamps=0")
    wire = stage.wire()
    _, client, server = stage.pair()
    port = client.getsockname()[1]
    stage.exchange(client, server)
    stage.close_both(server, client)
    first = wire.wait_for(forge.is_syn)
    wire.wait_for(lambda each: each.flags & forge.FIN, count=2)
    probe(stage, 8080, forge.SYN, first.sequence - 100_000, options=forge.SEGMENT_SIZE, source_port=port)
    resets_from(stage, wire, stage.client_address, 1)


@case("A reset with exactly the next sequence number, after both sides have closed.", outcomes="reset_after_fin=1")
def reset_in_time_wait(stage):
    wire = stage.wire()
    _, client, server = stage.pair()
    port = client.getsockname()[1]
    stage.exchange(client, server)
    stage.close_both(client, server)
    wire.wait_for(lambda each: each.flags & forge.FIN, count=2)
    exact = wire.latest(stage.server_address).next_sequence
    source, target = (stage.server_address, 8080), (stage.client_address, port)
    forge.send(stage.server, forge.packet(source, target, exact, 0, forge.RST))
    resets_from(stage, wire, stage.server_address, 1)
