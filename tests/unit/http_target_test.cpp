// SPDX-License-Identifier: Apache-2.0
#include "control/http/target.h"

#include <gtest/gtest.h>

namespace rstwatch::control::http {
namespace {

Target parsed(std::string_view raw) {
    auto result = parse_target(raw);
    if (const auto* error = std::get_if<Error>(&result)) {
        ADD_FAILURE() << raw << ": " << error->message;
        return {};
    }
    return std::get<Target>(result);
}

bool refused(std::string_view raw) {
    return std::holds_alternative<Error>(parse_target(raw));
}

TEST(HttpTarget, DecodesPathAndQuery) {
    const auto target = parsed("/api/v1/top%20x?by=client&window=5m&name=a+b%2Bc&flag");
    EXPECT_EQ(target.path, "/api/v1/top x");
    EXPECT_EQ(target.query.at("by"), "client");
    EXPECT_EQ(target.query.at("window"), "5m");
    EXPECT_EQ(target.query.at("name"), "a b+c");
    EXPECT_EQ(target.query.at("flag"), "");
    EXPECT_EQ(target.authority, "");
}

TEST(HttpTarget, APlusSignInAPathIsAPlusSign) {
    EXPECT_EQ(parsed("/a+b").path, "/a+b");
}

TEST(HttpTarget, UnderstandsTheAbsoluteForm) {
    EXPECT_EQ(parsed("http://localhost:8074/livez?x=1").authority, "localhost:8074");
    EXPECT_EQ(parsed("http://localhost:8074/livez?x=1").path, "/livez");
    EXPECT_EQ(parsed("http://localhost").path, "/");
    EXPECT_EQ(parsed("http://localhost?x=1").query.at("x"), "1");
}

TEST(HttpTarget, IgnoresEmptyPairs) {
    EXPECT_EQ(parsed("/a?&x=1&&").query.size(), 1U);
}

TEST(HttpTarget, RefusesWhatCouldMislead) {
    EXPECT_TRUE(refused(""));
    EXPECT_TRUE(refused("*"));
    EXPECT_TRUE(refused("api"));
    EXPECT_TRUE(refused("http:///x"));
    EXPECT_TRUE(refused("/%"));
    EXPECT_TRUE(refused("/%4"));
    EXPECT_TRUE(refused("/%zz"));
    EXPECT_TRUE(refused("/%00"));
    EXPECT_TRUE(refused("/%1b[2J"));
    EXPECT_TRUE(refused("/%ff"));
    EXPECT_TRUE(refused("/a%2fb"));
    EXPECT_TRUE(refused("/a/../b"));
    EXPECT_TRUE(refused("/a/%2e%2e/b"));
    EXPECT_TRUE(refused("/./a"));
    EXPECT_TRUE(refused("/a?x=%0a"));
    EXPECT_TRUE(refused("/a?x=1&x=2"));
}

}  // namespace
}  // namespace rstwatch::control::http
