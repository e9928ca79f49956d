# SPDX-License-Identifier: Apache-2.0
"""Nobody answers: a rule that drops, a host that is down, a process that does not accept, a network cut in two."""

import re

from lab import topology
from lab.stage import wait_until

from .scene import CLOCK, PATIENCE, RATE
from .story import story

HISTORY = rf"it last accepted a connection at {CLOCK} and spoke HTTP"
ROUTER = topology.ROUTER4["client"]


@story("A firewall begins to drop one client of three.", "dropped_for_some", clients=3)
def firewall_drops_one(scene):
    scene.serve()
    clients = [scene.call(host=each) for each in scene.clients]
    scene.works(*clients)
    shut_out = scene.clients[2].address_of(False)
    rules = scene.rules(f"ip saddr {shut_out} tcp dport 8080 drop")
    service = f"{scene.server_address}:8080"
    alert = scene.is_alerted("service", service, "unanswered", clients[2].failed, clients=1)
    scene.explains(service, "dropped_for_some",
                   rf"{service} \(http\) does not answer {RATE} connection attempts per second of 1 client "
                   rf"\({shut_out}\) since {CLOCK}; it is this client only: meanwhile 2 other clients got through, so "
                   rf"a filter drops their packets on the way, or the answers\. Look for a rule that drops packets of "
                   rf"{shut_out}, on the way and on {scene.server_address}\.")
    rules.lift()
    scene.is_cleared(alert)


PORTS = (8080, 8081, 8082)


def host_dies(scene, die, causes, finding):
    """Three services of a host that two clients call fall silent together."""
    for port in PORTS:
        scene.serve(port)
    clients = [scene.call(port, host=host) for port, host in zip(PORTS, scene.clients * 2)]
    scene.works(*clients)
    revive = die()
    alert = scene.is_alerted("host", scene.server_address, causes,
                             lambda: [call for client in clients for call in client.failed()], clients=2)
    who = rf"2 clients \({scene.client_address} and {scene.clients[1].address_of(False)}\)"
    scene.check("it explains the three services", alert["nested"] == [f"{scene.server_address}:{port}" for port in PORTS],
                alert)
    wait_until(lambda: finding in scene.ask("explain", scene.server_address)["diagnosis"]["sentence"], finding,
               PATIENCE)
    scene.explains(scene.server_address, "host_down",
                   rf"{scene.server_address} does not answer {RATE} connection attempts per second of {who} since "
                   rf"{CLOCK}; it is silent on 3 ports, to everybody: down, or cut off{re.escape(finding)}\. See whether "
                   rf"{scene.server_address} is up, and the route to it\.")
    known = scene.ask("explain", f"{scene.server_address}:8081")["diagnosis"]
    scene.check("the service does not contradict", known["rule"] in ("silent", "unreachable"), known)
    scene.check("and names its host", "3 ports of" in " ".join(known["evidence"]), known)
    revive()
    scene.is_cleared(alert)


@story("A host's link goes down; after a while the router says that it is unreachable.", "host_down", clients=2)
def host_down_says_router(scene):
    def die():
        scene.server.ip("link", "set", "eth0", "down")
        scene.router.ip("neigh", "flush", "to", scene.server_address)
        return lambda: scene.server.ip_batch("link set eth0 up",
                                             f"route add default via {topology.ROUTER4['server']}")

    # It takes the router as long to say so as it takes the appliance to call a SYN unanswered.
    host_dies(scene, die, ("unanswered", "icmp_rejected"), f"; {ROUTER} says: host unreachable")


@story("A host goes silent, and no router says a word.", "host_down", clients=2)
def host_down_silently(scene):
    host_dies(scene, lambda: scene.rules(f"{scene.to_server} drop").lift, ("unanswered",), "")


@story("A process no longer accepts, and its queue is short.", "accept_queue_full", clients=2)
def nobody_accepts(scene):
    service = scene.serve(backlog=1)
    scene.serve(8022)
    clients = [scene.call(host=host) for host in scene.clients]
    scene.works(*clients, scene.call(8022))
    service.hang()
    endpoint = f"{scene.server_address}:8080"
    # Whoever is still let into the queue is told nothing either, but has a connection.
    alert = scene.is_alerted("service", endpoint, "listen_overflow",
                             lambda: [call for client in clients for call in client.failed()], clients=2)
    scene.explains(endpoint, "accept_queue_full",
                   rf"{endpoint} \(http\) does not answer {RATE} connection attempts per second of 2 clients "
                   rf"\(\S+ and \S+\) since {CLOCK}; its accept queue is full: the kernel completes handshakes that the "
                   rf"process does not take; ({HISTORY}|it accepts others and spoke HTTP)\. See why the process does not "
                   r"accept, or raise its backlog and net\.core\.somaxconn\.")
    service.resume()
    scene.is_cleared(alert)


