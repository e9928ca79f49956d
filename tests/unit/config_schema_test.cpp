// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/consistency.h"
#include "config/diagnostic.h"
#include "config/suggest.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

// Stores a value in a setting of otherwise default settings and gives back what was said about it.
std::string complaint(std::string_view name, const Value& value) {
    Settings settings;
    return store(settings, *find_setting(name), value).value_or("");
}

TEST(Schema, NamesAreUniqueAndInKnownSections) {
    std::set<std::string_view> names;
    for (const Setting& setting : all_settings()) {
        EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
        EXPECT_TRUE(is_section(setting.section())) << setting.name;
        EXPECT_EQ(std::string(setting.section()) + '.' + std::string(setting.key()), setting.name);
        EXPECT_EQ(find_setting(setting.name), &setting);
    }
    EXPECT_EQ(find_setting("rx"), nullptr);
    EXPECT_EQ(find_setting("rx.nothing"), nullptr);
    EXPECT_FALSE(is_section("port")) << "[[port]] is a list of tables, not a section";
}

TEST(Schema, EverySectionHasItsSettingsBesideEachOther) {
    std::vector<std::string_view> order;
    for (const Setting& setting : all_settings())
        if (order.empty() || order.back() != setting.section()) order.push_back(setting.section());
    std::vector<std::string_view> sections;
    for (const Section& section : all_sections()) sections.push_back(section.name);
    EXPECT_EQ(order, sections);
}

TEST(Schema, HelpIsOneLineWithoutFullStopAndDetailsAreSentences) {
    for (const Setting& setting : all_settings()) {
        EXPECT_FALSE(setting.help.empty()) << setting.name;
        EXPECT_EQ(setting.help.find('\n'), std::string_view::npos) << setting.name;
        EXPECT_FALSE(setting.help.ends_with('.')) << setting.name;
        EXPECT_TRUE(setting.details.empty() || setting.details.ends_with('.')) << setting.name;
    }
}

TEST(Schema, EveryFieldIsReadWhereItIsWritten) {
    for (const Setting& setting : all_settings()) {
        Settings settings;
        std::visit(
            [&](const auto& kind) {
                auto& field = kind.field.edit(settings);
                EXPECT_EQ(&field, &kind.field.read(settings)) << setting.name;
            },
            setting.kind);
    }
}

TEST(Schema, NoTwoSettingsShareAField) {
    Settings settings;
    std::set<const void*> fields;
    for (const Setting& setting : all_settings())
        std::visit([&](const auto& kind) { fields.insert(&kind.field.read(settings)); }, setting.kind);
    EXPECT_EQ(fields.size(), all_settings().size());
}

TEST(Schema, EveryDefaultIsAllowedAndDefaultsFitTogether) {
    for (const Setting& setting : all_settings())
        EXPECT_EQ(complaint(setting.name, value_of(Settings{}, setting)), "") << setting.name;
    EXPECT_TRUE(conflicts(Settings{}).empty());
}

struct Bounds {
    std::string_view name;
    std::int64_t min;
    std::int64_t max;
};

class IntegerBounds : public testing::TestWithParam<Bounds> {};

TEST_P(IntegerBounds, AreTheFirstAndLastThatAreAllowed) {
    const auto [name, min, max] = GetParam();
    EXPECT_EQ(complaint(name, min), "");
    EXPECT_EQ(complaint(name, max), "");
    for (const auto outside : {min - 1, max + 1, std::numeric_limits<std::int64_t>::min()})
        EXPECT_EQ(complaint(name, outside),
                  std::to_string(outside) + " is out of range; give " + limits(*find_setting(name)));
}

