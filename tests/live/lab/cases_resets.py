# SPDX-License-Identifier: Apache-2.0
"""Connections that a reset ends: by the program of one side, by a device between them, or by somebody who forges."""

from . import forge
from .case import case
from .stage import (CLIENT_HELLO, IPPROTO_MPTCP, REQUEST, RESPONSE, WITH_DATA, abort, receive)

BOTH = (4, 6)
# Who aborts sends the reset, and both kernels lose an established connection.
BY_SERVER = {"client": "EstabResets=1", "server": "EstabResets=1 OutRsts=1"}
BY_CLIENT = {"client": "EstabResets=1 OutRsts=1", "server": "EstabResets=1"}


@case("The server accepts and aborts at once.", BOTH, outcomes="reset_before_data_by_server=1", **BY_SERVER,
      application="client reads ECONNRESET",
      rule="aborts_after_accept")
def reset_before_data_by_server(stage):
    _, client, server = stage.pair()
    abort(server)
    stage.read(client, "client")


@case("A health check connects and aborts.", BOTH, outcomes="reset_before_data_by_client=1", **BY_CLIENT,
      application="server reads ECONNRESET")
def reset_before_data_by_client(stage):
    _, client, server = stage.pair()
    abort(client)
    stage.read(server, "server")


@case("The server closes without having read the request.", BOTH, outcomes="reset_without_response=1", **BY_SERVER,
      application="client reads ECONNRESET")
def reset_with_request_unread(stage):
    wire = stage.wire()
    _, client, server = stage.pair()
    client.send(REQUEST)
    wire.wait_for(lambda each: each.source == stage.server_address and not forge.is_syn_ack(each))
    server.close()
    stage.read(client, "client")


@case("The server reads the request and aborts without an answer.", BOTH, outcomes="reset_without_response=1",
      **BY_SERVER, application="client reads ECONNRESET",
      rule="crashes_on_request")
