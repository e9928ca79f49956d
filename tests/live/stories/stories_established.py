# SPDX-License-Identifier: Apache-2.0
"""Connections that had been made: processes that crash, firewalls that forget, hosts that restart."""

import os
import select
import subprocess
import sys
import textwrap

from lab.stage import REQUEST, RESPONSE, receive, vanish

from .programs import come_back_after
from .scene import CLOCK, RATE, SILENCE
from .story import story

# A process per connection, as inetd has it. When the file given is there, each one dies with its request half read.
CRASHING_SERVER = textwrap.dedent("""
    import os, signal, socketserver, sys
    address, port, poison, answer = sys.argv[1], int(sys.argv[2]), sys.argv[3], bytes.fromhex(sys.argv[4])

    class Request(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(10)
            if os.path.exists(poison):
                os.kill(os.getpid(), signal.SIGSEGV)
            self.request.recv(1000)
            self.request.sendall(answer)

    class Server(socketserver.ForkingTCPServer):
        allow_reuse_address, request_queue_size = True, 128

    with Server((address, port), Request) as server:
        print("listening", flush=True)
        server.serve_forever()
""")


@story("A process begins to crash whenever it is asked.", "crashes_on_request")
def process_crashes(scene):
    poison = f"{scene.directory}/poison"
    with scene.server.inside():
        server = subprocess.Popen([sys.executable, "-c", CRASHING_SERVER, scene.server_address, "8080", poison,
                                   RESPONSE.hex()], stdout=subprocess.PIPE)
    scene.check("the server listens", server.stdout.readline() == b"listening\n", server.poll())
    client = scene.call()
    scene.works(client)
    with open(poison, "w", encoding="ascii"):
        pass
    endpoint = f"{scene.server_address}:8080"
    scene.shows(8080, scene.first_failure(client))
    alert = scene.is_alerted("service", endpoint, "reset_without_response", client.failed, clients=1)
    scene.explains(endpoint, "crashes_on_request",
                   rf"{endpoint} \(http\) ends {RATE} connections per second of 1 client \({scene.client_address}\) after "
                   rf"the request, without an answer, since {CLOCK}; the process takes the request and dies of it, or "
                   rf"closes on purpose\. Read its log at {CLOCK}\.")
    os.remove(poison)
    scene.is_cleared(alert)


# More than tracking.gap (5 s by default), after which a reset from another distance is one of idleness.
IDLE = 6.5


@story("A stateful firewall forgets connections that are idle for three seconds, and resets what comes later.",
       "idle_timeout")
def firewall_forgets(scene):
    scene.serve()
    # What is invalid is rejected from the beginning; how long it remembers changes.
    scene.rules(f"{scene.to_server} tcp dport 8080 ct state invalid reject with tcp reset")
    scene.router.sysctl("net.netfilter.nf_conntrack_tcp_loose=0")
    client = scene.call(use=come_back_after(IDLE), every=0.4, timeout=20)
    scene.works(client, count=3)
    scene.router.sysctl("net.netfilter.nf_conntrack_tcp_timeout_established=3")
    endpoint = f"{scene.server_address}:8080"
    alert = scene.is_alerted("service", endpoint, "idle_reset", client.failed, clients=1)
    scene.explains(endpoint, "idle_timeout",
                   rf"{endpoint} \(http\) loses {RATE} idle connections per second of 1 client "
                   rf"\({scene.client_address}\) since {CLOCK}; they were reset when they were used again after {SILENCE} of "
                   r"silence: a device in the path, or the server, had forgotten them \(1 hop nearer than the server\)\. "
                   r"Send keepalives more often than that, or raise the idle timeout of the device\.")
    scene.router.sysctl("net.netfilter.nf_conntrack_tcp_timeout_established=600")
    scene.is_cleared(alert)


@story("A host restarts under forty connections that clients go on using.", "restarted", clients=2)
def host_restarts(scene):
    boots = [0]

    def answer_until_the_next_boot(connected):
        boot = boots[0]
        while boot == boots[0]:
            if select.select([connected], [], [], 0.1)[0]:
                receive(connected, len(REQUEST))
                connected.sendall(RESPONSE)
        vanish(connected)

    scene.serve(answer=answer_until_the_next_boot)
    clients = [scene.call(host=host, use=come_back_after(4.0), every=0.15, timeout=20) for host in scene.clients]
    scene.works(*clients, count=3)
    boots[0] += 1
    endpoint = f"{scene.server_address}:8080"
    alert = scene.is_alerted("service", endpoint, "peer_lost_state",
                             lambda: [call for client in clients for call in client.failed()], clients=2)
    scene.explains(endpoint, "restarted",
                   rf"{endpoint} \(http\) loses {RATE} connections per second of 2 clients \(.*\) since {CLOCK}; the host no longer knows connections that it had: it "
                   rf"restarted, or an address moved\. Ask why {scene.server_address} restarted at {CLOCK}, and let "
                   r"clients reconnect\.")
    scene.is_cleared(alert)
