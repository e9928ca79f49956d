// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/depth.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tools/rstwatch/explanation.h"
#include "tools/rstwatch/history.h"
#include "tools/rstwatch/time_format.h"

namespace rstwatch::cli {
namespace {

TEST(CliDepth, SaysNothingWhereEverySegmentWasLookedUp) {
    for (const char* text : {"{}", R"({"control_depth_seconds":0})", R"({"control_depth_seconds":null})",
                             R"({"points":[{"time":1,"control_depth_seconds":0},{"time":2}]})"}) {
        const Document document = Document::parse(text);
        EXPECT_EQ(depth_trouble(document), "") << text;
        EXPECT_EQ(depth_trouble_since_start(document), "") << text;
        EXPECT_EQ(depth_trouble_of_history(document), "") << text;
    }
}

TEST(CliDepth, NamesTheSeconds) {
    EXPECT_TRUE(depth_trouble(Document::parse(R"({"control_depth_seconds":7,"window_seconds":60})"))
                    .starts_with("not every segment was looked up in 7 of these 60 s"));
    EXPECT_TRUE(depth_trouble_since_start(Document::parse(R"({"control_depth_seconds":7})"))
                    .starts_with("not every segment was looked up in 7 s since the start"));
}

TEST(CliDepth, HistorySaysWhen) {
    const Document document = Document::parse(R"({"from":1000,"to":1040,"step_seconds":10,"points":[
        {"time":1000,"seconds":10,"control_depth_seconds":0,"failed":1},
        {"time":1010,"seconds":10,"control_depth_seconds":4,"failed":1},
        {"time":1020,"seconds":10,"control_depth_seconds":10,"failed":1},
        {"time":1030,"seconds":10,"control_depth_seconds":0,"failed":1}]})");
    const std::string words = depth_trouble_of_history(document);
    EXPECT_NE(words.find("in 14 s from " + local_time(1010) + " to " + local_time(1030)), std::string::npos) << words;
    std::ostringstream text, remarks;
    Output out(text, false, true);
    write_history(document, Format::table, 100, false, out, remarks);
    EXPECT_NE(text.str().find("depth: " + words), std::string::npos) << text.str();
}

TEST(CliDepth, StandsAboveAnExplanation) {
    std::ostringstream text;
    Output out(text, false, true);
    write_explanation(Document::parse(R"({"port":80,"control_depth_seconds":3})"), out, 0, {});
    EXPECT_TRUE(text.str().starts_with("depth: not every segment was looked up in 3 s")) << text.str();
}

}  // namespace
}  // namespace rstwatch::cli
