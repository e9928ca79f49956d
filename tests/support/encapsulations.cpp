// SPDX-License-Identifier: Apache-2.0
#include "tests/support/encapsulations.h"

namespace rstwatch::test {
namespace {

using Packet = PacketBuilder&;

Packet over_ipv4(Packet p) {
    return p.ipv4("192.0.2.1", "192.0.2.2");
}
Packet over_ipv6(Packet p) {
    return p.ipv6("2001:db8:ffff::1", "2001:db8:ffff::2");
}
Packet over_udp(Packet p, std::uint16_t port) {
    return over_ipv4(p).udp(50000, port);
}

void add_tags(std::vector<Encapsulation>& all) {
    const auto add = [&](const char* name, std::function<void(Packet)> headers) {
        all.push_back({name, "", 0, std::move(headers)});
    };
    add("vlan", [](Packet p) { p.vlan(7); });
    add("qinq", [](Packet p) { p.qinq(7, 8); });
    add("security group", [](Packet p) { p.security_group(3); });
    add("vlan and security group", [](Packet p) { p.vlan(7).security_group(3); });
    add("security group and vlan", [](Packet p) { p.security_group(3).vlan(7); });
    add("vn-tag", [](Packet p) { p.vn_tag(); });
    add("vn-tag and vlan", [](Packet p) { p.vn_tag().vlan(7); });
    add("e-tag", [](Packet p) { p.e_tag(); });
    add("macsec", [](Packet p) { p.macsec(); });
    add("macsec with channel", [](Packet p) { p.macsec(0x20); });
    add("snap", [](Packet p) { p.snap(); });
}

void add_below_ip(std::vector<Encapsulation>& all) {
    const auto add = [&](const char* name, const char* tunnel, std::uint32_t id, std::function<void(Packet)> headers) {
        all.push_back({name, tunnel, id, std::move(headers)});
    };
    add("mpls", "mpls", 16, [](Packet p) { p.mpls(16); });
    add("mpls stack", "mpls", 1048575, [](Packet p) { p.mpls(16).mpls(17).mpls(1048575); });
    add("vlan and mpls", "mpls", 16, [](Packet p) { p.vlan(7).mpls(16); });
    add("pseudowire", "mpls", 16, [](Packet p) { p.mpls(16).pseudowire().ethernet(); });
    add("pseudowire without control word", "mpls", 16, [](Packet p) { p.mpls(16).ethernet(); });
    add("pseudowire with vlan", "mpls", 16, [](Packet p) { p.mpls(16).pseudowire().ethernet().vlan(7); });
    add("pseudowire to 48:...", "mpls", 16, [](Packet p) {
        p.mpls(16).ethernet({2, 0, 0, 0, 0, 1}, {0x48, 1, 2, 3, 4, 5});
    });
    add("pppoe", "pppoe", 513, [](Packet p) { p.pppoe(513); });
    add("pppoe in qinq", "pppoe", 513, [](Packet p) { p.qinq(7, 8).pppoe(513); });
    add("pppoe with mpls", "mpls", 16, [](Packet p) { p.pppoe(513).mpls(16); });
    add("pbb", "pbb", 0xABCDEF, [](Packet p) { p.vlan(9, 0, 0x88A8).provider_backbone(0xABCDEF).ethernet(); });
    add("pbb with vlan", "pbb", 5, [](Packet p) { p.provider_backbone(5).ethernet().vlan(7); });
    add("fabricpath", "fabricpath", 0, [](Packet p) { p.fabric_path().ethernet().vlan(7); });
}

void add_over_ip(std::vector<Encapsulation>& all) {
    const auto add = [&](const char* name, const char* tunnel, std::uint32_t id, std::function<void(Packet)> headers) {
        all.push_back({name, tunnel, id, std::move(headers)});
    };
    add("gre", "gre", 0, [](Packet p) { over_ipv4(p).gre(); });
    add("gre with key", "gre", 42, [](Packet p) { over_ipv4(p).gre(42); });
    add("gre over ipv6", "gre", 42, [](Packet p) { over_ipv6(p).gre(42); });
    add("teb", "gre", 42, [](Packet p) { over_ipv4(p).gre(42).ethernet(); });
    add("teb with vlan", "gre", 42, [](Packet p) { over_ipv4(p).gre(42).ethernet().vlan(7); });
    add("gre with mpls", "mpls", 16, [](Packet p) { over_ipv4(p).gre().mpls(16); });
    add("pptp", "pptp", 99, [](Packet p) { over_ipv4(p).pptp(99); });
    add("pptp with acknowledgement", "pptp", 99, [](Packet p) { over_ipv4(p).pptp(99, true); });
    add("erspan i", "erspan", 0, [](Packet p) { over_ipv4(p).erspan_i().ethernet(); });
    add("erspan ii", "erspan", 3, [](Packet p) { over_ipv4(p).erspan(3).ethernet(); });
    add("erspan iii", "erspan", 1023, [](Packet p) { over_ipv4(p).erspan_iii(1023).ethernet(); });
    add("erspan iii with subheader", "erspan", 3, [](Packet p) { over_ipv4(p).erspan_iii(3, true).ethernet(); });
    add("erspan iii with bare ip", "erspan", 3, [](Packet p) { over_ipv4(p).erspan_iii(3); });
    add("mpls over ip", "mpls", 16, [](Packet p) { over_ipv4(p).mpls(16); });
    add("l2tp over ip", "l2tp", 77, [](Packet p) { over_ipv4(p).l2tp_over_ip(77).ethernet(); });
    add("l2tp over ip with cookie", "l2tp", 77, [](Packet p) { over_ipv4(p).l2tp_over_ip(77, 12).ethernet(); });
    all.push_back({"ipip", "ipip", 0, [](Packet p) { over_ipv4(p); }, true, false});
    all.push_back({"ah tunnel", "ipip", 0, [](Packet p) { over_ipv4(p).authentication_header(); }, true, false});
    all.push_back({"6in4", "6in4", 0, [](Packet p) { over_ipv4(p); }, false, true});
    all.push_back({"4in6", "4in6", 0, [](Packet p) { over_ipv6(p).destination_options(); }, true, false});
    all.push_back({"6in6", "6in6", 0, [](Packet p) { over_ipv6(p); }, false, true});
}

void add_over_udp(std::vector<Encapsulation>& all) {
    const auto add = [&](const char* name, const char* tunnel, std::uint32_t id, std::function<void(Packet)> headers) {
        all.push_back({name, tunnel, id, std::move(headers)});
    };
    add("vxlan", "vxlan", 5, [](Packet p) { over_udp(p, 4789).vxlan(5).ethernet(); });
    add("vxlan on 8472", "vxlan", 0xFFFFFF, [](Packet p) { over_udp(p, 8472).vxlan(0xFFFFFF).ethernet(); });
    add("vxlan over ipv6 with vlan", "vxlan", 5,
        [](Packet p) { over_ipv6(p).udp(50000, 4789).vxlan(5).ethernet().vlan(7); });
    add("vxlan-gpe", "vxlan-gpe", 5, [](Packet p) { over_udp(p, 4790).vxlan_gpe(5); });
    add("vxlan-gpe with frame", "vxlan-gpe", 5, [](Packet p) { over_udp(p, 4790).vxlan_gpe(5).ethernet(); });
    add("vxlan-gpe with mpls", "mpls", 16, [](Packet p) { over_udp(p, 4790).vxlan_gpe(5).mpls(16); });
    add("geneve", "geneve", 5, [](Packet p) { over_udp(p, 6081).geneve(5).ethernet(); });
    add("geneve with options", "geneve", 5, [](Packet p) { over_udp(p, 6081).geneve(5, Bytes(20, 1)).ethernet(); });
    add("geneve with bare ip", "geneve", 5, [](Packet p) { over_udp(p, 6081).geneve(5); });
    add("gtp-u", "gtp-u", 0x89ABCDEF, [](Packet p) { over_udp(p, 2152).gtp_u(0x89ABCDEF); });
    add("gtp-u with extension", "gtp-u", 1, [](Packet p) { over_udp(p, 2152).gtp_u(1, 1); });
    add("gtp-u with extensions", "gtp-u", 1, [](Packet p) { over_udp(p, 2152).gtp_u(1, 3); });
    add("gtp-u answer", "gtp-u", 1, [](Packet p) { over_ipv4(p).udp(2152, 50000).gtp_u(1); });
    add("l2tp", "l2tp", 0x00120034, [](Packet p) { over_udp(p, 1701).l2tp(0x12, 0x34).ppp(); });
    add("l2tp with all fields", "l2tp", 0x00120034,
        [](Packet p) { over_udp(p, 1701).l2tp(0x12, 0x34, true).ppp(true); });
    add("l2tp with compressed protocol", "l2tp", 0x00120034,
        [](Packet p) { over_udp(p, 1701).l2tp(0x12, 0x34).ppp(false, true); });
    add("ayiya", "ayiya", 0, [](Packet p) { over_udp(p, 5072).ayiya(); });
    const auto add_teredo = [&](const char* name, std::function<void(Packet)> headers) {
        all.push_back({name, "teredo", 0, std::move(headers), false, true});
    };
    add_teredo("teredo", [](Packet p) { over_udp(p, 3544).teredo(); });
    add_teredo("teredo answer", [](Packet p) { over_ipv4(p).udp(3544, 50000).teredo(false, true); });
    add_teredo("teredo with indications", [](Packet p) { over_udp(p, 3544).teredo(true, true); });
}

void add_nested(std::vector<Encapsulation>& all) {
    const auto add = [&](const char* name, const char* tunnel, std::uint32_t id, std::function<void(Packet)> headers) {
        all.push_back({name, tunnel, id, std::move(headers)});
    };
    add("gre in vxlan in mpls", "gre", 1,
        [](Packet p) { over_ipv6(over_udp(p.mpls(16), 4789).vxlan(5).ethernet().vlan(7)).gre(1); });
    add("gtp-u in 4in6 in pppoe", "gtp-u", 1, [](Packet p) { over_udp(over_ipv6(p.pppoe(1)), 2152).gtp_u(1); });
    add("ppp in l2tp in gre", "l2tp", 0x10001, [](Packet p) { over_udp(over_ipv4(p).gre(), 1701).l2tp(1, 1).ppp(); });
    add("geneve in ah", "geneve", 5,
        [](Packet p) { over_ipv4(p).authentication_header().udp(50000, 6081).geneve(5).ethernet(); });
}

std::vector<Encapsulation> make_all() {
    std::vector<Encapsulation> all;
    add_tags(all);
    add_below_ip(all);
    add_over_ip(all);
    add_over_udp(all);
    add_nested(all);
    return all;
}

}  // namespace

const std::vector<Encapsulation>& all_encapsulations() {
    static const std::vector<Encapsulation> all = make_all();
    return all;
}

}  // namespace rstwatch::test
