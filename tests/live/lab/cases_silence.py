# SPDX-License-Identifier: Apache-2.0
"""What nobody answers: dropped SYNs, paths that swallow data, peers that vanish, readers that do not read."""

import ipaddress
import socket
import struct
import time

from .case import case
from .cases_normal import SENT_TWICE
from .stage import CLIENT_HELLO, REQUEST, RESPONSE, SYN_ACKS, WITH_DATA, give_up_after, keep_alive, vanish

BOTH = (4, 6)
TCP_MD5SIG = 14  # linux/tcp.h

# Longer than any gap that could belong to a conversation, so that the end of an idle connection is told as such.
IDLE = 8.0


def fewer_syns(stage, linear, retries):
    """Linux sends `linear` SYNs a second apart, then `retries` more, each after twice the time."""
    for host in stage.clients:
        host.sysctl(f"net.ipv4.tcp_syn_linear_timeouts={linear}", f"net.ipv4.tcp_syn_retries={retries}")


@case("A firewall drops every SYN, and the client's kernel goes on for 134 s: eleven SYNs, one attempt.",
      outcomes="unanswered=1", client="AttemptFails=1", application="connect ETIMEDOUT", evidence={"syn": 11},
      seconds=135)
def unanswered_all_retries(stage):
    stage.listen()
    stage.rules(f"{stage.to_server} tcp dport 8080 drop")
    stage.connect()


@case("A firewall drops every SYN over IPv6.", (6,), outcomes="unanswered=1", client="AttemptFails=1",
      application="connect ETIMEDOUT", seconds=15)
def unanswered_dropped(stage):
    fewer_syns(stage, 3, 2)
    stage.rules(f"{stage.to_server} tcp dport 8080 drop")
    stage.connect()


@case("A kernel before 6.5 doubles its pauses from the first SYN on.", outcomes="unanswered=1",
      client="AttemptFails=1", application="connect ETIMEDOUT", evidence={"syn": 5}, seconds=32)
def unanswered_old_kernel(stage):
    fewer_syns(stage, 0, 4)
    stage.rules(f"{stage.to_server} tcp dport 8080 drop")
    stage.connect()


@case("The program gives up after 2.5 s, which its kernel does not count as a failed attempt.",
      outcomes="unanswered=1", application="connect gave up", seconds=3,
      rule="silent")
def unanswered_program_gives_up(stage):
    stage.rules(f"{stage.to_server} tcp dport 8080 drop")
    stage.connect(timeout=2.5).close()


@case("Three clients, one of them shut out by a rule: the others are served.", outcomes="closed=2 unanswered=1",
      application="connect gave up", clients=3, seconds=4)
def unanswered_to_one(stage):
    listener = stage.listen()
    shut_out = stage.clients[2]
    stage.rules(f"ip saddr {shut_out.address_of(False)} tcp dport 8080 drop")
    for host in stage.clients[:2]:
        _, client, server = stage.pair(listener=listener, host=host)
        stage.exchange(client, server)
        stage.close_both(client, server)
    stage.connect(host=shut_out, timeout=3.5).close()


@case("A rule drops one port of a host; later another one answers.", outcomes="closed=1 unanswered=1",
      application="connect gave up", seconds=5, rule="port_dropped")
def unanswered_on_one_port(stage):
    stage.rules(f"{stage.to_server} tcp dport 8080 drop")
    stage.connect(timeout=4.5).close()  # into the second after the one in which it is called unanswered
    _, client, server = stage.pair(80)
    stage.exchange(client, server)
    stage.close_both(client, server)


@case("The server wants MD5 signatures, as BGP does, and the client has none: silence.", outcomes="unanswered=1",
      client="AttemptFails=1", application="connect ETIMEDOUT", seconds=8)
def unanswered_md5_mismatch(stage):
    fewer_syns(stage, 1, 1)
    listener = stage.listen(179)
    peer = struct.pack("=HH4s", socket.AF_INET, 0, ipaddress.IPv4Address(stage.client_address).packed).ljust(128, b"\0")
    key = struct.pack("=BBHi", 0, 0, 6, 0) + b"secret".ljust(80, b"\0")
    listener.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, peer + key)
    stage.connect(179)


