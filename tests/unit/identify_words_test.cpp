// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/words.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace rstwatch::identify {
namespace {

using namespace std::string_literals;
using Reader = tally::DetailText (*)(Payload);

std::string said(Reader read, const std::string& text) {
    const auto bytes = std::make_unique<std::uint8_t[]>(text.size());
    std::copy(text.begin(), text.end(), bytes.get());
    return std::string(read({bytes.get(), text.size()}).view());
}

TEST(Words, FirstLineIsABanner) {
    EXPECT_EQ(said(first_line, "SSH-2.0-OpenSSH_9.2\r\nmore"), "SSH-2.0-OpenSSH_9.2");
    EXPECT_EQ(said(first_line, "220 ready"), "220 ready");
    EXPECT_EQ(said(first_line, ""), "");
    EXPECT_EQ(said(first_line, "\n"), "");
    EXPECT_EQ(said(first_line, "a\x1b[31mb\n"), "a\x1b[31mb");  // who shows it escapes it
    EXPECT_EQ(said(first_line, std::string(500, 'x')), std::string(tally::DetailText::capacity, 'x'));
}

TEST(Words, HostOfARequest) {
    EXPECT_EQ(said(http_host, "GET / HTTP/1.1\r\nAccept: */*\r\nHOST:  a.example:80 \r\n\r\n"), "Host a.example:80");
    EXPECT_EQ(said(http_host, "GET / HTTP/1.1\nhost: b\n\n"), "Host b");
    EXPECT_EQ(said(http_host, "GET / HTTP/1.1\r\nX-Host: a\r\n\r\nHost: body\r\n"), "");
    EXPECT_EQ(said(http_host, "GET / HTTP/1.1\r\nHost: cut.examp"), "");
    EXPECT_EQ(said(http_host, "GET / HTTP/1.1\r\nHost"), "");
    EXPECT_EQ(said(http_host, "\n\n\n"), "");
    EXPECT_EQ(said(http_host, ""), "");
}

TEST(Words, VersionOfADatabase) {
    EXPECT_EQ(said(mysql_version, "\x4a\x00\x00\x00\x0a"s + "8.0.36" + "\x00\x01"s), "8.0.36");
    EXPECT_EQ(said(mysql_version, "\x4a\x00\x00\x00\x0a"s + "8.0.36"), "");
    EXPECT_EQ(said(mysql_version, "\x4a\x00\x00\x00\xff"s + "8.0.36" + "\x00"s), "");
    EXPECT_EQ(said(mysql_version, "\x4a\x00\x00\x00\x0a"s), "");
    EXPECT_EQ(said(mysql_version, ""), "");
}

TEST(Words, TextOfAReset) {
    EXPECT_EQ(said(reset_text, "Go away, blocked by policy 17\r\n"), "Go away, blocked by policy 17");
    EXPECT_EQ(said(reset_text, "\x01\x02\x03"), "");
    EXPECT_EQ(said(reset_text, ""), "");
}

}  // namespace
}  // namespace rstwatch::identify
