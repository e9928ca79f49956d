// SPDX-License-Identifier: Apache-2.0
#include "control/export/exposition.h"

#include <gtest/gtest.h>

namespace rstwatch::control {
namespace {

using Type = Exposition::Type;

TEST(Exposition, WritesFamiliesWithTheirHelpAndType) {
    Exposition out;
    out.family("packets_total", Type::counter, "Packets");
    out.sample({{"class", "tcp"}}, std::uint64_t{18446744073709551615U});
    out.sample({{"class", "non_ip"}, {"port", "eth1"}}, std::uint64_t{0});
    out.gauge("age_seconds", "Age", 0.25);
    EXPECT_EQ(out.take(),
              "# HELP rstwatch_packets_total Packets.\n"
              "# TYPE rstwatch_packets_total counter\n"
              "rstwatch_packets_total{class=\"tcp\"} 18446744073709551615\n"
              "rstwatch_packets_total{class=\"non_ip\",port=\"eth1\"} 0\n"
              "# HELP rstwatch_age_seconds Age.\n"
              "# TYPE rstwatch_age_seconds gauge\n"
              "rstwatch_age_seconds 0.25\n");
}

TEST(Exposition, AFamilyWithoutSamplesIsNotThere) {
    Exposition out;
    out.family("port_dropped_packets_total", Type::counter, "Nobody knows");
    out.family("port_link_up", Type::gauge, "Nobody knows either");
    EXPECT_EQ(out.take(), "");
}

TEST(Exposition, LabelsCannotBreakOut) {
    Exposition out;
    out.family("x", Type::gauge, "X");
    out.sample({{"port", "a\"b\\c\nd\x1b"}}, std::uint64_t{1});
    EXPECT_NE(out.take().find("rstwatch_x{port=\"a\\\"b\\\\c?d?\"} 1\n"), std::string::npos);
}

TEST(Exposition, AnythingButUtf8IsReplacedByteByByte) {
    Exposition out;
    out.family("x", Type::gauge, "X");
    out.sample({{"port", "caf\xe9 \xc3\xa9"}}, std::uint64_t{1});
    EXPECT_NE(out.take().find("{port=\"caf? \xc3\xa9\"}"), std::string::npos);
}

}  // namespace
}  // namespace rstwatch::control