@case("SYN-ACKs are lost before they reach the monitor.", BOTH, outcomes="unanswered=1", client="AttemptFails=1",
      application="connect ETIMEDOUT", seconds=8)
def unanswered_syn_ack_lost(stage):
    fewer_syns(stage, 1, 1)
    stage.listen()
    stage.rules(f"{stage.from_server} tcp sport 8080 drop")
    stage.connect()


@case("SYN-ACKs are lost behind the monitor: it sees them, the client does not.", BOTH,
      outcomes="handshake_incomplete=1", flags=SENT_TWICE, client="AttemptFails=1",
      application="connect ETIMEDOUT", seconds=8)
def syn_ack_lost_behind_monitor(stage):
    fewer_syns(stage, 1, 1)
    stage.listen()
    stage.rules(f"{stage.from_server} {SYN_ACKS} drop", at=stage.client, hook="input")
    stage.connect()


# ------------------------------------------------------------------------------------------------------ swallowed data

@case("A firewall looks into the TLS hello and drops it.", BOTH, outcomes="blackholed=1", client="EstabResets=1",
      application="client reads ETIMEDOUT", seconds=12)
def blackholed_client_hello(stage):
    _, client, _ = stage.pair(443)
    stage.rules(f"{stage.to_server} tcp dport 443 {WITH_DATA} drop")
    give_up_after(client, 8)
    client.send(CLIENT_HELLO)
    stage.read(client, "client", 30)


@case("Packets larger than the path allows vanish without an ICMP word.", outcomes="blackholed=1",
      client="EstabResets=1", application="client reads ETIMEDOUT", seconds=12)
def blackholed_large_packets(stage):
    _, client, _ = stage.pair()
    stage.rules(f"{stage.to_server} ip length > 1300 drop")
    give_up_after(client, 8)
    client.send(b"p" * 3000)
    stage.read(client, "client", 30)


@case("The response never reaches the client.", outcomes="blackholed=1", server="EstabResets=1",
      application="server reads ETIMEDOUT", seconds=12,
      rule="path_lost")
