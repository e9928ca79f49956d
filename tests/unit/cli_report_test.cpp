// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/report.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <ctime>
#include <sstream>

namespace rstwatch::cli {
namespace {

constexpr const char* report_text = R"({"schema":"rstwatch.report/1","sensor":"probe",
    "input":{"files":["a.pcap","evil\u001b[2J.pcap"],"first_packet":1795172090.5,"last_packet":1795172170.5,
             "duration_seconds":80.0},
    "packets":{"received":5678,"tcp":5600,"icmp_errors":10,"other_ip":60,"non_ip":0,"fragments":0,"malformed":8,
               "duplicates":0,"bytes":400000,"time_backwards":3},
    "attempts":1300,
    "outcomes":{"refused":1200,"refused_by_device":20,"unanswered":40,"blackholed":2,"closed":38,"open":0,
                "midstream":5},
    "span":{"one_way":false,"duplicated":true,"text":"each packet is seen twice"},
    "tables":{"connections":{"capacity":1024,"used":100,"overflowed":7,"evicted":0},
              "destinations":{"capacity":16,"used":2,"overflowed":0,"evicted":0},"records_dropped":4},
    "top":{"refused":[{"address":"10.0.0.1","port":7211,"count":1200,"error":0,"clients":40,"clients_error":2,
                       "first":1795172090.0,"last":1795172150.0,"service":"collector"},
                      {"address":"2001:db8::1","port":443,"count":20,"error":5,"clients":1,"clients_error":0,
                       "first":1795172090.0,"last":1795172090.0,"service":null}],
           "failed":[{"address":"10.0.0.1","port":7211,"count":1200,"error":0,"clients":40,"clients_error":2,
                      "first":1795172090.0,"last":1795172150.0,"service":"collector","outcomes":{"refused":1200}},
                     {"address":"10.0.0.9","port":80,"count":31,"error":0,"clients":3,"clients_error":0,
                      "first":1795172100.0,"last":1795172120.0,"service":"a,b\u001b",
                      "outcomes":{"unanswered":30,"blackholed":1,"closed":7}}]}})";

class CliReport : public testing::Test {
  protected:
    CliReport() {
        setenv("TZ", "UTC0", 1);
        tzset();
    }

    template <typename Write>
    void write(Write write, const Document& report) {
        std::ostringstream text;
        std::ostringstream remarks;
        Output out(text, false, true);
        write(report, out, remarks);
        text_ = text.str();
        remarks_ = remarks.str();
    }

    std::string text_;
    std::string remarks_;
    Document report_ = Document::parse(report_text);
};

TEST_F(CliReport, TellsAPersonEverythingThatMatters) {
    write(write_report, report_);
    EXPECT_EQ(text_,
              R"(capture   a.pcap, evil\x1b[2J.pcap
time      2026-11-20 10:54:50 to 2026-11-20 10:56:10 (1 min 20 s)
packets   5,678: 5,600 TCP, 10 ICMP errors, 60 other IP, 8 malformed
attempts  1,300, of which 1,262 failed (97.1 %)
mirror    each packet is seen twice

Destinations that refuse connections
  DESTINATION        SERVICE    REFUSED  PER SECOND  CLIENTS  SINCE                LAST
  10.0.0.1:7211      collector    1,200       20.00    40 ±2  2026-11-20 10:54:50  2026-11-20 10:55:50
  [2001:db8::1]:443  -            20 ±5       20.00        1  2026-11-20 10:54:50  2026-11-20 10:54:50

Destinations that fail otherwise
  DESTINATION  SERVICE  FAILED  MOSTLY      CLIENTS  SINCE                LAST
  10.0.0.9:80  a,b\x1b      31  unanswered        3  2026-11-20 10:55:00  2026-11-20 10:55:20
  11 more at destinations that are not listed; -n lists more rows

How the attempts ended
  OUTCOME            COUNT   SHARE          MEANING
  refused            1,200  92.3 %  failed  the host is up, nothing listens on the port
  unanswered            40   3.1 %  failed  no answer at all
  closed                38   2.9 %          ended as it should
  refused_by_device     20   1.5 %  failed  a device in front of the host rejects it
  midstream              5       -          begun before the first packet seen
  blackholed             2   0.2 %  failed  data was sent again and again and never acknowledged

Warnings
  - 8 malformed packets took no part in any connection
  - 3 packets are older than their predecessor and were given its time
  - 7 entries did not fit into the table of connections; totals are exact, rows estimates
  - 4 records of attempts were dropped; totals are exact, details are missing

What to do next
  - refused (10.0.0.1:7211): start the service, or correct the port its clients use (`ss -ltn` on the host shows what listens)
  - unanswered (10.0.0.9:80): see whether the host is up and routed; silent to some clients only means a rule that drops
  - refused_by_device: look at the rules of the firewall in the path, not at the server
  - every connection by itself: rstwatch analyze --connections -o jsonl FILE
)");
    EXPECT_EQ(remarks_, "");
}

