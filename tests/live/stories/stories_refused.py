# SPDX-License-Identifier: Apache-2.0
"""Somebody says no: a closed port during a scan, a firewall, a device that looks into what is said."""

import re
import socket
import subprocess
import threading

import netlab
from lab import forge, topology
from lab.stage import WITH_DATA, wait_until

from .programs import answer_tls, speak_tls
from .scene import CLOCK, RATE
from .story import story

HISTORY = rf"it last accepted a connection at {CLOCK} and spoke (HTTP|TLS)"


@story("A firewall begins to reject a service with resets in its name.", "device_refuses client_fails")
def firewall_resets(scene):
    scene.serve()
    client = scene.call()
    scene.works(client)
    rules = scene.rules(f"{scene.to_server} tcp dport 8080 reject with tcp reset")
    scene.shows(8080, scene.first_failure(client), "refused")
    service = f"{scene.server_address}:8080"
    alert = scene.is_alerted("service", service, "refused_by_device", client.failed, clients=1)
    scene.explains(service, "device_refuses",
                   rf"{service} \(http\) refuses 1 client \({scene.client_address}\), {RATE} times per second since "
                   rf"{CLOCK}; a device in the path rejects in its name \(1 hop nearer than the server\); {HISTORY}\. "
                   r"Look at the firewall's rules, not at the server\.")
    scene.explains(scene.client_address, "client_fails",
                   rf"{scene.client_address} fails {RATE} times per second as a client, at 1 server, since {CLOCK}; "
                   rf"mostly refused_by_device\. Look at each of the services\.")
    rules.lift()
    scene.is_cleared(alert)


@story("A firewall begins to answer with ICMP: administratively prohibited.", "filter_forbids")
def firewall_prohibits(scene):
    scene.serve()
    client = scene.call()
    scene.works(client)
    rules = scene.rules(f"{scene.to_server} tcp dport 8080 reject with icmp type admin-prohibited")
    service = f"{scene.server_address}:8080"
    alert = scene.is_alerted("service", service, "icmp_rejected", client.failed, clients=1)
    scene.explains(service, "filter_forbids",
                   rf"{service} \(http\) is out of reach for 1 client \({scene.client_address}\), {RATE} attempts per "
                   rf"second since {CLOCK}; {re.escape(topology.ROUTER4['client'])} says: forbidden by a filter; "
                   rf"{HISTORY}\. Look at the filter rules of {re.escape(topology.ROUTER4['client'])}\.")
    rules.lift()
    scene.is_cleared(alert)


class Inspector:
    """An intrusion prevention in the router: resets both ends of a TLS connection whose hello names a forbidden host.

    It is in line: the hello itself does not get through, so that no answer can overtake the reset.
    """

    HOPS = 128  # its packets' time to live: of another stack than the server's

    def __init__(self, router, device, forbidden):
        self._router, self._forbidden, self.active = router, forbidden, threading.Event()
        with router.inside():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.bind((device, 3))
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        while True:
            frame = self._socket.recv(65536)
            if not self.active.is_set() or self._forbidden not in frame:
                continue
            for segment in netlab.dissect([(0, frame, len(frame))])[0]:
                self._cut(segment)

    def _cut(self, hello):
        client, server = (hello.source, hello.source_port), (hello.target, hello.target_port)
        forge.send(self._router,
                   forge.packet(server, client, hello.acknowledged, hello.next_sequence, forge.RST | forge.ACK,
                                hops=self.HOPS),
                   forge.packet(client, server, hello.next_sequence, 0, forge.RST, hops=self.HOPS))


@story("An intrusion prevention resets TLS connections right after the hello that names a host.", "device_resets")
def inspector_resets(scene):
    certificate = make_certificate(scene.directory, "shop.example")
    scene.serve(443, answer=answer_tls(certificate))
    inspector = Inspector(scene.router, "lan1", b"shop.example")
    client = scene.call(443, use=speak_tls("shop.example"), every=0.25)
    scene.works(client)
    rules = scene.rules(f"{scene.to_server} tcp dport 443 {WITH_DATA} drop")
    inspector.active.set()
    service = f"{scene.server_address}:443"
    alert = scene.is_alerted("service", service, "reset_by_device", client.failed, clients=1)
    scene.explains(service, "device_resets",
                   rf"{service} \(tls\) is cut off {RATE} times per second from 1 client \({scene.client_address}\) "
                   rf"since {CLOCK}; a device in the path resets connections after their first data \(1 hop nearer "
                   r"than the server\); clients ask there for SNI shop\.example\. Look at the rules of the intrusion "
                   r"prevention or the filter in the path\.")
    rules.lift()
    inspector.active.clear()
    scene.is_cleared(alert)


def make_certificate(directory, name):
    path = f"{directory}/{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "1",
                    "-keyout", path, "-out", f"{path}.certificate"], check=True, stderr=subprocess.DEVNULL)
    with open(path, "a", encoding="ascii") as both, open(f"{path}.certificate", encoding="ascii") as certificate:
        both.write(certificate.read())
    return path


@story("While a service is down somebody scans its host and the neighbours.", "nothing_listens", clients=2)
def scan_during_outage(scene):
    servers = scene.add_servers(4)
    service = scene.serve()
    client = scene.call()
    scene.works(client)
    service.stop()
    endpoint = f"{scene.server_address}:8080"
    scene.shows(8080, scene.first_failure(client), "refused")
    scanner = scene.clients[1]
    scanning = threading.Event()
    threading.Thread(target=scan, args=(scanner, servers, scanning), daemon=True).start()
    alert = scene.is_alerted("service", endpoint, "refused", client.failed, clients=1)
    wait_until(scanning.is_set, "the end of the scan", 60)
    pace = len(client.calls) / (client.calls[-1].began - client.calls[0].began)
    alert = scene.only_alert()
    scene.check("the scanner's attempts are not in the rate", alert["peak_per_second"] < 1.5 * pace, (alert, pace))
    scene.explains(endpoint, "nothing_listens",
                   rf"{endpoint} \(http\) refuses {RATE} connections per second from 1 client "
                   rf"\({scene.client_address}\) since {CLOCK}; nothing listens there; {HISTORY}\. Start it, or correct "
                   r"the port\.")
    found = scene.ask("explain", scanner.address_of(False))
    scene.check("the scanner is listed apart", found["scanner"] and found["scanner"]["failed"] > 100, found)
    scene.check("the poller is no scanner", scene.ask("explain", scene.client_address)["scanner"] is None, found)
    service.start()
    scene.is_cleared(alert)


def scan(host, servers, done):
    """As a port scanner does it that connects: every port, host after host; the service that is down, too."""
    for address in servers:
        for port in (*range(1, 60), 8080, *range(9000, 9040)):
            with host.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.settimeout(2)
                probe.connect_ex((address, port))
    done.set()


@story("Several services of one host refuse a little each: one alert, of the host.", "host_fails")
def host_refuses_here_and_there(scene):
    ports = range(8081, 8086)
    services = [scene.serve(port) for port in ports]
    clients = [scene.call(port, every=1.5) for port in ports]
    scene.works(*clients, count=2)
    for each in services:
        each.stop()
    alert = scene.is_alerted("host", scene.server_address, "refused",
                             lambda: [call for client in clients for call in client.failed()], clients=1)
    scene.explains(scene.server_address, "host_fails",
                   rf"{scene.server_address} fails {RATE} connections per second of 1 client \({scene.client_address}\) "
                   rf"since {CLOCK}; on 5 ports, mostly refused\. Look at each of its services\.")
    for each in services:
        each.start()
    scene.is_cleared(alert)


