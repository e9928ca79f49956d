// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <gtest/gtest.h>

namespace rstwatch::config {
namespace {

TEST(Value, TextIsLeftAsItIs) {
    for (const char* text : {"collector", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", "C:\\x", "\xC2\xA0"})
        EXPECT_EQ(printable(text), text);
}

TEST(Value, WhatATerminalObeysIsEscaped) {
    EXPECT_EQ(printable("a\x1B[2Jb"), "a\\u001b[2Jb");
    EXPECT_EQ(printable(std::string_view("a\0\x7F", 3)), "a\\u0000\\u007f");
    EXPECT_EQ(printable("a\xC2\x9B\x32J"), "a\\u009b2J") << "CSI as one character of C1";
    EXPECT_EQ(printable("\xC2\x80\xC2\x9F"), "\\u0080\\u009f");
}

TEST(Value, BytesThatAreNotUtf8AreEscaped) {
    EXPECT_EQ(printable("\x9B\x32J"), "\\x9b2J") << "CSI to a terminal of eight bits";
    EXPECT_EQ(printable("\xC2"), "\\xc2");
    EXPECT_EQ(printable("\xC0\x9B"), "\\xc0\\x9b") << "overlong";
}

TEST(Value, QuotedTextIsOneThatTomlReads) {
    EXPECT_EQ(quoted("a\"b\\\xC2\x85"), "\"a\\\"b\\\\\\u0085\"");
}

}  // namespace
}  // namespace rstwatch::config