TEST_F(CliReport, ListsConnectionsWhereThereAreSome) {
    report_["connections"] = Document::parse(
        R"([{"client":"10.0.0.2:40000","server":"10.0.0.1:7211","start":1795172090.0,"end":1795172090.25,
             "outcome":"refused","syn":3,"rst":3,"rst_by":"server"}])");
    write(write_report, report_);
    EXPECT_NE(text_.find("  2026-11-20 10:54:50  10.0.0.2:40000  10.0.0.1:7211  refused  0.250 s\n"), std::string::npos)
        << text_;
    write(write_report_csv, report_);
    EXPECT_EQ(text_,
              "client,server,start,end,outcome,zeek_state,syn,rst,client_bytes,server_bytes,rst_by,rst_shape,tunnel\n"
              "10.0.0.2:40000,10.0.0.1:7211,1795172090.0,1795172090.25,refused,,3,3,,,server,,\n");
}

TEST_F(CliReport, AnEmptyCaptureSaysSo) {
    write(write_report, Document::parse(R"({"schema":"rstwatch.report/1","input":{"files":["e.pcap"],
        "first_packet":null,"last_packet":null},"packets":{"received":0},"attempts":0,"outcomes":{"refused":0},
        "top":{"refused":[],"failed":[]}})"));
    EXPECT_EQ(text_,
              "capture   e.pcap\npackets   0\nattempts  0, of which 0 failed (-)\n\n"
              "Destinations that refuse connections\n  none\n\nWhat to do next\n"
              "  - every connection by itself: rstwatch analyze --connections -o jsonl FILE\n");
    EXPECT_EQ(remarks_, "0 refused; 0 packets seen: is the capture empty?\n");
}

TEST_F(CliReport, RowsAreForPrograms) {
    write(write_report_csv, report_);
    EXPECT_EQ(text_,
              "list,address,port,service,count,error,clients,clients_error,first,last\n"
              "refused,10.0.0.1,7211,collector,1200,0,40,2,1795172090.0,1795172150.0\n"
              "refused,2001:db8::1,443,,20,5,1,0,1795172090.0,1795172090.0\n"
              "failed,10.0.0.1,7211,collector,1200,0,40,2,1795172090.0,1795172150.0\n"
              "failed,10.0.0.9,80,\"a,b\\x1b\",31,0,3,0,1795172100.0,1795172120.0\n");
    write(write_report_lines, report_);
    EXPECT_TRUE(text_.starts_with("{\"address\":\"10.0.0.1\",\"port\":7211,\"count\":1200,")) << text_;
    EXPECT_EQ(std::count(text_.begin(), text_.end(), '\n'), 2);
}

