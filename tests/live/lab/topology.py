# SPDX-License-Identifier: Apache-2.0
"""The network of the lab: every case has clients and a server of its own, and shares the switch and the router.

    clients ── br0 ─ near══far ─ br1 ── router with nft ── br2 ── servers        10.30.CASE.*, 2001:db8:30::CASE:*
               switch   │                                                        10.40.CASE.*, 2001:db8:40::CASE:*
                        └─ SPAN ports: both directions once, one direction only, everything twice

A namespace per host costs some ten milliseconds, and makes the kernel's counters those of one case.
"""

import ipaddress
import socket

import netlab

ROUTER4 = {"client": "10.30.255.254", "server": "10.40.255.254"}
ROUTER6 = {"client": "2001:db8:30::ffff:1", "server": "2001:db8:40::ffff:1"}
LAN = {"client": 30, "server": 40}
BRIDGE = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
WITHOUT_IPV6 = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")

# Monitor ports, and what is mirrored to them: (device, its direction). What leaves `near` arrives at `far`: to mirror
# both is what a SPAN session over two ports of one path does.
SPANS = {
    "span": (("near", "ingress"), ("near", "egress")),
    "requests": (("near", "egress"),),
    "answers": (("near", "ingress"),),
    "doubled": (("near", "ingress"), ("near", "egress"), ("far", "ingress"), ("far", "egress")),
}

# What an appliance has to know of a SPAN port. The kernel mirrors a packet where it is received and where it is sent, and
# may do something else in between for longer than a switch would.
SPAN_SETTINGS = {"doubled": ("tracking.duplicate_window=0.05", "tracking.duplicate_window_without_id=0.05")}


def address(lan, case, host=1, v6=False):
    """The address of a host: 1 to 9 exist, 99 never does, from 100 on they are aliases of the first client."""
    return f"2001:db8:{LAN[lan]}::{case:x}:{host:x}" if v6 else f"10.{LAN[lan]}.{case}.{host}"


def case_of(text):
    """The case that an address belongs to."""
    found = ipaddress.ip_address(text)
    return int(found) >> 16 & 0xFFFF if found.version == 6 else int(found) >> 8 & 0xFF


class Host(netlab.Namespace):
    """A client or server with an IPv4 and an IPv6 address on eth0."""

    def __init__(self, prefix, lan, case, number):
        super().__init__(prefix, f"{lan[0]}{case}.{number}")
        self.case, self.number, self.lan = case, number, lan

    def plug_into(self, switch, bridge):
        switch.ip_batch(f"link add {self.label} type veth peer name eth0 netns {self.name}",
                        f"link set {self.label} master {bridge} up")
        self.without_offloads("eth0")
        self.ip_batch("link set eth0 up", f"addr add {self.address_of(False)}/16 dev eth0",
                      f"addr add {self.address_of(True)}/64 dev eth0 nodad",
                      f"route add default via {ROUTER4[self.lan]}", f"route add default via {ROUTER6[self.lan]}")
        return self

    def address_of(self, v6):
        return address(self.lan, self.case, self.number, v6)

    def socket(self, *arguments):
        with self.inside():
            return socket.socket(*arguments)


class Network:
    """Switch, router and monitor; add_client() and add_server() plug hosts in."""

    def __init__(self, prefix, spans=tuple(SPANS)):
        self.prefix, self.spans, self._all = prefix, spans, []
        try:
            self._build()
        except BaseException:
            self.remove()
            raise

    def _add(self, made):
        self._all.append(made)
        return made

    def _build(self):
        self.switch, self.monitor, self.router = (self._add(netlab.Namespace(self.prefix, name))
                                                  for name in ("switch", "monitor", "router"))
        for each in (self.switch, self.monitor):  # no packet of their own on a wire or a SPAN port
            each.sysctl(*WITHOUT_IPV6)
        netlab.veth(self.switch, "near", self.switch, "far")
        netlab.veth(self.switch, "uplink", self.router, "lan1")
        self.switch.ip_batch(f"link add br0 {BRIDGE}", f"link add br1 {BRIDGE}", "link set br0 up", "link set br1 up",
                             "link set near master br0", "link set far master br1", "link set uplink master br1")
        self.router.ip_batch(f"link add br2 {BRIDGE}", "link set br2 up")
        for each in ("near", "far", "uplink"):
            self.switch.up(each)
        self.router.up("lan1")
        for lan, device in (("client", "lan1"), ("server", "br2")):
            self.router.address(device, f"{ROUTER4[lan]}/16", f"{ROUTER6[lan]}/64")
        self.router.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for span in self.spans:
            netlab.veth(self.switch, span, self.monitor, span)
            for end in (self.switch, self.monitor):
                end.up(span)

    def add_client(self, case, number):
        return self._add(Host(self.prefix, "client", case, number)).plug_into(self.switch, "br0")

    def add_server(self, case):
        return self._add(Host(self.prefix, "server", case, 1)).plug_into(self.router, "br2")

    def mirror(self):
        """From now on the SPAN ports carry what the switch does; before, nothing at all."""
        targets = {}
        for span, sources in SPANS.items():
            for source in sources:
                targets.setdefault(source, []).append(span)
        for device in ("near", "far"):
            self.switch.execute("tc", "qdisc", "add", "dev", device, "clsact")
        for (device, direction), spans in targets.items():
            actions = " ".join(f"action mirred egress mirror dev {span}" for span in spans)
            self.switch.execute("tc", "filter", "add", "dev", device, direction, "protocol", "all", "u32", "match",
                                "u32", "0", "0", *actions.split())

    def mirror_cases(self, span, cases):
        """From now on a SPAN port carries the IPv4 packets of some cases alone, both directions once."""
        self.switch.execute("tc", "qdisc", "replace", "dev", "near", "clsact")
        for each in cases:
            for direction, end in (("egress", "src"), ("ingress", "dst")):
                self.switch.execute("tc", "filter", "add", "dev", "near", direction, "pref", str(each), "protocol", "ip",
                                    "u32", "match", "ip", end, f"{address('client', each, 0)}/24", "action", "mirred",
                                    "egress", "mirror", "dev", span)

    def cut_mirror(self, case):
        """Takes back what mirror_cases() did for one case."""
        for direction in ("egress", "ingress"):
            self.switch.execute("tc", "filter", "del", "dev", "near", direction, "pref", str(case))

    def remove(self):
        for each in self._all:
            each.remove()