INSTANTIATE_TEST_SUITE_P(
    Schema, IntegerBounds,
    testing::Values(Bounds{"rx.queues", 1, 64}, Bounds{"rx.burst", 1, 64}, Bounds{"rx.memory_mib", 64, 1048576},
                    Bounds{"rx.mbufs", 512, 4194304}, Bounds{"rx.descriptors", 64, 32768},
                    Bounds{"rx.forward_ring", 64, 65536}, Bounds{"rx.datagrams", 16, 65536},
                    Bounds{"tracking.connections", 1024, 268435456}, Bounds{"tally.banks", 2, 64},
                    Bounds{"tally.destinations", 16, 16777216}, Bounds{"tally.clients", 16, 16777216},
                    Bounds{"tally.records", 16, 16777216}, Bounds{"registry.destinations", 16, 16777216},
                    Bounds{"registry.clients", 16, 16777216}, Bounds{"registry.sketches", 16, 16777216},
                    Bounds{"window.seconds", 10, 3600}, Bounds{"window.rows", 1000, 100000000},
                    Bounds{"http.connections", 1, 65536}, Bounds{"http.connections_per_address", 1, 65536}));

TEST(Schema, EveryBurstFromOneToSixtyFourIsAllowed) {
    for (std::int64_t burst = 1; burst <= 64; ++burst) EXPECT_EQ(complaint("rx.burst", burst), "") << burst;
}

TEST(Schema, DeadlinesFitTheirRing) {
    for (const Setting& setting : all_settings()) {
        if (setting.section() != "deadline") continue;
        const auto& kind = std::get<Seconds>(setting.kind);
        EXPECT_GT(kind.min, 0) << setting.name;
        EXPECT_LE(kind.max, 200) << setting.name;
    }
}

struct Judged {
    std::string_view name;
    Value value;
    std::string complaint;
};

class Judgement : public testing::TestWithParam<Judged> {};

