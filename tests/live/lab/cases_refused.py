# SPDX-License-Identifier: Apache-2.0
"""Attempts that somebody answers with no: a closed port, a firewall, a router."""

import os
import signal

from . import forge, topology
from .case import add, case
from .cases_normal import connect_and_talk, fast_open_listener, fast_open_request
from .stage import REQUEST, RESPONSE, SYNS, receive, the_first

BOTH = (4, 6)


@case("Nothing listens on the port, and the host says so.", BOTH, outcomes="refused=1", client="AttemptFails=1",
      server="OutRsts=1", application="connect ECONNREFUSED",
      rule="nothing_listens", port=8081)
def refused_closed_port(stage):
    stage.connect(8081)


@case("A program tries a closed port twenty times.", BOTH, outcomes="refused=20", client="AttemptFails=20",
      server="OutRsts=20", application="; ".join(["connect ECONNREFUSED"] * 20))
def refused_burst(stage):
    for _ in range(20):
        stage.connect(8081)


@case("Three clients try the same closed port, twice each.", outcomes="refused=6", client="AttemptFails=6",
      server="OutRsts=6", application="; ".join(["connect ECONNREFUSED"] * 6), clients=3,
      rule="nothing_listens", port=8081)
def refused_to_many(stage):
    for _ in range(2):
        for host in stage.clients:
            stage.connect(8081, host=host)


@case("A refused client repeats its SYN twice with the same ISN, as Windows does: still one attempt.",
      outcomes="refused=1", server="OutRsts=3", evidence={"syn": 3, "rst": 3}, seconds=2)
def refused_same_isn_again(stage):
    wire = stage.wire()
    options = forge.SEGMENT_SIZE + bytes.fromhex("0103030801010402")
    source, target = (stage.client_address, 50123), (stage.server_address, 8081)
    for turn in range(3):
        forge.send(stage.client, forge.packet(source, target, 0x11223344, 0, forge.SYN, 64240, hops=128,
                                              identifier=100 + turn, options=options))
        wire.wait_for(forge.is_reset, count=turn + 1)


@case("The service worked, is stopped, and the same client is refused.", BOTH, outcomes="closed=1 refused=1",
      client="AttemptFails=1", server="OutRsts=1", application="connect ECONNREFUSED")
def refused_after_stop(stage):
    listener, client, server = stage.pair()
    stage.exchange(client, server)
    stage.close_both(client, server)
    listener.close()
    stage.connect()


@case("The router rejects with a reset; nothing else is known of the host.", BOTH, outcomes="refused=1",
      client="AttemptFails=1", application="connect ECONNREFUSED")
def refused_by_router_unknown_host(stage):
    stage.listen()
    stage.rules(f"{stage.to_server} tcp dport 8080 reject with tcp reset")
    stage.connect()


@case("The router rejects with a reset; another port of the host shows that the host is one hop further.", BOTH,
      outcomes="closed=1 refused_by_device=1", client="AttemptFails=1", application="connect ECONNREFUSED",
      rule="device_refuses")
def refused_by_router(stage):
    stage.listen()
    stage.rules(f"{stage.to_server} tcp dport 8080 reject with tcp reset")
    baseline(stage)
    stage.connect()


@case("The host's own firewall rejects with a reset: not to be told from a closed port.", BOTH,
      outcomes="closed=1 refused=1", client="AttemptFails=1", application="connect ECONNREFUSED")
def refused_by_host_firewall(stage):
    stage.listen()
    stage.rules(f"{stage.to_server} tcp dport 8080 reject with tcp reset", at=stage.server, hook="input")
    baseline(stage)
    stage.connect()


def baseline(stage, port=80):
    """A connection that ends well, and shows how far away the host is."""
    _, client, server = stage.pair(port)
    stage.exchange(client, server)
    stage.close_both(client, server)


@case("Fast Open data to a port that is closed meanwhile.", outcomes="closed=1 refused=1", flags="tfo",
      client="AttemptFails=1", server="OutRsts=1", application="client reads 40 bytes; connect ECONNREFUSED")
def refused_fast_open(stage):
    listener = fast_open_listener(stage)
    client = fast_open_request(stage)
    server = stage.accept(listener)
    receive(server, len(REQUEST))
    server.send(RESPONSE)
    stage.read(client, "client")
    stage.close_both(client, server)
    listener.close()
    try:
        fast_open_request(stage)
    except ConnectionRefusedError:
        stage.tell("connect ECONNREFUSED")


@case("A forged RST+ACK answers the SYN before the server's SYN-ACK, which then finds no socket.",
      outcomes="closed=1 refused_by_device=1", flags="injected?", client="AttemptFails=1 OutRsts=1",
      server="AttemptFails=1 EmbryonicRsts=1", application="connect ECONNREFUSED", seconds=2)
