# SPDX-License-Identifier: Apache-2.0
"""Listeners that are full: the accept queue, the queue of half-open connections, SYN cookies.

The counts follow from the kernel's arithmetic: an accept queue of backlog n takes n + 1 connections; a full one makes
the kernel ignore SYNs, and the ACKs and data of handshakes that are under way.
"""

import collections

from . import forge, topology
from .case import add, case
from .cases_silence import fewer_syns
from .stage import BARE_ACKS, CLOSE, ESTABLISHED, REQUEST, give_up_after, receive, state_of, the_first, \
    wait_until, waiting_at

BOTH = (4, 6)


def queue_full_before_syn(abort, with_data):
    """Nobody accepts. Two connections fill the queue; the SYNs of three more are ignored."""

    def play(stage):
        stage.server.sysctl(f"net.ipv4.tcp_abort_on_overflow={abort}")
        fewer_syns(stage, 2, 1)
        stage.listen(backlog=1)
        for _ in range(2):
            client = stage.connect()
            if with_data:
                stage.write(client, "client")
        for begun in [stage.begin_connect() for _ in range(3)]:
            stage.finish_connect(begun)

    return play


for abort, data, v6 in ((0, True, False), (0, False, False), (0, True, True), (1, True, False), (1, True, True)):
    add(f"accept_queue_full_abort{abort}{'' if data else '_nodata'}{'_v6' if v6 else ''}",
        f"Nobody accepts: with tcp_abort_on_overflow {abort} a full queue ignores SYNs"
        f"{'' if data else ', and those who got in say nothing'}.",
        queue_full_before_syn(abort, data), "open=2 listen_overflow=3",
        "; ".join((["connect ok", "client writes"] if data else ["connect ok"]) * 2 + ["connect ETIMEDOUT"] * 3),
        client="AttemptFails=3", server="ListenOverflows>=3", v6=v6, seconds=10, rule="queue_full_or_silent")


def queue_full_before_ack(abort, with_data):
    """Three connections wait to be accepted when four more handshakes, whose final ACKs the router loses, complete by
    data or by the ACKs of the next SYN-ACKs: two of them find room."""

    def play(stage):
        # Three SYN-ACKs after the first; when the server has given up, after 15 s, it resets data that comes later.
        stage.server.sysctl(f"net.ipv4.tcp_abort_on_overflow={abort}", "net.ipv4.tcp_synack_retries=3")
        listener = stage.listen(backlog=4)
        clients = [stage.connect() for _ in range(3)]
        wait_until(lambda: waiting_at(listener) == 3, "three connections wait to be accepted")
        wire = stage.wire()
        stage.rules(f"{stage.to_server} {BARE_ACKS} {the_first(4)} drop")
        late = [stage.connect() for _ in range(4)]
        for number, client in enumerate(late if with_data else []):
            stage.write(client, "client")
            if number < 2:  # whoever comes first gets in
                wire.wait_for(lambda each: each.source == stage.server_address and not forge.is_syn_ack(each),
                              count=number + 1)
        if abort or with_data:
            wait_until(lambda: sum(state_of(each) == CLOSE for each in clients + late) == 2, "two resets", 60)
        else:
            wait_for_repeated_syn_acks(wire)
        stage.tell(sum(state_of(each) == ESTABLISHED for each in clients + late), "established")

    return play


def wait_for_repeated_syn_acks(wire):
    """Until two connections have been sent their SYN-ACK three times more."""
    sent = collections.Counter()

    def again_to_two(segment):
        if forge.is_syn_ack(segment):
            sent[segment.target_port] += 1
        return sum(count >= 4 for count in sent.values()) == 2

    wire.wait_for(again_to_two, seconds=30)


