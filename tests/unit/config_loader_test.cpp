// SPDX-License-Identifier: Apache-2.0
#include "config/loader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"
#include "config/text_scan.h"
#include "config/value.h"
#include "tests/unit/config_sections.h"

namespace rstwatch::config {
namespace {

std::vector<std::string> messages(const LoadResult& result) {
    std::vector<std::string> texts;
    for (const auto& error : result.errors) texts.push_back(to_string(error));
    return texts;
}

using Messages = std::vector<std::string>;

TEST(Loader, AnEmptyTextGivesTheDefaults) {
    for (const auto* text : {"", "\n", "# nothing\n", "[rx]\n[log]\n", "\xef\xbb\xbf"}) {
        const auto result = load_text(text, "a.toml");
        EXPECT_EQ(messages(result), Messages{}) << text;
        EXPECT_TRUE(result.settings.ports.empty());
        for (const Setting& setting : all_settings())
            EXPECT_EQ(literal(value_of(result.settings, setting)), literal(value_of(Settings{}, setting)));
    }
}

constexpr std::string_view well_formed = R"(
http.listen = "[::1]:9"   # dotted keys and sections mix
sensor = { name = "edge \u0037" }
[rx]
queues = 0x10
burst = 7
idle = 'poll'
[tally]
records = 1_000
[deadline]
unanswered = 40
early_answer = 1e-2
[[port]]
interface = "eth1"
[[port]]
pci = "0000:3b:00.0"
)";

TEST(Loader, ReadsEveryWayToWriteASetting) {
    const auto result = load_text(well_formed, "a.toml");
    EXPECT_EQ(messages(result), Messages{});
    EXPECT_EQ(result.settings.http.listen, "[::1]:9");
    EXPECT_EQ(result.settings.sensor.name, "edge 7");
    EXPECT_EQ(result.settings.rx.queues, 16);
    EXPECT_EQ(result.settings.rx.burst, 7);
    EXPECT_EQ(result.settings.rx.idle, "poll");
    EXPECT_EQ(result.settings.rx.mbufs, Settings{}.rx.mbufs);
    EXPECT_EQ(result.settings.tally.records, 1000);
    EXPECT_EQ(result.settings.deadline.unanswered, 40);
    EXPECT_EQ(result.settings.deadline.early_answer, 0.01);
    ASSERT_EQ(result.settings.ports.size(), 2U);
    EXPECT_EQ(result.settings.ports[0], (Port{"", "eth1", "", ""}));
    EXPECT_EQ(result.settings.ports[1], (Port{"0000:3b:00.0", "", "", ""}));
}

TEST(Loader, ReadsLinesThatEndAsOnWindows) {
    const auto result = load_text("[rx]\r\nqueues = 3\r\n", "a.toml");
    EXPECT_EQ(messages(result), Messages{});
    EXPECT_EQ(result.settings.rx.queues, 3);
}

TEST(Loader, ByteOrderMarkChangesNothing) {
    for (const std::string text : {"[rx\nqeues = 1\n", "[rx]\nburst = 1\nburst = 2\n", "[rx]x\xff\nqueues = 2\n",
                                   "rx.idle = poll\n", "[rx]\nqueues = 99"})
        EXPECT_EQ(messages(load_text("\xef\xbb\xbf" + text, "t")), messages(load_text(text, "t"))) << text;
}

struct Case {
    std::string name;
    std::string text;
    Messages errors;
};

class Faulty : public testing::TestWithParam<Case> {};

TEST_P(Faulty, GivesAllErrorsWithTheirPlaces) {
    EXPECT_EQ(messages(load_text(GetParam().text, "t", {})), GetParam().errors) << GetParam().text;
}

void PrintTo(const Case& given, std::ostream* stream) {
    *stream << given.name;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
    return info.param.name;
}

const std::string out_of_range = ": rx.burst: 99 is out of range; give an integer from 1 to 64";
const std::string first_before_last =
    ", but the first verdict comes before the final one; lower the one or raise the other";

INSTANTIATE_TEST_SUITE_P(
    Names, Faulty,
    testing::Values(
        Case{"UnknownKey",
             "[rx]\nqueues = 1\n  qeues = 2\n",
             {"t:3:3: rx.qeues: unknown setting; did you mean rx.queues?"}},
        Case{"UnknownKeyNothingNear", "[log]\ncolour = 1\n", {"t:2:1: log.colour: unknown setting; [log] has level"}},
        Case{"KeyOfAnotherSection",
             "[rx]\nconnections = 5\n",
             {"t:2:1: rx.connections: unknown setting; did you mean tracking.connections or http.connections?"}},
        Case{"KeyWithoutSection", "queues = 3\n", {"t:1:1: queues: unknown setting; did you mean rx.queues?"}},
        Case{"DottedKey", "rx.brst = 3\n", {"t:1:4: rx.brst: unknown setting; did you mean rx.burst?"}},
        Case{"UnknownSectionAndWhatIsBelow",
             "[dedline]\nunanswered = \"1\"\nclosde = 2\n",
             {"t:1:2: dedline: unknown section; did you mean [deadline]?",
              "t:2:14: deadline.unanswered: \"1\" is a string; give seconds from 0.001 to 200",
              "t:3:1: deadline.closde: unknown setting; did you mean deadline.closed?"}},
        Case{"UnknownSectionNothingNear", "[zebra]\na = 1\n", {"t:1:2: zebra: unknown section; " + listed_sections}},
        Case{"NamesThatNeedQuotes",
             "\"a b\" = 3\n\"\" = 3\n\"x\\u0001\\n\" = 2\n",
             {"t:1:1: \"a b\": unknown setting; " + listed_sections, "t:2:1: \"\": unknown setting; " + listed_sections,
              "t:3:1: \"x\\u0001\\u000a\": unknown setting; " + listed_sections}},
        Case{"SectionThatIsAValue",
             "rx = 1\n",
             {"t:1:1: rx: is one section; write [rx] on a line of its own and its settings below it"}},
        Case{"SectionThatIsAList",
             "[[rx]]\nqueues = 1\n",
             {"t:1:3: rx: is one section; write [rx] on a line of its own and its settings below it"}},
        Case{"SettingThatIsATable",
             "[rx.queues]\na = 1\n",
             {"t:1:1: rx.queues: this is a table; give an integer from 1 to 64"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Values, Faulty,
    testing::Values(
        Case{"OutOfRange",
             "[rx]\nqueues = 65\n",
             {"t:2:10: rx.queues: 65 is out of range; give an integer from 1 to 64"}},
        Case{"FloatForInteger",
             "[rx]\nqueues = 2.0\n",
             {"t:2:10: rx.queues: 2 is a float; give an integer from 1 to 64"}},
        Case{"StringForInteger",
             "[rx]\nqueues = \"2\"\n",
             {"t:2:10: rx.queues: \"2\" is a string; give an integer from 1 to 64"}},
        Case{"ArrayForInteger",
             "[rx]\nqueues = [2]\n",
             {"t:2:10: rx.queues: this is an array; give an integer from 1 to 64"}},
        Case{"DateForSeconds",
             "[deadline]\nclosed = 1979-05-27\n",
             {"t:2:10: deadline.closed: this is a date or time; give seconds from 0.001 to 200"}},
        Case{"ColumnsCountCharacters",
             "sensor = {name = \"\xc3\xa9\xc3\xa9\", nam = 1}\n",
             {"t:1:24: sensor.nam: unknown setting; did you mean sensor.name?"}},
        Case{"Together",
             "[deadline]\nunanswered = 2\nsyn_ack = 1\n",
             {"t:2:1: deadline.provisional: 3 s is more than the 2 s of deadline.unanswered" + first_before_last,
              "t:3:1: deadline.provisional: 3 s is more than the 1 s of deadline.syn_ack" + first_before_last}}),
    name_of);

const std::string url_remedy =
    "; give an http URL such as http://127.0.0.1:9093 (what speaks https is reached through a TLS proxy on this "
    "machine)";

INSTANTIATE_TEST_SUITE_P(
    Sinks, Faulty,
    testing::Values(
        Case{"SinkThatLeadsNowhere",
             "[[sink]]\n[[sink]]\njournal = true\n",
             {"t:1:1: sink: leads nowhere; give one of alertmanager, webhook, syslog, journal"}},
        Case{"SinkOfTwo",
             "\n[[sink]]\njournal = true\nsyslog = \"local\"\n",
             {"t:2:1: sink: has journal and syslog; give one of them, and a [[sink]] of its own for each"}},
        Case{"KeysOfSinks",
             "[[sink]]\nweb_hook = \"x\"\n[[sink]]\njournal = true\ncolour = 1\n",
             {"t:2:1: sink.web_hook: unknown setting; did you mean sink.webhook?",
              "t:5:1: sink.colour: unknown setting; [[sink]] has alertmanager, webhook, syslog, journal, "
              "minimum_level, timeout, backlog, repeat"}},
        Case{"ValuesOfSinks",
             "[[sink]]\nalertmanager = \"https://h\"\ntimeout = 0\nbacklog = 1.5\nminimum_level = \"none\"\n"
             "[[sink]]\njournal = false\n[[sink]]\nsyslog = 514\nrepeat = \"1\"\n",
             {"t:2:16: sink.alertmanager: \"https://h\" is https, which is not spoken here" + url_remedy,
              "t:3:11: sink.timeout: 0 is out of range; give seconds from 0.1 to 60",
              "t:4:11: sink.backlog: 1.5 is a float; give an integer from 1 to 65536",
              "t:5:17: sink.minimum_level: \"none\" is not among the choices; give \"warn\", \"error\" or "
              "\"critical\"",
              "t:7:11: sink.journal: false is not true; give true",
              "t:9:10: sink.syslog: 514 is an integer; give \"local\", a socket such as unix:/run/log or an address "
              "such as udp://10.0.0.9:514",
              "t:10:10: sink.repeat: \"1\" is a string; give seconds from 1 to 3600"}},
        Case{"SinksThatAreNoList",
             "[sink]\njournal = true\n",
             {"t:1:2: sink: is a list; write [[sink]] on a line of its own for each sink"}},
        Case{"SinkThatIsANumber",
             "sink = [3]\n",
             {"t:1:9: sink: 3 is not a sink; write [[sink]] on a line of its own and below it syslog = \"local\""}},
        Case{"RepeatedSink",
             "[[sink]]\nwebhook = \"http://h/\"\n[[sink]]\nwebhook = \"http://h/\"\ntimeout = 1\n",
             {"t:3:1: sink: \"webhook http://h/\" is given twice; every alert would be told twice: keep one"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Ports, Faulty,
    testing::Values(
        Case{"NoMember",
             "[[port]]\n[[port]]\ninterface = \"lo\"\n",
             {"t:1:1: port: has nothing to receive from; give one of pci, interface, capture, vdev"}},
        Case{"TwoMembers",
             "\n[[port]]\ninterface = \"lo\"\ncapture = \"-\"\n",
             {"t:2:1: port: has capture and interface; give one of them, and a [[port]] of its own for each"}},
        Case{"UnknownMember",
             "[[port]]\ninterfce = \"lo\"\n[[port]]\ncolour = 1\n",
             {"t:2:1: port.interfce: unknown setting; did you mean port.interface?",
              "t:4:1: port.colour: unknown setting; [[port]] has pci, interface, capture, vdev"}},
        Case{"WrongValues",
             "[[port]]\npci = \"a\"\n[[port]]\ninterface = 1\n",
             {"t:2:7: port.pci: \"a\" is not a PCI address; give a PCI address such as 0000:3b:00.0 (lspci -D lists "
              "them)",
              "t:4:13: port.interface: 1 is an integer; give the name of a network interface such as eth1 (ip link "
              "lists them)"}},
        Case{"SingleBrackets",
             "[port]\ninterfce = \"lo\"\n",
             {"t:1:2: port: is a list; write [[port]] on a line of its own for each port",
              "t:2:1: port.interfce: unknown setting; did you mean port.interface?"}},
        Case{"SingleThenDoubleBrackets",
             "[port]\ninterface = \"lo\"\n[[port]]\npci = \"q\"\n",
             {"t:1:2: port: is a list; write [[port]] on a line of its own for each port",
              "t:3:3: Error while parsing table header: cannot redefine existing table 'port' as array-of-tables, "
              "first at line 1",
              "t:4:7: port.pci: \"q\" is not a PCI address; give a PCI address such as 0000:3b:00.0 (lspci -D lists "
              "them)"}},
        Case{"InlineList",
             "port = [{pci = \"00:00.0\"}, {}, 3]\n",
             {"t:1:28: port: has nothing to receive from; give one of pci, interface, capture, vdev",
              "t:1:32: port: 3 is not a port; write [[port]] on a line of its own and below it interface = \"eth1\""}},
        Case{"MisspeltHeader",
             "[[prot]]\ninterface = 1\n",
             {"t:1:3: prot: unknown section; did you mean [[port]]?",
              "t:2:13: port.interface: 1 is an integer; give the name of a network interface such as eth1 (ip link "
              "lists them)"}},
        Case{"RepeatedPort",
             "[[port]]\ninterface = \"lo\"\n[[port]]\ninterface = \"lo\"\n",
             {"t:3:1: port: \"lo\" is given twice; every packet would count twice: keep one"}},
        Case{"CaptureAndLive",
             "[[port]]\ninterface = \"lo\"\n[[port]]\ncapture = \"a.pcap\"\n",
             {"t:3:1: port: the capture \"a.pcap\" and the live port \"lo\" run on different clocks; give captures "
              "only or live ports only"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Repetitions, Faulty,
    testing::Values(
        Case{"Key",
             "[rx]\nqueues = 1\nqueues = 2\nburst = 99\n",
             {"t:3:1: rx.queues: given twice, first at line 2; keep one", "t:4:9" + out_of_range}},
        Case{"KeyOnWindowsLines",
             "[rx]\r\nqueues = 1\r\n  queues = 2\r\n",
             {"t:3:3: rx.queues: given twice, first at line 2; keep one"}},
        Case{"DottedKey",
             "rx.queues = 1\nrx.queues = 2\n",
             {"t:2:1: rx.queues: given twice, first at line 1; keep one"}},
        Case{"SeveralKeys",
             "[rx]\nqueues = 1\nqueues = 2\nqueues = 3\n",
             {"t:3:1: rx.queues: given twice, first at line 2; keep one",
              "t:4:1: rx.queues: given twice, first at line 2; keep one"}},
        Case{"KeyOfThePortBeingFilled",
             "[[port]]\npci = \"00:00.0\"\n[[port]]\npci = \"00:00.1\"\npci = \"00:00.2\"\n",
             {"t:5:1: port.pci: given twice, first at line 4; keep one"}},
        Case{"HeaderAndWhatIsBelow",
             "[rx]\nqueues = 1\n[log]\n  [rx]\nburst = 99\n",
             {"t:4:4: [rx]: given twice, first at line 1; put all its settings below one", "t:5:9" + out_of_range}},
        Case{"KeyBelowARepeatedHeader",
             "[rx]\n[rx]\nqueues = 1\nqueues = 1\n",
             {"t:2:2: [rx]: given twice, first at line 1; put all its settings below one",
              "t:4:1: rx.queues: given twice, first at line 3; keep one"}},
        Case{"HeaderAfterInlineTable",
             "rx = {queues = 2}\n[rx]\nburst = 99\n",
             {"t:2:2: [rx]: given twice, first at line 1; put all its settings below one", "t:3:9" + out_of_range}},
        Case{"KeyBelowAValue",
             "log.level = \"info\"\nlog.level.x = 1\n",
             {"t:2:1: Error while parsing key-value pair: cannot redefine existing string as dotted key-value pair, "
              "first at line 1"}}),
    name_of);

const std::string not_closed = "Error while parsing table header: expected ']', saw '\\n'";
const std::string no_value_type = "Error while parsing value: could not determine value type";

INSTANTIATE_TEST_SUITE_P(
    Syntax, Faulty,
    testing::Values(
        Case{"NoEquals",
             "[rx]\nqueues 3\nburst = 99\n",
             {"t:2:8: Error while parsing key-value pair: expected '=', saw '3'", "t:3:9" + out_of_range}},
        Case{"NoQuotes",
             "http.listen = 127.0.0.1:8074\nrx.idle = poll\nrx.burst = 99",
             {"t:1:17: Error while parsing time: expected ':', saw '7'; if this is text, write it in quotes: "
              "http.listen = \"127.0.0.1:8074\"",
              "t:2:11: Error while parsing value: could not determine value type; if this is text, write it in quotes: "
              "rx.idle = \"poll\"",
              "t:3:12" + out_of_range}},
        Case{"NoQuotesBehindAKeyWithATab",
             "rx.\tidle = poll\n",
             {"t:1:12: Error while parsing value: could not determine value type; if this is text, write it in quotes: "
              "rx.\\u0009idle = \"poll\""}},
        Case{"OpenHeader", "[rx\nburst = 99\n", {"t:1:4: " + not_closed, "t:2:9" + out_of_range}},
        Case{"OpenPortHeader",
             "[[port]\ninterfce = \"lo\"\n",
             {"t:1:8: " + not_closed, "t:2:1: port.interfce: unknown setting; did you mean port.interface?"}},
        Case{"OpenUnknownHeader",
             "[zebra\nburst = 99\n[rx]\nburst = 99\n",
             {"t:1:7: " + not_closed, "t:4:9" + out_of_range}},
        Case{"OpenString",
             "[rx]\nidle = \"adaptive\nburst = 99\n",
             {"t:2:17: Error while parsing string: unescaped control characters other than TAB (U+0009) are explicitly "
              "prohibited",
              "t:3:9" + out_of_range}},
        Case{"OpenLongString",
             "[rx]\nidle = \"\"\"adaptive\nburst = 99\n[log]\nlevel = 1\n",
             {"t:3:9" + out_of_range,
              "t:5:9: log.level: 1 is an integer; give \"trace\", \"debug\", \"info\", \"warn\" or \"error\"",
              "t:6:2: Error while parsing string: encountered end-of-file, in the value that begins at line 2"}},
        Case{"OpenArray",
             "[log]\nlevel = [\n1,\n[rx]\nburst = 99\n",
             {"t:4:2: " + no_value_type + ", in the value that begins at line 2", "t:5:9" + out_of_range}},
        Case{"WrongInTheMiddleOfAnArray",
             "[rx]\nidle = [\n  oops,\n  2,\n]\nburst = 99\n",
             {"t:3:3: " + no_value_type + ", in the value that begins at line 2", "t:6:9" + out_of_range}},
        Case{"WrongAtTheStartOfAnArray",
             "[rx]\nidle = [ oops,\n  2,\n]\nburst = 99\n",
             {"t:2:10: " + no_value_type, "t:5:9" + out_of_range}},
        Case{"WrongBehindAnArray",
             "[rx]\nidle = [\n  2,\n]\nburst = \n",
             {"t:2:8: rx.idle: this is an array; give \"poll\" or \"adaptive\"",
              "t:5:9: Error while parsing key-value pair: expected value, saw '\\n'"}},
        Case{"ControlCharacterInAKeyGivenTwice",
             "\"a\\n\" = 1\n\"a\\n\" = 2\n",
             {"t:1:1: \"a\\u000a\": unknown setting; " + listed_sections,
              "t:2:1: \"a\\u000a\": given twice, first at line 1; keep one"}},
        Case{"ZeroByte",
             std::string("a = 1\0", 6),
             {"t: contains zero bytes: it is not text or is UTF-16; save it as UTF-8"}}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Encoding, Faulty,
    testing::Values(
        Case{"Value",
             "[rx]\nidle = \"\xff\"\nburst = 99\n",
             {"t:2:9: byte 0xFF is not UTF-8; save the file as UTF-8", "t:3:9" + out_of_range}},
        Case{"Comment", "# \xc3\xa9t\xe9\n", {"t:1:5: byte 0xE9 is not UTF-8; save the file as UTF-8"}},
        Case{"FirstByteOfALine", "[rx]\n\x80\n", {"t:2:1: byte 0x80 is not UTF-8; save the file as UTF-8"}},
        Case{"Header",
             "[rx] # \xe9\nburst = 99\n",
             {"t:1:8: byte 0xE9 is not UTF-8; save the file as UTF-8", "t:2:9" + out_of_range}},
        Case{"Overlong", "# \xc0\xaf\n", {"t:1:3: byte 0xC0 is not UTF-8; save the file as UTF-8"}},
        Case{"OverlongOfThree", "# \xe0\x9f\xbf\n", {"t:1:3: byte 0xE0 is not UTF-8; save the file as UTF-8"}},
        Case{"OverlongOfFour", "# \xf0\x8f\xbf\xbf\n", {"t:1:3: byte 0xF0 is not UTF-8; save the file as UTF-8"}},
        Case{"Surrogate", "# \xed\xa0\x80\n", {"t:1:3: byte 0xED is not UTF-8; save the file as UTF-8"}},
        Case{"BeyondUnicode", "# \xf4\x90\x80\x80\n", {"t:1:3: byte 0xF4 is not UTF-8; save the file as UTF-8"}},
        Case{"Cut", "# \xf0\x9f\x98", {"t:1:3: byte 0xF0 is not UTF-8; save the file as UTF-8"}},
        Case{"FirstAndLastOfEveryLength",
             "# ~\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\n",
             {}}),
    name_of);

TEST(Loader, StopsAfterTwentySyntaxErrorsAndSaysSo) {
    std::string text = "[rx]\n";
    for (int line = 2; line <= 30; ++line) text += "bad " + std::to_string(line) + '\n';
    const auto errors = messages(load_text(text, "t"));
    ASSERT_EQ(errors.size(), 21U);
    EXPECT_EQ(errors[19], "t:21:5: Error while parsing key-value pair: expected '=', saw '2'");
    EXPECT_EQ(
        errors[20],
        "t:22:5: Error while parsing key-value pair: expected '=', saw '2'; what else this file says could not be "
        "checked: mend this first");
}

TEST(Loader, StopsAfterTwentyUnreadableLinesAndSaysSo) {
    std::string text;
    for (int line = 1; line <= 30; ++line) text += "\xff\n";
    const auto errors = messages(load_text(text, "t"));
    ASSERT_EQ(errors.size(), 21U);
    EXPECT_EQ(errors[20],
              "t:21:1: byte 0xFF is not UTF-8; save the file as UTF-8; what else this file says could not be checked: "
              "mend this first");
}

// Errors of meaning cost nothing, so there is no limit to them.
TEST(Loader, ReportsAnyNumberOfWrongSettings) {
    std::string text = "[rx]\n";
    for (int key = 0; key < 500; ++key) text += "zebra" + std::to_string(key) + " = 1\n";
    EXPECT_EQ(load_text(text, "t").errors.size(), 500U);
}

TEST(Loader, GivesUpOnAValueOfTooManyLines) {
    std::string text = "x = [\n";
    for (int line = 0; line < 1000; ++line) text += "1,\n";
    EXPECT_EQ(
        messages(load_text(text, "t")),
        Messages{"t:1002:2: Error while parsing array: encountered end-of-file; what else this file says could not "
                 "be checked: mend this first"});
}

// Whatever its place in the message, the name is cut between two of its characters.
TEST(Loader, CutsLongNamesBetweenCharacters) {
    for (const std::string before : {"", "a"}) {
        std::string name = before;
        for (int i = 0; i < 300; ++i) name += "\xc3\xa9";
        const auto errors = messages(load_text("[rx]\n\"" + name + "\" = 1\n[rx.\"" + name + "\".b]\n", "t"));
        ASSERT_EQ(errors.size(), 2U);
        EXPECT_LT(errors[1].size(), 300U);
        EXPECT_TRUE(errors[1].ends_with("\xc3\xa9..., first at line 2")) << errors[1];
        EXPECT_EQ(unreadable(errors[1]), std::nullopt) << errors[1];
    }
}

TEST(Loader, DoesNotRepeatWholeFilesThatLackQuotes) {
    const auto errors = messages(load_text("[http]\nlisten = " + std::string(10000, 'a') + '\n', "t"));
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_LT(errors[0].size(), 300U);
}

TEST(Loader, SurvivesKeysThatWouldExhaustTheStack) {
    std::string key = "a";
    for (int level = 0; level < 60000; ++level) key += ".a";
    const Messages expected{"t:1:1: has more than 64 dots; keys are not that deep: shorten the line"};
    EXPECT_EQ(messages(load_text(key + " = 1\n", "t")), expected);
    EXPECT_EQ(messages(load_text('[' + key + "]\n", "t")), expected);
}

TEST(Loader, SurvivesTheDeepestNestingThatIsLetThrough) {
    std::string key = "a";
    for (int level = 0; level < 64; ++level) key += ".a";
    std::string text = '[' + key + "]\n";
    for (int value = 0; value < 120; ++value) text += (value == 0 ? key : '{' + key) + " = [\n";
    text += "1\n";
    for (int value = 0; value < 120; ++value) text += value == 119 ? "]\n" : "]}\n";
    EXPECT_EQ(messages(load_text(text, "t")), Messages{"t:1:2: a: unknown section; " + listed_sections});
}

TEST(Loader, LetsCommentsHaveDots) {
    const std::string row(200, '.');
    std::string spaced;
    for (int dot = 0; dot < 100; ++dot) spaced += ". ";
    EXPECT_EQ(messages(load_text("# " + spaced + "\n[rx] # " + row + '\n', "t")), Messages{});
}

TEST(Loader, KeepsWhatWasRight) {
    const auto result = load_text("[rx]\nqueues = 2\nburst = 99\nmbufs 3\ndescriptors = 128\n", "t");
    EXPECT_EQ(result.errors.size(), 2U);
    EXPECT_EQ(result.settings.rx.queues, 2);
    EXPECT_EQ(result.settings.rx.burst, Settings{}.rx.burst);
    EXPECT_EQ(result.settings.rx.descriptors, 128);
}

class LoaderFile : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "rstwatch-config-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        directory_ = pattern;
        path_ = directory_ + "/a.toml";
    }

    void TearDown() override {
        unlink(path_.c_str());
        rmdir(directory_.c_str());
    }

    void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }

    std::string directory_;
    std::string path_;
};

TEST_F(LoaderFile, IsRead) {
    write("[rx]\nqueues = 2\nburst = 99\n");
    const auto result = load_file(path_);
    EXPECT_EQ(result.settings.rx.queues, 2);
    EXPECT_EQ(messages(result), Messages{path_ + ":3:9" + out_of_range});
}

TEST_F(LoaderFile, ThatIsAbsentIsAnError) {
    EXPECT_EQ(messages(load_file(path_)),
              Messages{path_ + ": cannot be read: No such file or directory; create it, mend its permissions or name "
                               "another with --config"});
}

TEST_F(LoaderFile, ThatIsADirectoryIsAnError) {
    EXPECT_EQ(messages(load_file(directory_)),
              Messages{directory_ + ": cannot be read: Is a directory; create it, mend its permissions or name another "
                                    "with --config"});
}

TEST_F(LoaderFile, ThatMayNotBeReadIsAnError) {
    if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
    write("");
    ASSERT_EQ(chmod(path_.c_str(), 0), 0);
    EXPECT_EQ(messages(load_file(path_)),
              Messages{path_ + ": cannot be read: Permission denied; create it, mend its permissions or name another "
                               "with --config"});
}

TEST_F(LoaderFile, ThatIsTooLargeIsAnError) {
    const std::string limit(256UL * 1024, '#');
    write(limit);
    EXPECT_EQ(messages(load_file(path_)), Messages{});
    write(limit + '#');
    EXPECT_EQ(messages(load_file(path_)),
              Messages{path_ + ": is larger than 256 KiB; give a file of settings, such as the sample rstwatch.toml"});
    EXPECT_EQ(load_file("/dev/zero").errors.size(), 1U) << "without end, and yet read to the limit only";
}

TEST_F(LoaderFile, MayComeFromAPipe) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    constexpr std::string_view text = "rx.queues = 5\n";
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(ends[1]);
    const auto result = load_file("/proc/self/fd/" + std::to_string(ends[0]));
    close(ends[0]);
    EXPECT_EQ(messages(result), Messages{});
    EXPECT_EQ(result.settings.rx.queues, 5);
}

}  // namespace
}  // namespace rstwatch::config