def refused_by_forged_reset(stage):
    stage.listen()
    baseline(stage)
    wire = stage.wire()
    stage.rules(f"{stage.from_server} tcp sport 8080 {the_first(1)} drop")  # the server's answer is a second late
    begun = stage.begin_connect()
    syn = wire.wait_for(forge.is_syn)
    forge.send(stage.router, forge.packet((stage.server_address, 8080), (stage.client_address, syn.source_port), 0,
                                          syn.sequence + 1, forge.RST | forge.ACK, hops=113))
    stage.finish_connect(begun)
    wire.wait_for(lambda each: forge.is_reset(each) and each.source == stage.client_address)


# --------------------------------------------------------------------------------------------------------------- ICMP

# (name of nft's, code, what the kernel makes of it)
CODES = {
    4: (("net-unreachable", 0, "ENETUNREACH"), ("host-unreachable", 1, "EHOSTUNREACH"),
        ("prot-unreachable", 2, "ENOPROTOOPT"), ("port-unreachable", 3, "ECONNREFUSED"),
        ("net-prohibited", 9, "ENETUNREACH"), ("host-prohibited", 10, "EHOSTUNREACH"),
        ("admin-prohibited", 13, "EHOSTUNREACH")),
    6: (("no-route", 0, "ENETUNREACH"), ("admin-prohibited", 1, "EACCES"), ("addr-unreachable", 3, "EHOSTUNREACH"),
        ("port-unreachable", 4, "ECONNREFUSED"), ("policy-fail", 5, "EACCES"), ("reject-route", 6, "EACCES")),
}


def reject_with(protocol, name):
    """The kernel drops an ICMP error that comes back while connect() still holds the socket (LockDroppedIcmps), which
    happens here, where a round trip takes no time. The next SYN leaves by itself, and its error is heard."""

    def play(stage):
        stage.rules(f"{stage.to_server} tcp dport 8080 reject with {protocol} type {name}")
        stage.finish_connect(stage.begin_connect())

    return play


for family, codes in CODES.items():
    for nft_name, code, told in codes:
        add(f"icmp_v{family}_{code}_{nft_name}", f"A router answers the SYN with ICMP{'v6' if family == 6 else ''}: "
            f"{nft_name.replace('-', ' ')}.",
            reject_with("icmp" if family == 4 else "icmpv6", nft_name), "icmp_rejected=1", f"connect {told}",
            client="AttemptFails=1", evidence={"icmp.type": 3 if family == 4 else 1, "icmp.code": code},
            v6=family == 6, seconds=2,
            rule="filter_forbids" if code in ((9, 10, 13) if family == 4 else (1, 5)) else "unreachable")


@case("The host is off: the router finds nobody behind the address and says so after three seconds.", BOTH,
      outcomes="icmp_rejected=1", client="AttemptFails=1", application="connect EHOSTUNREACH", seconds=5)
def icmp_host_down(stage):
    stage.connect(target=(topology.address("server", stage.number, 99, stage.v6), 8080))


@case("A host of the same subnet is off: three ARP requests, no SYN, nothing to see for a monitor of TCP.", BOTH,
      outcomes="", client="AttemptFails=1", application="connect EHOSTUNREACH", seconds=4)
def host_down_same_subnet(stage):
    stage.connect(target=(topology.address("client", stage.number, 99, stage.v6), 8080))


@case("An ICMP error that did not stop the client: the next SYN is answered.", outcomes="closed=1",
      flags="slow_answer?", application="connect ok", seconds=2)
def icmp_soft_error(stage):
    stage.rules("icmp type destination-unreachable drop", at=stage.client, hook="input")
    stage.rules(f"{stage.to_server} {SYNS} {the_first(1)} reject with icmp type host-unreachable")
    connect_and_talk(stage)


# --------------------------------------------------------------------------------------------------- killed processes

@case("A server process is killed before it reads the request; the next client is refused.",
      outcomes="reset_without_response=1 refused=1", client="AttemptFails=1 EstabResets=1",
      server="EstabResets=1 OutRsts=2", application="client reads ECONNRESET; connect ECONNREFUSED",
      rule="nothing_listens")
def killed_before_reading(stage):
    killed(stage, read_request=False)


@case("A server process is killed after it read the request: its kernel closes politely; the next client is refused.",
      outcomes="closed_without_response=1 refused=1", client="AttemptFails=1 EstabResets=1", server="OutRsts=2",
      application="client reads end; client writes; client writes EPIPE; connect ECONNREFUSED")
def killed_after_reading(stage):
    killed(stage, read_request=True)


def killed(stage, read_request):
    process, wait_for_step = stage.serve_in_process(8080, read_request)
    wait_for_step()
    wire = stage.wire()
    client = stage.client_socket(timeout=20)
    client.connect((stage.server_address, 8080))
    client.send(REQUEST)
    wire.wait_for(lambda each: each.source == stage.server_address and not forge.is_syn_ack(each))  # it acknowledges
    wait_for_step()
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    stage.read(client, "client")
    if read_request:
        stage.write(client, "client", b"more")
        wire.wait_for(forge.is_reset)
        stage.write(client, "client", b"still more")
    stage.connect()
