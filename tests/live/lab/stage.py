# SPDX-License-Identifier: Apache-2.0
"""What a case plays on: programs of its clients and its server, the router's firewall, and what the programs saw."""

import errno
import os
import signal
import socket
import struct
import time

from . import forge, topology

TCP_USER_TIMEOUT, TCP_REPAIR, IPPROTO_MPTCP = 18, 19, 262  # not in Python 3.11's socket module
ESTABLISHED, SYN_SENT, SYN_RECEIVED, CLOSE = 1, 2, 3, 7  # linux/tcp_states.h
REQUEST = b"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# A TLS ClientHello, as far as a firewall reads it: one cipher, and the server's name blocked.test.
CLIENT_HELLO = (bytes.fromhex("1603010044" "01000040" "0303") + bytes(range(32)) +
                bytes.fromhex("00" "00021301" "0100" "0015" "0000" "0011" "000f" "00" "000c") + b"blocked.test")

# Words of nft's rules.
SYNS = "tcp flags & (syn|ack) == syn"
SYN_ACKS = "tcp flags & (syn|ack) == (syn|ack)"
BARE_ACKS = "tcp flags & (syn|ack|psh|fin|rst) == ack"
WITH_DATA = "tcp flags & psh == psh"


def the_first(count):
    """A condition that holds for the first packets that meet it: exact, where lifting a rule takes nft its time."""
    return f"numgen inc mod 1000 < {count}"


def word(error):
    """One word for what a program was told."""
    return errno.errorcode.get(error.errno, str(error)) if error.errno else "gave up"


def wait_until(holds, what, seconds=20.0, pause=0.02):
    """Waits for something that happens by itself; `seconds` is an upper bound."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def abort(connected):
    """Closes with a reset, as SO_LINGER 0 makes the kernel do."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connected.close()


def vanish(connected):
    """Forgets a connection without a word, as a reboot does. The kernel counts it as an EstabResets of this host."""
    connected.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    connected.close()


def keep_alive(connected, idle=2, interval=1, probes=3):
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, idle), (socket.TCP_KEEPINTVL, interval), (socket.TCP_KEEPCNT, probes)):
        connected.setsockopt(socket.IPPROTO_TCP, option, value)


def give_up_after(connected, seconds):
    """How long sent data may stay unacknowledged."""
    connected.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, int(seconds * 1000))


def receive(connected, size):
    """Exactly `size` bytes."""
    received = b""
    while len(received) < size:
        part = connected.recv(size - len(received))
        if not part:
            raise EOFError(f"{len(received)} of {size} bytes")
        received += part
    return received


def state_of(connected):
    """The kernel's number of the socket's state."""
    return connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def waiting_at(listener):
    """Connections in its accept queue: what of an established one are the unacknowledged segments (tcp_get_info)."""
    return struct.unpack_from("I", listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28), 24)[0]


class Rules:
    """An nft table that a case added; lift() takes it away again."""

    def __init__(self, namespace, name):
        self._namespace, self._name = namespace, name

    def lift(self):
        self._namespace.nft(f"delete table inet {self._name}")


