# SPDX-License-Identifier: Apache-2.0
"""Connections that live: none of them may be called failed."""

import socket

from . import forge
from .case import case
from .stage import (BARE_ACKS, ESTABLISHED, IPPROTO_MPTCP, REQUEST, RESPONSE, SYN_ACKS, SYNS, keep_alive, receive,
                    state_of, the_first, wait_until)

BOTH = (4, 6)

# A server repeats its SYN-ACK because of its timer and because of a repeated SYN, a reader says several times within
# 200 us that its window is closed: without an IP identification such packets do not differ from copies.
SENT_TWICE = "duplicate_seen?"


@case("Request, response, and the client closes.", BOTH, outcomes="closed=1",
      rule="healthy")
def closed_by_client(stage):
    _, client, server = stage.pair()
    stage.exchange(client, server)
    stage.close_both(client, server)


@case("Request, response, and the server closes.", BOTH, outcomes="closed=1")
def closed_by_server(stage):
    _, client, server = stage.pair()
    stage.exchange(client, server)
    stage.close_both(server, client)


@case("The server closes before anybody said a word.", outcomes="closed=1", application="client reads end")
def closed_before_data(stage):
    _, client, server = stage.pair()
    server.close()
    stage.read(client, "client")
    client.close()


@case("The client closes its half after the request and still gets its answer.", outcomes="closed=1",
      application="client reads 40 bytes")
def closed_in_halves(stage):
    _, client, server = stage.pair()
    client.send(REQUEST)
    client.shutdown(socket.SHUT_WR)
    receive(server, len(REQUEST))
    server.recv(1)
    server.send(RESPONSE)
    server.close()
    stage.read(client, "client")
    client.close()


@case("A download of half a megabyte ends as it should.", BOTH, outcomes="closed=1")
def large_download(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    for _ in range(8):
        server.sendall(b"x" * 65536)
        receive(client, 65536)
    stage.close_both(server, client)


@case("A browser connects over IPv6 and IPv4 at once and closes the slower one unused.", outcomes="closed=2",
      application="loser reads end; client reads 40 bytes")
def happy_eyeballs(stage):
    listeners = [stage.listen(v6=v6) for v6 in (True, False)]
    winner, loser = (stage.client_socket(v6=v6, timeout=20) for v6 in (True, False))
    winner.connect((stage.server.address_of(True), 8080))
    loser.connect((stage.server.address_of(False), 8080))
    accepted = [stage.accept(each) for each in listeners]
    loser.close()
    stage.read(accepted[1], "loser")
    accepted[1].close()
    stage.ask(winner, accepted[0])
    accepted[0].send(RESPONSE)
    stage.read(winner, "client")
    stage.close_both(winner, accepted[0])


@case("The first SYN is lost; its repetition a second later is answered.", outcomes="closed=1", seconds=3,
      evidence={"syn": 2}, application="connect ok")
def first_syn_lost(stage):
    answered_after(stage, 1)


@case("The answer comes after four seconds, when it had already been called unanswered.", BOTH, outcomes="closed=1",
      flags="slow_answer", seconds=6, evidence={"syn": 5}, application="connect ok")
def slow_answer(stage):
    answered_after(stage, 4)


def answered_after(stage, lost):
    """A connection whose first `lost` SYNs a firewall drops; Linux sends the next one a second after each."""
    stage.rules(f"{stage.to_server} {SYNS} {the_first(lost)} drop")
    connect_and_talk(stage)


def connect_and_talk(stage):
    listener = stage.listen()
    client = stage.connect()
    server = stage.accept(listener)
    stage.exchange(client, server)
    stage.close_both(client, server)


@case("ACKs are lost on their way to the server until it has sent its SYN-ACK four times; then all goes well.",
      outcomes="closed=1", seconds=9, application="connect ok")
def final_ack_lost(stage):
    listener, wire = stage.listen(), stage.wire()
    rules = stage.rules(f"{stage.to_server} {BARE_ACKS} drop")
    client = stage.connect()
    wire.wait_for(forge.is_syn_ack, count=4)
    rules.lift()
    client.send(REQUEST)
    server = stage.accept(listener)
    receive(server, len(REQUEST))
    stage.answer(client, server)
    stage.close_both(client, server)


@case("SYN-ACKs are lost twice behind the monitor; the handshake completes with the third.", outcomes="closed=1",
      flags=SENT_TWICE, seconds=5, application="connect ok")
def syn_ack_lost_twice(stage):
    stage.rules(f"{stage.from_server} {SYN_ACKS} {the_first(2)} drop", at=stage.client, hook="input")
    connect_and_talk(stage)


@case("An idle connection is kept alive by probes that the peer answers.", BOTH, outcomes="closed=1", seconds=8)
def keepalive_answered(stage):
    _, client, server = stage.pair()
    stage.exchange(client, server)
    wire = stage.wire()
    keep_alive(client)
    wire.wait_for(lambda each: each.source == stage.server_address, count=3)
    stage.close_both(client, server)


@case("The reader takes a pause, its window closes and opens again.", BOTH, outcomes="closed=1",
      flags=SENT_TWICE, seconds=4)
def zero_window_opens_again(stage):
    _, client, server = stage.pair()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire = stage.wire()
    stage.fill(client)
    wire.wait_for(lambda each: each.source == stage.server_address and each.window == 0, count=3)
    client.shutdown(socket.SHUT_WR)
    while server.recv(65536):
        pass
    server.send(RESPONSE)
    server.close()
    receive(client, len(RESPONSE))
    client.close()


@case("The same client port is used again while the server is in TIME-WAIT.", outcomes="closed=2")
def port_reused_in_time_wait(stage):
    listener, client, server = stage.pair()
    port = client.getsockname()[1]
    stage.exchange(client, server)
    stage.close_both(server, client)
    again = stage.client_socket(port_of_client=port, timeout=20)
    again.connect((stage.server_address, 8080))
    server = stage.accept(listener)
    stage.exchange(again, server)
    stage.close_both(again, server)


@case("TCP Fast Open: a cookie, then a second connection whose SYN carries the request.", outcomes="closed=2",
      flags="tfo", application="client reads 40 bytes; client reads 40 bytes")
def fast_open(stage):
    listener = fast_open_listener(stage)
    for _ in range(2):
        client = fast_open_request(stage)
        server = stage.accept(listener)
        receive(server, len(REQUEST))
        server.send(RESPONSE)
        stage.read(client, "client")
        stage.close_both(client, server)


def fast_open_listener(stage):
    for host in (stage.client, stage.server):
        host.sysctl("net.ipv4.tcp_fastopen=3")
    listener = stage.listen()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 5)
    return listener