for abort, data, v6 in ((0, True, False), (0, False, False), (0, True, True), (1, True, False), (1, False, False),
                        (1, True, True)):
    reset = abort or data
    add(f"accept_queue_full_late_ack_abort{abort}{'' if data else '_nodata'}{'_v6' if v6 else ''}",
        "The queue fills before the final ACK; tcp_abort_on_overflow " +
        ("1: the server resets." if abort else "0: the server sends its SYN-ACK again and again" +
         (", and in the end a reset." if data else ".")),
        queue_full_before_ack(abort, data), "open=5 listen_overflow=2",
        "; ".join(["connect ok"] * 7 + ["client writes"] * (4 if data else 0) + [f"{5 if reset else 7} established"]),
        client="EstabResets=2" if reset else "",
        server="OutRsts=2 EmbryonicRsts=2 ListenOverflows=2" if abort else
        f"OutRsts={2 if reset else 0} ListenOverflows>=2", v6=v6, stalls=0 if reset else 2,
        seconds=3 if abort else 28 if data else 9, rule="accept_queue_full")


@case("SYN cookies and a full accept queue: the final ACK and the data vanish, and no SYN-ACK is sent again.", BOTH,
      outcomes="open=2 blackholed=3", client="EstabResets=3", server="ListenOverflows>=3",
      application="; ".join(["connect ok"] * 5 + ["client writes"] * 5 + ["client reads ETIMEDOUT"] * 3), seconds=12)
def accept_queue_full_cookies(stage):
    stage.listen(backlog=1)
    rules = stage.rules(f"{stage.to_server} {BARE_ACKS} drop")
    clients = [stage.connect() for _ in range(5)]
    rules.lift()
    wire = stage.wire()
    for number, client in enumerate(clients):
        give_up_after(client, 8)
        stage.write(client, "client")
        if number < 2:
            wire.wait_for(lambda each: each.source == stage.server_address, count=number + 1)
    for client in clients[2:]:
        stage.read(client, "client", 30)


def flood(stage, hosts=40):
    """SYNs from addresses that never answer. (They are aliases of the client, whose firewall keeps it silent.)"""
    aliases = [topology.address("client", stage.number, 100 + each) for each in range(hosts)]
    stage.client.ip_batch(*(f"addr add {each}/32 dev eth0" for each in aliases))
    stage.rules(f"ip daddr {aliases[0]}-{aliases[-1]} drop", at=stage.client, hook="input")
    target = (stage.server_address, 8080)
    forge.send(stage.client, *(
        forge.packet((alias, 1024 + 7 * number), target, 0x1000000 * (number + 1), 0, forge.SYN, 65535,
                     identifier=number + 1, options=forge.SEGMENT_SIZE) for number, alias in enumerate(aliases)))


@case("A SYN flood of forty addresses fills the queue of half-open connections; SYN cookies are off.",
      outcomes="handshake_incomplete=13 unanswered|listen_overflow=27")
def syn_flood_without_cookies(stage):
    stage.server.sysctl("net.ipv4.tcp_syncookies=0", "net.ipv4.tcp_max_syn_backlog=16")
    stage.listen(backlog=16)
    wire = stage.wire()
    flood(stage)
    wire.wait_for(forge.is_syn_ack, count=13)


@case("The same flood against SYN cookies: a client gets through.", outcomes="handshake_incomplete=40 closed=1",
      application="connect ok",
      rule="handshakes_abandoned")
def syn_flood_with_cookies(stage):
    stage.server.sysctl("net.ipv4.tcp_syncookies=1", "net.ipv4.tcp_max_syn_backlog=16")
    listener = stage.listen(backlog=16)
    wire = stage.wire()
    flood(stage)
    wire.wait_for(forge.is_syn_ack, count=40)
    client = stage.connect()
    client.send(REQUEST)
    server = stage.accept(listener)
    receive(server, len(REQUEST))
    stage.answer(client, server)
    stage.close_both(client, server)


@case("A SYN flood of 1,200 forged addresses, which a filter keeps from the server.", outcomes="unanswered=1200",
      rule="flooded")
def syn_flood_from_forged_addresses(stage):
    stage.rules(f"{stage.to_server} tcp dport 8080 drop")
    target = (stage.server_address, 8080)
    forge.send(stage.client, *(
        forge.packet((f"10.50.{number // 250}.{1 + number % 250}", 5000), target, 0x10000 * (number + 1), 0, forge.SYN,
                     65535, identifier=number + 1, options=forge.SEGMENT_SIZE) for number in range(1200)))
