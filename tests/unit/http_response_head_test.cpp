// SPDX-License-Identifier: Apache-2.0
#include "control/http/response_head.h"

#include <gtest/gtest.h>

namespace rstwatch::control::http {
namespace {

const std::chrono::system_clock::time_point some_time{std::chrono::seconds(1795172090)};

TEST(HttpResponseHead, WritesDatesAsHttpHasThem) {
    EXPECT_EQ(http_date(some_time), "Fri, 20 Nov 2026 10:54:50 GMT");
    EXPECT_EQ(http_date(std::chrono::system_clock::time_point()), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(HttpResponseHead, AnnouncesTheContentAndProtectsIt) {
    const auto head = response_head({.body = "12345"}, true, some_time);
    EXPECT_EQ(head,
              "HTTP/1.1 200 OK\r\nDate: Fri, 20 Nov 2026 10:54:50 GMT\r\nConnection: keep-alive\r\n"
              "Content-Type: application/json\r\nContent-Length: 5\r\nCache-Control: no-store\r\n"
              "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; frame-ancestors "
              "'none'\r\nCross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: no-referrer\r\n\r\n");
}

TEST(HttpResponseHead, AnEtagAllowsRevalidation) {
    const auto head = response_head({.body = "1", .etag = "v7"}, false, some_time);
    EXPECT_NE(head.find("ETag: \"v7\"\r\n"), std::string::npos);
    EXPECT_NE(head.find("Cache-Control: no-cache\r\n"), std::string::npos);
    EXPECT_NE(head.find("Connection: close\r\n"), std::string::npos);
}

TEST(HttpResponseHead, AHandlersOwnFieldReplacesTheUsualOne) {
    const auto head = response_head({.headers = {{"cache-control", "max-age=60"}}}, true, some_time);
    EXPECT_NE(head.find("cache-control: max-age=60\r\n"), std::string::npos);
    EXPECT_EQ(head.find("Cache-Control"), std::string::npos);
}

TEST(HttpResponseHead, NotModifiedAnnouncesNoContent) {
    const auto head = response_head({.status = 304, .body = "12345", .etag = "v7"}, true, some_time);
    EXPECT_EQ(head.find("Content-Type: "), std::string::npos);
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    EXPECT_TRUE(has_no_content(304));
    EXPECT_FALSE(has_no_content(200));
}

TEST(HttpResponseHead, EtagsMatchWeaklyAndInLists) {
    EXPECT_TRUE(etag_matches("\"v7\"", "v7"));
    EXPECT_TRUE(etag_matches("W/\"v7\"", "v7"));
    EXPECT_TRUE(etag_matches("\"v6\" , \"v7\"", "v7"));
    EXPECT_TRUE(etag_matches("*", "v7"));
    EXPECT_FALSE(etag_matches("\"v6\"", "v7"));
    EXPECT_FALSE(etag_matches("v7", "v7")) << "an entity tag is quoted";
    EXPECT_FALSE(etag_matches("", "v7"));
    EXPECT_FALSE(etag_matches("*", "")) << "a response without a tag always goes out in full";
    EXPECT_FALSE(etag_matches(",, ,", "v7"));
}

TEST(HttpResponseHead, TagsDifferWhereContentsDo) {
    EXPECT_EQ(etag_of("content"), etag_of("content"));
    EXPECT_NE(etag_of("content"), etag_of("contenu"));
    EXPECT_NE(etag_of(""), "");
    EXPECT_EQ(etag_of("content").find('"'), std::string::npos);
}

}  // namespace
}  // namespace rstwatch::control::http