TEST_F(CliReport, WhatAScannerMetIsNoAdviceToStartServices) {
    const auto steps_with_probes = [&](int failed) {
        report_["top"]["scanners"] =
            Document::parse(R"([{"address":"10.0.0.66","failed":)" + std::to_string(failed) + R"(,"half_open":false},
                {"address":"10.0.0.67","failed":4,"half_open":true}])");
        write(write_report, report_);
        return text_.substr(text_.find("What to do next"));
    };
    const std::string scanner =
        "What to do next\n"
        "  - 10.0.0.66 probes for open ports: see who runs it; what it alone met says nothing about the services\n";
    EXPECT_TRUE(steps_with_probes(1000).starts_with(scanner + "  - refused (10.0.0.1:7211): start the service"))
        << text_;
    EXPECT_EQ(steps_with_probes(1258), scanner +
                                           "  - every connection by itself: rstwatch analyze --connections -o jsonl "
                                           "FILE\n");
}

TEST_F(CliReport, ADocumentOfAnotherVersionDoesNotHurt) {
    for (const auto* odd : {"{}", R"({"top":[],"outcomes":[1,2],"packets":7,"input":{"files":"x"},"tables":[[]]})",
                            R"({"top":{"refused":[1,null,{}],"failed":[[],{"outcomes":{"unanswered":"x"}}]}})"}) {
        write(write_report, Document::parse(odd));
        write(write_report_csv, Document::parse(odd));
        write(write_report_lines, Document::parse(odd));
    }
}

TEST_F(CliReport, ListsClientsScannersServicesAndAlertsWhereThereAreAny) {
    write(write_report, Document::parse(R"({"attempts":9,"packets":{"received":90},
        "top":{"refused":[],
               "clients":[{"address":"10.0.0.2","count":7,"error":1,"first":1795172090.0,"last":1795172150.0,
                           "outcomes":{"refused":5,"unanswered":2,"closed":9}}],
               "scanners":[{"address":"10.0.0.66","failed":4000,"half_open":true,"first":1795172090.0,
                            "last":1795172150.0}]},
        "services":[{"address":"10.0.0.1","port":443,"service":"web","identity":{"application":"tls"},
                     "outcomes":{"closed":3,"refused":5},"accepted":{"count":3,"last":1795172090.0},
                     "failing":{"since":1795172100.0},"diagnosis":{"sentence":"It refuses\u001b."}},
                    {"address":"2001:db8::1","port":22,"service":"","identity":null,"outcomes":{},
                     "accepted":{"count":0,"first":null,"last":null},"failing":null},
                    {"address":"10.0.0.3","port":80,"failing":{"since":1795172100.0},
                     "diagnosis":{"sentence":"It is silent\u001b."}}],
        "alerts":[{"id":"x","scope":"service","subject":"10.0.0.1:443","level":"none","peak_level":"warn",
                   "service":"web","per_second":0.0,"peak_per_second":1.5,"since":1795172100.0,"until":1795172110.0,
                   "duration_seconds":10.0,"text":"It refused."}]})"));
    EXPECT_NE(text_.find(R"(
Clients whose connections fail
  CLIENT    FAILED  MOSTLY   SINCE                LAST
  10.0.0.2    7 ±1  refused  2026-11-20 10:54:50  2026-11-20 10:55:50

Scanners
  CLIENT     FAILED  HALF OPEN  SINCE                LAST
  10.0.0.66   4,000  yes        2026-11-20 10:54:50  2026-11-20 10:55:50

Alerts
  LEVEL  SUBJECT       SERVICE  PER SECOND  SINCE                DURATION  STATE                           ID
  warn   10.0.0.1:443  web            1.50  2026-11-20 10:55:00  10.0 s    cleared at 2026-11-20 10:55:10  x
      It refused.

Services
  DESTINATION       SERVICE  SPOKE  ACCEPTED  LAST ACCEPTED        FAILED  FAILING SINCE
  10.0.0.1:443      web      tls           3  2026-11-20 10:54:50       5  2026-11-20 10:55:00
  [2001:db8::1]:22  -        -             0  -                         0  -
  10.0.0.3:80       -        -       unknown  -                         0  2026-11-20 10:55:00
      It is silent\x1b.
)"),
              std::string::npos)
        << text_;
}

}  // namespace
}  // namespace rstwatch::cli