def blackholed_response(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    stage.rules(f"{stage.from_server} tcp sport 8080 drop", at=stage.client, hook="input")
    give_up_after(server, 8)
    server.send(RESPONSE)
    stage.read(server, "server", 30)


def forgetful_firewall(stage, verdict):
    """A stateful firewall that forgets a connection after three idle seconds and then judges its packets anew."""
    stage.rules(f"{stage.to_server} tcp dport 8080 ct state invalid {verdict}")
    forget_soon(stage)


def forget_soon(stage):
    """Connection tracking begins with the first rule that asks for it; the cases without one do not care."""
    stage.router.sysctl("net.netfilter.nf_conntrack_tcp_timeout_established=3",
                        "net.netfilter.nf_conntrack_tcp_loose=0")  # a connection without its SYN is `invalid`


@case("A stateful firewall forgets an idle connection and drops what comes later.", outcomes="blackholed=1",
      client="EstabResets=1", application="client reads ETIMEDOUT", seconds=20)
def blackholed_after_idle(stage):
    forgetful_firewall(stage, "drop")
    _, client, server = stage.pair()
    stage.exchange(client, server)
    time.sleep(IDLE)
    give_up_after(client, 8)
    client.send(REQUEST)
    stage.read(client, "client", 30)


@case("A stateful firewall forgets an idle connection and resets what comes later.", BOTH, outcomes="idle_reset=1",
      flags="injected?", client="EstabResets=1", application="client reads ECONNRESET", seconds=9,
      rule="idle_timeout")
def idle_reset_by_firewall(stage):
    forgetful_firewall(stage, "reject with tcp reset")
    _, client, server = stage.pair()
    stage.exchange(client, server)
    time.sleep(IDLE)
    client.send(REQUEST)
    stage.read(client, "client")


@case("The same for the server's data, out of the monitor's sight: the client's end stays open.", outcomes="open=1",
      server="EstabResets=1", application="server reads ECONNRESET", seconds=9)
def idle_reset_out_of_sight(stage):
    stage.rules(f"{stage.from_server} tcp sport 8080 ct state invalid reject with tcp reset")
    forget_soon(stage)
    _, client, server = stage.pair()
    stage.exchange(client, server)
    time.sleep(IDLE)
    server.send(RESPONSE)
    stage.read(server, "server")


# ----------------------------------------------------------------------------------------------------------- lost peers

@case("A keepalive probe meets a path that is gone; after three the client aborts.", BOTH,
      outcomes="keepalive_timeout=1", client="EstabResets=1 OutRsts=1", application="client reads ETIMEDOUT",
      seconds=7,
      rule="path_lost")
def keepalive_timeout(stage):
    _, client, server = stage.pair()
    stage.exchange(client, server)
    keep_alive(client)
    stage.rules(f"{stage.to_server} tcp dport 8080 drop")
    stage.read(client, "client")


# vanish() makes the kernel count one EstabResets on the host that "reboots".
@case("A keepalive probe meets a server that was restarted meanwhile.", outcomes="peer_lost_state=1",
      client="EstabResets=1", server="EstabResets=1 OutRsts=1", application="client reads ECONNRESET", seconds=4)
def keepalive_to_rebooted_server(stage):
    listener, client, server = stage.pair()
    stage.exchange(client, server)
    listener.close()
    vanish(server)
    keep_alive(client)
    stage.read(client, "client")


@case("The server was restarted and knows nothing of the connection when the next request comes.", BOTH,
      outcomes="peer_lost_state=1", client="EstabResets=1", server="EstabResets=1 OutRsts=1",
      application="client reads ECONNRESET",
      rule="restarted")
def server_rebooted(stage):
    listener, client, server = stage.pair()
    stage.exchange(client, server)
    listener.close()
    vanish(server)
    client.send(REQUEST)
    stage.read(client, "client")


@case("The same, with the service listening again.", outcomes="peer_lost_state=1", client="EstabResets=1",
      server="EstabResets=1 OutRsts=1", application="client reads ECONNRESET")
def server_rebooted_and_listening(stage):
    _, client, server = stage.pair()
    stage.exchange(client, server)
    vanish(server)
    client.send(REQUEST)
    stage.read(client, "client")


@case("The client was restarted while the server prepared the answer.", outcomes="peer_lost_state=1",
      client="EstabResets=1 OutRsts=1", server="EstabResets=1", application="server reads ECONNRESET")
def client_rebooted(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    vanish(client)
    server.send(RESPONSE)
    stage.read(server, "server")


@case("The client was restarted and calls again from the same port: challenge ACK, RST, and a new connection.", BOTH,
      outcomes="client_restarted=1 closed=1", flags="rst_ignored? slow_answer?",
      client="EstabResets=1 OutRsts=1", server="EstabResets=1",
      application="connect ok; server reads ECONNRESET", seconds=2)
def client_restarted(stage):
    listener, client, server = stage.pair(port=8080)
    stage.exchange(client, server)
    port = client.getsockname()[1]
    vanish(client)
    again = stage.connect(port_of_client=port)
    stage.read(server, "server")
    anew = stage.accept(listener)
    stage.exchange(again, anew)
    stage.close_both(again, anew)


# ------------------------------------------------------------------------------------------------------- slow readers

STALL = 6.0  # seconds; Linux has probed a closed window five times by then


def wait_for_stall(wire, reader):
    """Until `reader` has said for a while that its window is closed."""

    def closed(segment):
        return segment.source == reader and segment.window == 0

    first = wire.wait_for(closed)
    wire.wait_for(lambda each: closed(each) and each.time >= first.time + STALL, seconds=4 * STALL)


@case("The server's program does not read: its window stays closed, and the client probes it.", BOTH,
      outcomes="zero_window_stall=1", flags=SENT_TWICE, seconds=13,
      rule="does_not_read")
def zero_window_stall(stage):
    _, client, server = stage.pair()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire = stage.wire()
    stage.fill(client)
    wait_for_stall(wire, stage.server_address)


@case("The client does not read its download: the server probes the closed window.", outcomes="zero_window_stall=1",
      seconds=13)
def zero_window_of_client(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire = stage.wire()
    stage.fill(server)
    wait_for_stall(wire, stage.client_address)