TEST_P(Judgement, NamesValueLimitAndRemedy) {
    EXPECT_EQ(complaint(GetParam().name, GetParam().value), GetParam().complaint);
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
const std::string network_remedy =
    "; give networks with commas between them such as 10.0.0.0/8,2001:db8::/32, or \"\" for none";
const std::string listen_remedy =
    "; give a loopback ADDRESS:PORT such as 127.0.0.1:8074 or [::1]:8074 (and reach it from elsewhere through ssh or a "
    "TLS proxy), or \"\" for none";
const std::string no_protection = " is not a loopback address, and there is no TLS or token";
const std::string socket_remedy = "; give the path of a Unix socket, \"\" for the usual place, or \"off\" for none";

INSTANTIATE_TEST_SUITE_P(
    Schema, Judgement,
    testing::Values(
        Judged{"rx.queues", 2.0, "2 is a float; give an integer from 1 to 64"},
        Judged{"rx.queues", true, "true is a boolean; give an integer from 1 to 64"},
        Judged{"rx.queues", std::string("two"), "\"two\" is a string; give an integer from 1 to 64"},
        Judged{"rx.queues", Unsuitable{"an array"}, "this is an array; give an integer from 1 to 64"},
        Judged{"rx.forward_ring", std::int64_t{128}, ""},
        Judged{"rx.forward_ring", std::int64_t{100},
               "100 is not a power of two; give a power of two from 64 to 65536, such as 128"},
        Judged{"deadline.unanswered", std::int64_t{75}, ""}, Judged{"deadline.unanswered", 74.5, ""},
        Judged{"deadline.unanswered", std::int64_t{0}, "0 is out of range; give seconds from 0.001 to 200"},
        Judged{"deadline.unanswered", 200.5, "200.5 is out of range; give seconds from 0.001 to 200"},
        Judged{"deadline.unanswered", not_a_number, "nan is out of range; give seconds from 0.001 to 200"},
        Judged{"deadline.unanswered", infinity, "inf is out of range; give seconds from 0.001 to 200"},
        Judged{"deadline.unanswered", std::string("75"), "\"75\" is a string; give seconds from 0.001 to 200"},
        Judged{"alerts.mode", std::string("both"), ""},
        Judged{"alerts.mode", std::string("learned"),
               "\"learned\" is not among the choices; give \"fixed\", \"baseline\" or \"both\""},
        Judged{"alerts.warn", 0.5, ""},
        Judged{"alerts.warn", std::int64_t{0}, "0 is out of range; give a number from 0.1 to 10000"},
        Judged{"alerts.share", 1.1, "1.1 is out of range; give a number from 0 to 1"},
        Judged{"alerts.share", std::string("half"), "\"half\" is a string; give a number from 0 to 1"},
        Judged{"networks.home", std::string(""), ""},
        Judged{"networks.home", std::string("10.0.0.0/8, 2001:db8::/32,192.0.2.1"), ""},
        Judged{"networks.home", std::string("10.0.0.0/33"),
               "\"10.0.0.0/33\" has \"10.0.0.0/33\", which is no network" + network_remedy},
        Judged{"networks.home", std::string("10.0.0.0/8,here"),
               "\"10.0.0.0/8,here\" has \"here\", which is no network" + network_remedy},
        Judged{"networks.home", std::string("10.0.0.0/8,"), "\"10.0.0.0/8,\" ends with a comma" + network_remedy},
        Judged{"rx.idle", std::string("poll"), ""},
        Judged{"rx.idle", std::string("adaptve"),
               "\"adaptve\" is not among the choices; give \"poll\" or \"adaptive\"; did you mean \"adaptive\"?"},
        Judged{"rx.idle", std::string("busy"), "\"busy\" is not among the choices; give \"poll\" or \"adaptive\""},
        Judged{"rx.idle", true, "true is a boolean; give \"poll\" or \"adaptive\""},
        Judged{"log.level", std::string("INFO\n"),
               "\"INFO\\u000a\" is not among the choices; give \"trace\", \"debug\", \"info\", \"warn\" or \"error\""},
        Judged{"sensor.name", std::string("edge 7"), ""},
        Judged{"sensor.name", std::string("a\tb"),
               "\"a\\u0009b\" contains a control character; give a name of at most 253 bytes, or \"\" for the host's "
               "name"},
        Judged{"sensor.name", std::string(254, 'x'),
               '"' + std::string(80, 'x') +
                   "\"... is 254 bytes long, and at most 253 are possible; give a name of at "
                   "most 253 bytes, or \"\" for the host's name"},
        Judged{"http.listen", std::string(""), ""}, Judged{"http.listen", std::string("127.0.0.1:8074"), ""},
        Judged{"http.listen", std::string("127.9.8.7:1"), ""}, Judged{"http.listen", std::string("[::1]:8074"), ""},
        Judged{"http.listen", std::string("127.0.0.1:0"), ""},
        Judged{"http.listen", std::string("0.0.0.0:8074"), "\"0.0.0.0:8074\"" + no_protection + listen_remedy},
        Judged{"http.listen", std::string("[::]:8074"), "\"[::]:8074\"" + no_protection + listen_remedy},
        Judged{"http.listen", std::string("::1:8074"),
               "\"::1:8074\" has an IPv6 address without brackets" + listen_remedy},
        Judged{"http.listen", std::string("127.0.0.1"), "\"127.0.0.1\" has no port" + listen_remedy},
        Judged{"http.listen", std::string("127.0.0.1:"), "\"127.0.0.1:\" has no port from 0 to 65535" + listen_remedy},
        Judged{"http.listen", std::string("127.0.0.1:65536"),
               "\"127.0.0.1:65536\" has no port from 0 to 65535" + listen_remedy},
        Judged{"http.listen", std::string("127.0.0.1:80x"),
               "\"127.0.0.1:80x\" has no port from 0 to 65535" + listen_remedy},
        Judged{"http.listen", std::string("localhost:8074"),
               "\"localhost:8074\" does not begin with an IP address" + listen_remedy},
        Judged{"http.listen", std::string(":8074"), "\":8074\" does not begin with an IP address" + listen_remedy},
        Judged{"http.listen", std::string("[]:8074"), "\"[]:8074\" does not begin with an IP address" + listen_remedy},
        Judged{"http.listen", std::string("127.0.0.1\0:80", 13),
               "\"127.0.0.1\\u0000:80\" contains a control character" + listen_remedy},
        Judged{"http.socket", std::string("off"), ""}, Judged{"http.socket", std::string(107, 's'), ""},
        Judged{"http.socket", std::string(108, 's'),
               '"' + std::string(80, 's') + "\"... is 108 bytes long, and at most 107 are possible" + socket_remedy}));

TEST(Schema, AWrongValueLeavesTheSettingAlone) {
    Settings settings;
    settings.rx.queues = 7;
    EXPECT_TRUE(store(settings, *find_setting("rx.queues"), std::int64_t{65}).has_value());
    EXPECT_EQ(settings.rx.queues, 7);
}

TEST(Schema, ALongTextIsCutBetweenCharacters) {
    std::string text(79, 'x');
    text += "\xc3\xa9 and more";
    EXPECT_EQ(shown(text), '"' + std::string(79, 'x') + "\"...");
}

struct JudgedPort {
    std::string_view member;
    std::string value;
    std::string complaint;
};

class PortJudgement : public testing::TestWithParam<JudgedPort> {};

TEST_P(PortJudgement, NamesValueLimitAndRemedy) {
    Port port;
    const PortMember& member = *find_port_member(GetParam().member);
    EXPECT_EQ(store(port, member, GetParam().value).value_or(""), GetParam().complaint);
    EXPECT_EQ(port.*member.member, GetParam().complaint.empty() ? GetParam().value : "");
}

const std::string pci_remedy = "; give a PCI address such as 0000:3b:00.0 (lspci -D lists them)";
const std::string interface_remedy = "; give the name of a network interface such as eth1 (ip link lists them)";

INSTANTIATE_TEST_SUITE_P(
    Schema, PortJudgement,
    testing::Values(
        JudgedPort{"pci", "0000:3b:00.0", ""}, JudgedPort{"pci", "3b:00.7", ""},
        JudgedPort{"pci", "", "\"\" is empty" + pci_remedy},
        JudgedPort{"pci", "0000:3b:00.8", "\"0000:3b:00.8\" is not a PCI address" + pci_remedy},
        JudgedPort{"pci", "0000.3b:00.0", "\"0000.3b:00.0\" is not a PCI address" + pci_remedy},
        JudgedPort{"pci", "eth1", "\"eth1\" is not a PCI address" + pci_remedy},
        JudgedPort{"pci", "3b:00.0 ", "\"3b:00.0 \" is not a PCI address" + pci_remedy},
        JudgedPort{"interface", "lo", ""}, JudgedPort{"interface", "eth1.100", ""},
        JudgedPort{"interface", "abcdefghijklmno", ""},
        JudgedPort{"interface", "abcdefghijklmnop",
                   "\"abcdefghijklmnop\" is 16 bytes long, and at most 15 are possible" + interface_remedy},
        JudgedPort{"interface", "eth1,eth2", "\"eth1,eth2\" is not the name of a network interface" + interface_remedy},
        JudgedPort{"interface", "", "\"\" is empty" + interface_remedy}, JudgedPort{"capture", "-", ""},
        JudgedPort{"capture", "/var/tmp/a, b.pcap", ""},
        JudgedPort{"capture", "", "\"\" is empty; give the path of a capture file, or \"-\" for standard input"},
        JudgedPort{"vdev", "net_pcap0,rx_pcap=/tmp/x.pcap", ""},
        JudgedPort{"vdev", "", "\"\" is empty; give a DPDK device string such as net_pcap0,rx_pcap=/tmp/x.pcap"}));

TEST(Schema, ExamplesOfPortsAreAllowed) {
    for (const PortMember& member : port_members()) {
        Port port;
        EXPECT_EQ(store(port, member, std::string(member.example)), std::nullopt) << member.name;
    }
}

struct Unfit {
    std::string_view case_name;
    void (*edit)(Settings&);
    std::vector<std::string> messages;
};

class Together : public testing::TestWithParam<Unfit> {};

TEST_P(Together, IsJudged) {
    Settings settings;
    GetParam().edit(settings);
    std::vector<std::string> messages;
    for (const auto& conflict : conflicts(settings)) messages.push_back(conflict.message);
    EXPECT_EQ(messages, GetParam().messages) << GetParam().case_name;
}

INSTANTIATE_TEST_SUITE_P(
    Schema, Together,
    testing::Values(
        Unfit{
            "equal", [](Settings& s) { s.deadline.provisional = s.deadline.unanswered = s.deadline.syn_ack = 60; }, {}},
        Unfit{
            "levels",
            [](Settings& s) { s.alerts.error = 0.5; },
            {"alerts.warn: 1 per second is more than the 0.5 of alerts.error, but levels rise; lower the one or raise "
             "the other"}},
        Unfit{
            "deviations",
            [](Settings& s) { s.baseline.error = 20; },
            {"baseline.error: 20 standard deviations is more than the 16 of baseline.critical, but levels rise; lower "
             "the one or raise the other"}},
        Unfit{"provisional",
              [](Settings& s) { s.deadline.provisional = 70; },
              {"deadline.provisional: 70 s is more than the 64 s of deadline.syn_ack, but the first verdict comes "
               "before the final one; lower the one or raise the other"}},
        Unfit{"both",
              [](Settings& s) { s.deadline.provisional = 80; },
              {"deadline.provisional: 80 s is more than the 75 s of deadline.unanswered, but the first verdict comes "
               "before the final one; lower the one or raise the other",
               "deadline.provisional: 80 s is more than the 64 s of deadline.syn_ack, but the first verdict comes "
               "before the final one; lower the one or raise the other"}},
        Unfit{"early_answer",
              [](Settings& s) {
                  s.deadline.early_answer = 0.5;
                  s.deadline.provisional = 0.25;
              },
              {"deadline.early_answer: 0.5 s is more than the 0.25 s of deadline.provisional, but an answer that is "
               "held for its SYN must not outlast the first verdict; lower the one or raise the other"}},
        Unfit{"one port for two tunnels",
              [](Settings& s) { s.tunnel.geneve_ports = "6081, 4789"; },
              {"tunnel.geneve_ports: port 4789 is in tunnel.vxlan_ports already; name it once"}},
        Unfit{"one port twice",
              [](Settings& s) { s.tunnel.teredo_ports = "1,1"; },
              {"tunnel.teredo_ports: port 1 is in tunnel.teredo_ports already; name it once"}},
        Unfit{"repeated interface",
              [](Settings& s) {
                  s.ports.resize(3);
                  s.ports[0].interface = s.ports[2].interface = "eth1";
                  s.ports[1].interface = "eth2";
              },
              {"port: \"eth1\" is given twice; every packet would count twice: keep one"}},
        Unfit{"standard input twice",
              [](Settings& s) {
                  s.ports.resize(2);
                  s.ports[0].capture = s.ports[1].capture = "-";
              },
              {"port: \"-\" is given twice; every packet would count twice: keep one"}},
        Unfit{"one file twice",
              [](Settings& s) {
                  s.ports.resize(2);
                  s.ports[0].capture = s.ports[1].capture = "a.pcap";
              },
              {}},
        Unfit{"replay and live",
              [](Settings& s) {
                  s.ports.resize(2);
                  s.ports[0].capture = "a.pcap";
                  s.ports[1].pci = "0000:3b:00.0";
              },
              {"port: the capture \"a.pcap\" and the live port \"0000:3b:00.0\" run on different clocks; give captures "
               "only or live ports only"}}));

struct Distance {
    std::string_view a;
    std::string_view b;
    std::size_t distance;
};

class EditDistance : public testing::TestWithParam<Distance> {};

TEST_P(EditDistance, IsSymmetricAndCountsSlips) {
    const auto [a, b, distance] = GetParam();
    EXPECT_EQ(edit_distance(a, b, 100), distance);
    EXPECT_EQ(edit_distance(b, a, 100), distance);
}

INSTANTIATE_TEST_SUITE_P(Schema, EditDistance,
                         testing::Values(Distance{"", "", 0}, Distance{"", "abc", 3}, Distance{"abc", "abc", 0},
                                         Distance{"queues", "qeues", 1}, Distance{"queues", "queuse", 1},
                                         Distance{"idle", "idol", 2}, Distance{"kitten", "sitting", 3}));

TEST(Schema, ADistanceThatIsEnoughIsEnough) {
    std::vector<std::string> words = {""};  // all of up to five letters of three
    for (std::size_t at = 0; words[at].size() < 5; ++at)
        for (const char letter : {'a', 'b', 'c'}) words.push_back(words[at] + letter);
    for (const std::string& a : words)
        for (const std::string& b : words) {
            const std::size_t distance = edit_distance(a, b, 100);
            for (std::size_t enough = 0; enough < 5; ++enough)
                ASSERT_EQ(edit_distance(a, b, enough), std::min(distance, enough)) << a << ' ' << b;
        }
}

TEST(Schema, PortLists) {
    for (const std::string text : {"", "1", "65535", "4789,8472", " 4789 , 8472 ", "1,2,3,4,5,6,7,8"})
        EXPECT_EQ(complaint("tunnel.vxlan_ports", text), "") << text;
    const std::string remedy = "; give up to 8 UDP ports with commas between them such as 4789,8472, or \"\" for none";
    for (const std::string text : {"0", "65536", "-1", "vxlan", "1,,2", ",", ",1", "1 2", "0x10", " "})
        EXPECT_EQ(complaint("tunnel.vxlan_ports", text),
                  '"' + text + "\" is not a list of ports from 1 to 65535" + remedy);
    EXPECT_EQ(complaint("tunnel.vxlan_ports", std::string("1,")), "\"1,\" ends with a comma" + remedy);
    EXPECT_EQ(complaint("tunnel.vxlan_ports", std::string("1,2,3,4,5,6,7,8,9")),
              "\"1,2,3,4,5,6,7,8,9\" has more than 8 ports" + remedy);
    EXPECT_EQ(ports_of(" 4789 , 8472"), (std::vector<std::uint16_t>{4789, 8472}));
    EXPECT_TRUE(ports_of("").empty());
}

TEST(Schema, SuggestsTheNearestSettingOrNone) {
    EXPECT_EQ(nearest_settings("rx.qeues"), "rx.queues");
    EXPECT_EQ(nearest_settings("RX.queues"), "rx.queues");
    EXPECT_EQ(nearest_settings("queues"), "rx.queues");
    EXPECT_EQ(nearest_settings("rx.connections"), "tracking.connections or http.connections");
    EXPECT_EQ(nearest_settings("rx.colour"), "");
    EXPECT_EQ(nearest_settings(""), "");
    EXPECT_EQ(nearest_settings("."), "");
    EXPECT_EQ(nearest_settings(std::string(1000, 'q')), "");
}

TEST(Diagnostic, ShowsThePlaceWhereThereIsOne) {
    EXPECT_EQ(to_string(Diagnostic{"a.toml", {3, 14}, "rx: no"}), "a.toml:3:14: rx: no");
    EXPECT_EQ(to_string(Diagnostic{"--set", {}, "rx: no"}), "--set: rx: no");
}

}  // namespace
}  // namespace rstwatch::config