def reset_without_response(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    abort(server)
    stage.read(client, "client")


@case("The server reads the request and closes without an answer.", BOTH, outcomes="closed_without_response=1",
      application="client reads end")
def closed_without_response(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    server.close()
    stage.read(client, "client")
    client.close()


@case("The client stops waiting for an answer and aborts.", BOTH, outcomes="reset_without_response_by_client=1",
      **BY_CLIENT, application="client reads nothing; server reads ECONNRESET")
def reset_without_response_by_client(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    stage.read(client, "client", 0.5)
    abort(client)
    stage.read(server, "server")


@case("Twenty clients in a row stop waiting: one by one no failure, together one of the service.",
      outcomes="reset_without_response_by_client=20", client="EstabResets=20 OutRsts=20", server="EstabResets=20",
      application="; ".join(["server reads ECONNRESET"] * 20), rule="client_gives_up")
def reset_without_response_by_many(stage):
    listener = stage.listen()
    for _ in range(20):
        _, client, server = stage.pair(listener=listener)
        stage.ask(client, server)
        abort(client)
        stage.read(server, "server")


@case("The server aborts in the middle of a transfer.", BOTH, outcomes="reset_mid_stream_by_server=1", **BY_SERVER,
      application="client reads ECONNRESET",
      rule="aborts_mid_stream")
def reset_mid_stream_by_server(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    server.send(b"x" * 20_000)
    receive(client, 20_000)
    abort(server)
    stage.read(client, "client")


@case("Multipath TCP ends with a fast close.", outcomes="reset_mid_stream_by_server=1", **BY_SERVER,
      application="client reads ECONNRESET")
def reset_multipath_fast_close(stage):
    _, client, server = stage.pair(protocol=IPPROTO_MPTCP)
    stage.exchange(client, server)
    abort(server)
    stage.read(client, "client")


@case("A browser closes in the middle of a download.", BOTH, outcomes="reset_after_response_by_client=1", **BY_CLIENT,
      application="server reads ECONNRESET")
def reset_mid_download_by_client(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    stage.fill(server)
    receive(client, 20_000)
    client.close()
    stage.read(server, "server")


@case("A connection pool aborts after the answer.", BOTH, outcomes="reset_after_response_by_client=1", **BY_CLIENT,
      application="server reads ECONNRESET")
def reset_after_response_by_client(stage):
    _, client, server = stage.pair()
    stage.exchange(client, server)
    abort(client)
    stage.read(server, "server")


# ----------------------------------------------------------------------------------------------------------- after FIN

@case("The client closes, and the answer comes too late.", outcomes="reset_after_fin=1", client="OutRsts=1",
      server="EstabResets=1", application="server writes; server writes EPIPE")
def reset_late_answer(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    wire = stage.wire()
    client.close()
    server.recv(1)
    stage.write(server, "server", RESPONSE)
    wire.wait_for(forge.is_reset)
    stage.write(server, "server")


@case("The server closes after its answer, and the client aborts.", outcomes="reset_after_fin=1",
      client="EstabResets=1 OutRsts=1", application="client reads 40 bytes; client reads end")
def reset_after_server_closed(stage):
    _, client, server = stage.pair()
    stage.ask(client, server)
    server.send(RESPONSE)
    server.close()
    stage.read(client, "client")
    stage.read(client, "client")
    abort(client)


@case("A client's kernel has forgotten a half-closed connection when the server speaks.", outcomes="reset_after_fin=1",
      client="OutRsts=1", server="EstabResets=1", seconds=6)
def reset_after_fin_wait(stage):
    stage.client.sysctl("net.ipv4.tcp_fin_timeout=2")
    _, client, server = stage.pair()
    stage.ask(client, server)
    port = client.getsockname()[1]
    client.close()
    stage.wait_for_socket_to_go(stage.client, port)
    wire = stage.wire()
    server.send(RESPONSE)
    wire.wait_for(forge.is_reset)


@case("The server's program times an idle connection out, and the client writes into it.", outcomes="reset_after_fin=1",
      client="EstabResets=1", server="OutRsts=1", application="client writes; client reads end")
def reset_write_after_server_closed(stage):
    _, client, server = stage.pair()
    stage.exchange(client, server)
    wire = stage.wire()
    server.close()
    wire.wait_for(lambda each: each.flags & forge.FIN)
    stage.write(client, "client")
    wire.wait_for(forge.is_reset)
    stage.read(client, "client")


# ----------------------------------------------------------------------------------------------------------- by devices

@case("A firewall reads the TLS hello and answers with a reset in the server's name.", BOTH,
      outcomes="reset_by_device=1", flags="injected?", client="EstabResets=1", application="client reads ECONNRESET")
def reset_by_firewall(stage):
    # Before the connection: a busy machine takes its time for a rule, and after a silence it would be an idle reset.
    stage.rules(f"{stage.to_server} tcp dport 443 {WITH_DATA} reject with tcp reset")
    _, client, _ = stage.pair(443)
    client.send(CLIENT_HELLO)
    stage.read(client, "client")


class Injector:
    """Somebody at the router who forges resets for an established TLS connection, 15 hops away by their TTL."""

    def __init__(self, stage):
        self.stage, wire = stage, stage.wire()
        _, self.client, self.server = stage.pair(443)
        self.client.send(CLIENT_HELLO)
        receive(self.server, len(CLIENT_HELLO))
        self.server.send(b"\x16\x03\x03" + b"s" * 1000)
        receive(self.client, 1003)
        answer = wire.wait_for(lambda each: each.source == stage.server_address and each.length > 0)
        self.next_of_server, self.next_of_client = answer.next_sequence, answer.acknowledged
        self.client_end = (stage.client_address, self.client.getsockname()[1])
        self.server_end = (stage.server_address, 443)
        self.wire = wire

    def to_client(self, offset=0, acknowledge=True):
        flags = forge.RST | (forge.ACK if acknowledge else 0)
        return forge.packet(self.server_end, self.client_end, self.next_of_server + offset,
                            self.next_of_client if acknowledge else 0, flags, hops=113, identifier=0x3039 + offset)

    def to_server(self):
        return forge.packet(self.client_end, self.server_end, self.next_of_client, 0, forge.RST, hops=113)

    def send(self, *packets):
        forge.send(self.stage.router, *packets)


@case("Forged resets to both sides.", outcomes="reset_by_device=1", flags="injected", client="EstabResets=1",
      server="EstabResets=1", application="client reads ECONNRESET; server reads ECONNRESET")
def injected_to_both(stage):
    injector = Injector(stage)
    injector.send(injector.to_client(acknowledge=False), injector.to_server())
    stage.read(injector.client, "client")
    stage.read(injector.server, "server")


@case("Three forged resets, each further ahead, so that one of them fits.", outcomes="reset_by_device=1",
      flags="injected", client="EstabResets=1 OutRsts=1", server="EstabResets=1",
      application="client reads ECONNRESET; server writes; server reads ECONNRESET")
def injected_three(stage):
    injector = Injector(stage)
    injector.send(*(injector.to_client(offset) for offset in (0, 1460, 4380)))
    stage.read(injector.client, "client")
    stage.write(injector.server, "server")
    stage.read(injector.server, "server")


@case("A forged reset to the client alone; the server's data that was under way meets no socket.",
      outcomes="reset_by_device=1", flags="injected", client="EstabResets=1 OutRsts=1", server="EstabResets=1",
      application="client reads ECONNRESET; server writes; server reads ECONNRESET")
def injected_to_client(stage):
    injector = Injector(stage)
    injector.send(injector.to_client())
    stage.read(injector.client, "client")
    stage.write(injector.server, "server", b"d" * 1200)
    stage.read(injector.server, "server")


@case("A forged reset inside the window but not exact: the client answers with a challenge ACK and goes on.",
      outcomes="closed=1", flags="injected? rst_ignored", application="client reads 200 bytes")
def injected_inexact(stage):
    ignored(stage, Injector(stage), 500)


@case("The server's data overtakes the forged reset, which is stale then.", outcomes="closed=1",
      flags="injected? rst_ignored", application="client reads 200 bytes")
def injected_too_late(stage):
    injector = Injector(stage)
    injector.server.send(b"d" * 1200)
    receive(injector.client, 1200)
    ignored(stage, injector, 0)


def ignored(stage, injector, offset):
    """The connection lives on after a reset that fits nothing, and ends as it should."""
    injector.send(injector.to_client(offset))
    injector.wire.wait_for(forge.is_reset)
    injector.server.send(b"e" * 200)
    stage.read(injector.client, "client")
    stage.close_both(injector.client, injector.server)
