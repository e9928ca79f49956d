// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/wrap.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tools/rstwatch/output.h"

namespace rstwatch::cli {
namespace {

using Lines = std::vector<std::string>;

TEST(CliWrap, BreaksAtBlanksAndLeavesNothingOut) {
    EXPECT_EQ(wrapped("one two three", 8), (Lines{"one two", "three"}));
    EXPECT_EQ(wrapped("one two three", 7), (Lines{"one two", "three"}));
    EXPECT_EQ(wrapped("one two three", 13), (Lines{"one two three"}));
    EXPECT_EQ(wrapped("one  two", 4), (Lines{"one ", "two"}));
    EXPECT_EQ(wrapped("", 4), (Lines{""}));
}

TEST(CliWrap, AWordThatIsTooLongIsBrokenWhereTheLineEnds) {
    EXPECT_EQ(wrapped("[2001:db8::1]:443 x", 8), (Lines{"[2001:db", "8::1]:44", "3 x"}));
    EXPECT_EQ(wrapped("a bcdefgh", 4), (Lines{"a", "bcde", "fgh"}));
}

TEST(CliWrap, CountsCharactersNotBytes) {
    EXPECT_EQ(wrapped("±±± ±±±", 3), (Lines{"±±±", "±±±"}));
    EXPECT_EQ(wrapped("±±±±", 3), (Lines{"±±±", "±"}));
}

TEST(CliWrap, NoWidthIsNoLimit) {
    EXPECT_EQ(wrapped("one two three", 0), (Lines{"one two three"}));
}

TEST(CliWrap, TextIsIndentedAsItsFirstLineBegins) {
    std::ostringstream text;
    Output out(text, true, false, 30);
    out.text("since     ", "15:13:13, for 4 min 12 s, last seen");
    EXPECT_EQ(text.str(), "since     15:13:13, for 4 min\n          12 s, last seen\n");
}

TEST(CliWrap, WhereNothingFitsBesideItTextGoesBelow) {
    std::ostringstream text;
    Output out(text, true, true, 25);
    out.text("since     ", "15:13:13, for 4 min 12 s", Style::error, Style::heading);
    EXPECT_EQ(text.str(), "\x1B[1msince     \x1B[0m\n\x1B[31m15:13:13, for 4 min 12 s\x1B[0m\n");
}

}  // namespace
}  // namespace rstwatch::cli