@story("The only service of a host falls silent: a full queue looks the same.", "queue_full_or_silent")
def lone_service_falls_silent(scene):
    scene.serve()
    client = scene.call()
    scene.works(client)
    rules = scene.rules(f"{scene.to_server} drop")
    endpoint = f"{scene.server_address}:8080"
    alert = scene.is_alerted("service", endpoint, "listen_overflow", client.failed, clients=1)
    scene.explains(endpoint, "queue_full_or_silent",
                   rf"{endpoint} \(http\) does not answer {RATE} connection attempts per second of 1 client "
                   rf"\({scene.client_address}\) since {CLOCK}; its accept queue is full, or the host has gone silent "
                   rf"altogether: nothing else of it is seen; {HISTORY}\. See whether {scene.server_address} is up; if it "
                   r"is, see why the process does not accept\.")
    rules.lift()
    scene.is_cleared(alert)


@story("One client of two is cut off from everything.", "client_cut_off", clients=2)
def client_cut_off(scene):
    servers = scene.add_servers(4)
    for each in servers:
        scene.serve(address=each)
    clients = [scene.call(address=each, host=host, every=0.6) for each in servers for host in scene.clients]
    scene.works(*clients, count=3)
    lost = scene.clients[1].address_of(False)
    rules = scene.rules(f"ip saddr {lost} drop")
    alert = scene.is_alerted("host", lost, "unanswered", lambda: [call for each in clients for call in each.failed()],
                             direction="outgoing")
    scene.explains(lost, "client_cut_off",
                   rf"{lost} reaches nobody: {RATE} of its connection attempts per second fail, to 4 servers, since "
                   rf"{CLOCK}; nothing comes back to it from anywhere, so the cause is near it\. Look at its own route, "
                   r"cable, VLAN and filter\.")
    rules.lift()
    scene.is_cleared(alert)


@story("Four hosts with two services each fall silent together.", "network_cut_off", clients=2, alone=True)
def network_cut(scene):
    servers = scene.add_servers(4)
    clients = []
    for address in servers:
        for port in (8080, 8081):
            scene.serve(port, address)
            clients.append(scene.call(port, address, host=scene.clients[port % 2], every=0.6))
    scene.works(*clients, count=3)
    rules = scene.rules(f"{scene.to_server} drop")
    alert = scene.is_alerted("network", "network", "unanswered",
                             lambda: [call for each in clients for call in each.failed()])
    scene.alert_says(alert, "network_cut_off",
                     rf"The network loses {RATE} connections per second since {CLOCK}; 4 hosts \(.*\) fell silent "
                     r"together, so the cause is what they share: a switch, a router, a link, a power supply\. Look at "
                     r"what these hosts share\.")
    rules.lift()
    scene.is_cleared(alert)


@story("Nine services refuse too little each for an alert.", "network_fails", alone=True)
def little_everywhere(scene):
    servers = scene.add_servers(9)
    services = [scene.serve(address=each) for each in servers]
    clients = [scene.call(address=each, every=2.0) for each in servers]
    scene.works(*clients, count=2)
    for each in services:
        each.stop()
    alert = scene.is_alerted("network", "network", "refused",
                             lambda: [call for client in clients for call in client.failed()])
    scene.alert_says(alert, "network_fails",
                     rf"The network fails {RATE} connections per second since {CLOCK}; many services fail a little each: "
                     r"9 services \(.*\)\. Look at what they have in common\.")
    for each in services:
        each.start()
    scene.is_cleared(alert)


@story("The mirror port falls silent.", "no_data", alone=True, settings=("alerts.no_data=4",))
def mirror_falls_silent(scene):
    scene.serve()
    client = scene.call()
    scene.works(client)
    scene.network.cut_mirror(scene.number)
    alert = scene.waits_for_alert()
    scene.check("it is no_data", (alert["scope"], alert["cause"]) == ("network", "no_data"), alert)
    scene.alert_says(alert, "no_data",
                     rf"The network delivers no packets since {CLOCK}; so nothing can be said of any connection\. See "
                     r"whether the mirror port is up, and its cable\.")
    scene.network.mirror_cases(scene.story.span, [scene.number])
    cleared = scene.waits_for_alert(lambda each: each["until"])
    scene.check("it is the same alert", cleared["id"] == alert["id"], cleared)
