// SPDX-License-Identifier: Apache-2.0
#include "control/http/utf8.h"

#include <gtest/gtest.h>

namespace rstwatch::control::http {
namespace {

TEST(HttpUtf8, MeasuresSequencesOfEveryLength) {
    EXPECT_EQ(utf8_sequence_length("a", 0), 1U);
    EXPECT_EQ(utf8_sequence_length("\xC3\xA9", 0), 2U);
    EXPECT_EQ(utf8_sequence_length("\xE2\x82\xAC", 0), 3U);
    EXPECT_EQ(utf8_sequence_length("\xF0\x9F\x98\x80", 0), 4U);
}

TEST(HttpUtf8, RefusesWhatRfc3629Excludes) {
    EXPECT_EQ(utf8_sequence_length("\x80", 0), 0U) << "continuation byte alone";
    EXPECT_EQ(utf8_sequence_length("\xC0\xAF", 0), 0U) << "overlong slash";
    EXPECT_EQ(utf8_sequence_length("\xE0\x80\xAF", 0), 0U) << "overlong slash in three bytes";
    EXPECT_EQ(utf8_sequence_length("\xED\xA0\x80", 0), 0U) << "surrogate";
    EXPECT_EQ(utf8_sequence_length("\xF4\x90\x80\x80", 0), 0U) << "beyond U+10FFFF";
    EXPECT_EQ(utf8_sequence_length("\xE2\x82", 0), 0U) << "cut short";
    EXPECT_EQ(utf8_sequence_length("\xE2\x82z", 0), 0U) << "third byte is none";
    EXPECT_EQ(utf8_sequence_length("\xFF", 0), 0U);
}

TEST(HttpUtf8, PlainTextHasNoControlCharacters) {
    EXPECT_TRUE(is_plain_text(""));
    EXPECT_TRUE(is_plain_text("/api/v1/caf\xC3\xA9"));
    EXPECT_FALSE(is_plain_text(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_plain_text("a\x1B[2J"));
    EXPECT_FALSE(is_plain_text("a\x7F"));
    EXPECT_FALSE(is_plain_text("a\xC2\x9B")) << "CSI as one C1 character";
    EXPECT_TRUE(is_plain_text("a\xC2\xA0"));
    EXPECT_FALSE(is_plain_text("\xFF"));
}

}  // namespace
}  // namespace rstwatch::control::http