def fast_open_request(stage):
    client = stage.client_socket()  # one with a timeout would not wait for the handshake
    client.sendto(REQUEST, socket.MSG_FASTOPEN, (stage.server_address, 8080))
    return client


@case("Multipath TCP, both ends knowing it.", outcomes="closed=1", application="client reads 40 bytes")
def multipath(stage):
    _, client, server = stage.pair(protocol=IPPROTO_MPTCP)
    stage.ask(client, server)
    server.send(RESPONSE)
    stage.read(client, "client")
    stage.close_both(client, server)


@case("Both ends call each other at the same moment, and one connection comes of it.", outcomes="closed=1",
      flags="simultaneous_open slow_answer?", seconds=4)
def simultaneous_open(stage):
    towards_server = stage.rules(f"{stage.to_server} {SYNS} drop")
    towards_client = stage.rules(f"{stage.from_server} {SYNS} drop")
    client, server = stage.client_socket(port_of_client=5000), stage.socket(stage.server)
    server.bind((stage.server_address, 5001))
    wires = stage.wire(stage.client), stage.wire(stage.server)
    for each, target in ((client, (stage.server_address, 5001)), (server, (stage.client_address, 5000))):
        each.setblocking(False)
        each.connect_ex(target)
    for wire in wires:
        wire.wait_for(forge.is_syn)
    towards_client.lift()  # first, or the server might answer the client's SYN before its own is seen
    wires[0].wait_for(lambda each: forge.is_syn(each) and each.source == stage.server_address)
    towards_server.lift()
    for each in (client, server):
        wait_until(lambda each=each: state_of(each) == ESTABLISHED, "ESTABLISHED")
        each.settimeout(20)
    stage.exchange(client, server)
    stage.close_both(client, server)


@case("A split handshake: the answer to the SYN is a SYN of the server's own.", outcomes="open=1",
      flags="simultaneous_open", application="client writes", seconds=2)
def split_handshake(stage):
    stage.rules("meta l4proto tcp drop", at=stage.server, hook="input")  # its kernel knows nothing of this
    wire = stage.wire()
    begun = stage.begin_connect()
    syn = wire.wait_for(forge.is_syn)
    here, there = (stage.server_address, 8080), (stage.client_address, syn.source_port)
    forge.send(stage.server, forge.packet(here, there, 7000, 0, forge.SYN, 65535, options=forge.SEGMENT_SIZE))
    wire.wait_for(lambda each: forge.is_syn_ack(each) and each.source == stage.client_address)
    forge.send(stage.server, forge.packet(here, there, 7001, syn.sequence + 1, forge.ACK, 65535))
    wait_until(lambda: state_of(begun) == ESTABLISHED, "ESTABLISHED")
    stage.write(begun, "client")
    sent = wire.wait_for(lambda each: each.length > 0)
    forge.send(stage.server, forge.packet(here, there, 7001, sent.next_sequence, forge.ACK, 65535))
