# SPDX-License-Identifier: Apache-2.0
"""The programs that run in a story: services, and clients that call them again and again."""

import contextlib
import socket
import ssl
import threading
import time
from dataclasses import dataclass

from lab.stage import REQUEST, RESPONSE, receive, word


@dataclass
class Call:
    """What one call of a client program came to. Its first packet of importance lies between `began` and `ended`."""
    began: float  # seconds since the epoch
    ended: float = 0.0
    said: str = ""  # "ok", or what the program was told
    connected: bool = False


class Client:
    """Calls a service again and again, each time in a thread of its own, so that silence does not slow it down."""

    def __init__(self, host, target, every=0.3, timeout=2.0, use=None, first_port=None):
        self.calls, self.host, self.target = [], host, target
        self._every, self._timeout, self._use, self._stopped = every, timeout, use or speak_http, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopped.wait(self._every):
            threading.Thread(target=self._call, daemon=True).start()

    def _call(self):
        call = Call(time.time())
        try:
            with self.host.socket(socket.AF_INET, socket.SOCK_STREAM) as connected:
                connected.settimeout(self._timeout)
                connected.connect(self.target)
                call.connected = True
                self._use(connected, call)
            call.said = "ok"
        except (OSError, EOFError) as error:
            call.said = "end" if isinstance(error, EOFError) else word(error)
        call.ended = time.time()
        self.calls.append(call)

    def stop(self):
        self._stopped.set()

    def succeeded(self, after=0.0):
        return [each for each in list(self.calls) if each.said == "ok" and each.began > after]

    def failed(self, after=0.0):
        return [each for each in list(self.calls) if each.said != "ok" and each.began > after]


def speak_http(connected, _):
    connected.sendall(REQUEST)
    receive(connected, len(RESPONSE))


def speak_tls(name):
    """A use of a connection: a TLS handshake with the server's name, and a request."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def use(connected, call):
        with context.wrap_socket(connected, server_hostname=name) as secured:
            speak_http(secured, call)

    return use


def come_back_after(idle):
    """A use of a connection: a request, silence, and a second request, which is what the call is about."""

    def use(connected, call):
        speak_http(connected, call)
        time.sleep(idle)
        call.began = time.time()
        speak_http(connected, call)

    return use


class Service:
    """Listens, and answers each connection in a thread of its own."""

    def __init__(self, host, target, answer, backlog=128):
        self._host, self._target, self._answer, self._backlog = host, target, answer, backlog
        self._accepts = threading.Event()
        self.start()

    def start(self, accepts=True):
        self._listener = self._host.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(self._target)
        self._listener.listen(self._backlog)
        if accepts:
            self._accepts.set()
        threading.Thread(target=self._run, args=(self._listener,), daemon=True).start()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._listener.close()

    def hang(self):
        """It takes no more connections, though it listens; until resume()."""
        self._accepts.clear()

    def resume(self):
        self._accepts.set()

    def _run(self, listener):
        with contextlib.suppress(OSError):  # stopped
            while True:
                self._accepts.wait()
                accepted, _ = listener.accept()
                threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        with accepted, contextlib.suppress(OSError, EOFError):
            accepted.settimeout(60)
            self._answer(accepted)


def answer_http(connected):
    """Each request, until the client closes."""
    while True:
        receive(connected, len(REQUEST))
        connected.sendall(RESPONSE)


def answer_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(connected):
        with context.wrap_socket(connected, server_side=True) as secured:
            answer_http(secured)

    return answer