class Stage:
    def __init__(self, network, number, v6, clients):
        self.number, self.v6 = number, v6
        self.clients = [network.add_client(number, each + 1) for each in range(clients)]
        self.client, self.server, self.router = self.clients[0], network.add_server(number), network.router
        self.saw = []  # what the programs were told, in order
        self._held = []  # whatever a case leaves open stays open
        self._tables = 0

    # ------------------------------------------------------------------------------------------------ names for rules

    @property
    def server_address(self):
        return self.server.address_of(self.v6)

    @property
    def client_address(self):
        return self.client.address_of(self.v6)

    def _match(self, lan, direction):
        if self.v6:
            return f"ip6 {direction} {topology.address(lan, self.number, 0, True)}/112"
        return f"ip {direction} {topology.address(lan, self.number, 0)}/24"

    @property
    def to_server(self):
        return self._match("server", "daddr")

    @property
    def from_server(self):
        return self._match("server", "saddr")

    def rules(self, *lines, at=None, hook="forward"):
        """Adds rules to the router's firewall, or to that of the host `at`."""
        self._tables += 1
        name = f"case{self.number}_{self._tables}"
        namespace = at or self.router
        chain = "\n".join((f"type filter hook {hook} priority 0; policy accept;", *lines))
        namespace.nft(f"table inet {name} {{ chain rules {{\n{chain}\n}}\n}}\n")
        return Rules(namespace, name)

    # ------------------------------------------------------------------------------------------------------- programs

    def tell(self, *words):
        self.saw.append(" ".join(str(each) for each in words))

    def socket(self, host, protocol=0, v6=None):
        v6 = self.v6 if v6 is None else v6
        made = host.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM, protocol)
        self._held.append(made)
        return made

    def listen(self, port=8080, backlog=128, protocol=0, v6=None):
        v6 = self.v6 if v6 is None else v6
        listener = self.socket(self.server, protocol, v6)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.server.address_of(v6), port))
        listener.listen(backlog)
        listener.settimeout(20)
        return listener

    def accept(self, listener):
        accepted, _ = listener.accept()
        accepted.settimeout(20)
        self._held.append(accepted)
        return accepted

    def client_socket(self, host=None, port_of_client=0, protocol=0, v6=None, timeout=None):
        host = host or self.client
        v6 = self.v6 if v6 is None else v6
        made = self.socket(host, protocol, v6)
        if port_of_client:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((host.address_of(v6), port_of_client))
        made.settimeout(timeout)
        return made

    def _target(self, port, v6=None):
        return self.server.address_of(self.v6 if v6 is None else v6), port

    def connect(self, port=8080, target=None, then_timeout=20.0, **options):
        """A client program's connect(); tells what it said, and returns the socket."""
        made = self.client_socket(**options)
        try:
            made.connect(target or self._target(port, options.get("v6")))
            self.tell("connect ok")
            made.settimeout(then_timeout)
        except OSError as error:
            self.tell("connect", word(error))
            made.settimeout(then_timeout)
        return made

    def begin_connect(self, port=8080, target=None, **options):
        """A connect() that does not wait."""
        made = self.client_socket(**options)
        made.setblocking(False)
        made.connect_ex(target or self._target(port))
        return made

    def finish_connect(self, begun, seconds=160.0):
        """Waits for what becomes of begin_connect() and tells it."""
        wait_until(lambda: state_of(begun) not in (SYN_SENT, SYN_RECEIVED), "the end of a connect()", seconds)
        failure = begun.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self.tell("connect", errno.errorcode[failure] if failure else "ok")
        begun.settimeout(20)
        return begun

    def pair(self, port=8080, listener=None, **options):
        """(listener, client's socket, server's socket) of an established connection."""
        listener = listener or self.listen(port, protocol=options.get("protocol", 0))
        client = self.client_socket(timeout=20, **options)
        client.connect(self._target(port))
        return listener, client, self.accept(listener)

    def ask(self, client, server):
        """The request goes out, and the server's program reads it."""
        client.send(REQUEST)
        receive(server, len(REQUEST))

    def answer(self, client, server):
        server.send(RESPONSE)
        receive(client, len(RESPONSE))

    def exchange(self, client, server):
        self.ask(client, server)
        self.answer(client, server)

    def close_both(self, first, second):
        """One side closes, the other one reads that and closes, too; returns when both ends are gone."""
        first.close()
        if second.recv(1):
            raise AssertionError("data where an end was expected")
        second.close()

    def read(self, connected, who, seconds=20.0):
        """One recv(), whose result is told."""
        connected.settimeout(seconds)
        try:
            data = connected.recv(1 << 20)
            self.tell(who, "reads", f"{len(data)} bytes" if data else "end")
        except OSError as error:
            self.tell(who, "reads", "nothing" if word(error) == "gave up" else word(error))

    def write(self, connected, who, data=REQUEST):
        try:
            connected.send(data)
            self.tell(who, "writes")
        except OSError as error:
            self.tell(who, "writes", word(error))

    def fill(self, connected):
        """Writes until the kernel takes no more."""
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # else megabytes
        connected.setblocking(False)
        try:
            while True:
                connected.send(b"d" * 65536)
        except BlockingIOError:
            connected.settimeout(20)

    def wait_for_socket_to_go(self, host, port):
        """Waits until the kernel of `host` has no TCP socket with this local port any more."""
        table = "tcp6" if self.v6 else "tcp"

        def is_gone():
            with host.inside(), open(f"/proc/thread-self/net/{table}", encoding="ascii") as file:
                return not any(line.split()[1].endswith(f":{port:04X}") for line in file.readlines()[1:])

        wait_until(is_gone, f"the end of port {port}")

    def wire(self, host=None):
        return forge.Wire(host or self.client)

    def serve_in_process(self, port, read_request):
        """A server program that accepts one connection, reads its request or not, and then waits to be killed.

        Returns (its process id, a function that waits for its next step).
        """
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                listener = self.listen(port)
                os.write(writing, b"l")
                accepted = self.accept(listener)
                if read_request:
                    receive(accepted, len(REQUEST))
                os.write(writing, b"a")
                signal.pause()
            finally:
                os._exit(1)
        os.close(writing)
        return child, lambda: os.read(reading, 1)
