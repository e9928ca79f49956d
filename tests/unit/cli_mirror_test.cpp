// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/mirror.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tools/rstwatch/status.h"
#include "tools/rstwatch/top.h"

namespace rstwatch::cli {
namespace {

TEST(CliMirror, PassesTheDaemonsWordsThroughSafely) {
    EXPECT_EQ(mirror_trouble(Document::parse(R"({"span":{"one_way":true,"text":"one\u001bway"}})")), "one\\x1bway");
    EXPECT_EQ(mirror_trouble(Document::parse(R"({"span":{"one_way":false,"duplicated":false,"text":""}})")), "");
    EXPECT_EQ(mirror_trouble(Document::parse(R"({"span":[1]})")), "");
    EXPECT_EQ(mirror_trouble(Document::parse("{}")), "");
}

TEST(CliMirror, HasWordsForADaemonWithout) {
    EXPECT_EQ(mirror_trouble(Document::parse(R"({"span":{"one_way":true,"duplicated":true}})")),
              "only one direction of the connections is visible; packets are mirrored twice");
}

TEST(CliMirror, StandsInStatusAndAboveTop) {
    const Document document = Document::parse(R"({"span":{"one_way":true,"text":"half is missing"},"rows":[]})");
    for (const bool of_top : {false, true}) {
        std::ostringstream text, remarks;
        Output out(text, false, true);
        if (of_top) {
            write_top(document, Format::table, false, out, remarks);
        } else {
            write_status(document, Format::table, out, remarks);
        }
        EXPECT_NE(text.str().find(of_top ? "mirror: half is missing\n" : "mirror     half is missing\n"),
                  std::string::npos)
            << text.str();
    }
}

}  // namespace
}  // namespace rstwatch::cli
