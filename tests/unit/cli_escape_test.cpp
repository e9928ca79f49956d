// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/escape.h"

#include <gtest/gtest.h>

namespace rstwatch::cli {
namespace {

TEST(CliEscape, LeavesTextAlone) {
    EXPECT_EQ(printable("collector 10.0.0.1:7211"), "collector 10.0.0.1:7211");
    EXPECT_EQ(printable("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"), "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
    EXPECT_EQ(printable("C:\\x \\x1b"), "C:\\x \\x1b");
    EXPECT_EQ(printable(""), "");
}

TEST(CliEscape, DisarmsControlCharacters) {
    EXPECT_EQ(printable("a\x1B[2Jb"), "a\\x1b[2Jb");
    EXPECT_EQ(printable("a\nb\rc\td"), "a\\nb\\rc\\td");
    EXPECT_EQ(printable(std::string_view("a\0b\x7F", 4)), "a\\x00b\\x7f");
    EXPECT_EQ(printable("a\xC2\x9B\x32J"), "a\\u009b2J") << "CSI as one C1 character";
}

TEST(CliEscape, DisarmsWhatHidesOrReorders) {
    EXPECT_EQ(printable("abc\xE2\x80\xAE"
                        "def"),
              "abc\\u202edef")
        << "right-to-left override";
    EXPECT_EQ(printable("\xEF\xBB\xBFx\xE2\x80\x8B"), "\\ufeffx\\u200b");
}

TEST(CliEscape, ShowsBytesThatAreNotUtf8) {
    EXPECT_EQ(printable("\xFF\xFE"), "\\xff\\xfe");
    EXPECT_EQ(printable("\xC3"), "\\xc3") << "cut short";
    EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf") << "overlong";
    EXPECT_EQ(printable("\xE0\x80\xAF"), "\\xe0\\x80\\xaf") << "overlong";
    EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "surrogate";
    EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond U+10FFFF";
}

TEST(CliEscape, WidthCountsCharacters) {
    EXPECT_EQ(display_width(""), 0U);
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("1 ±20"), 5U);
}

TEST(CliEscape, RepairsDocuments) {
    EXPECT_EQ(with_valid_utf8("{\"s\":\"a\xFFz\"}"), "{\"s\":\"a\\\\xffz\"}");
    EXPECT_EQ(with_valid_utf8("{\"s\":\"\xC3\xA9\"}"), "{\"s\":\"\xC3\xA9\"}");
}

}  // namespace
}  // namespace rstwatch::cli
