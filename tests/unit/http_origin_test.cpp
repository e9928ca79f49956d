// SPDX-License-Identifier: Apache-2.0
#include "control/http/origin.h"

#include <gtest/gtest.h>

namespace rstwatch::control::http {
namespace {

TEST(HttpOrigin, ProgramsSayNothingAndAreNoPage) {
    EXPECT_TRUE(is_same_origin("", "", "localhost:8074"));
}

TEST(HttpOrigin, OurOwnPageMay) {
    EXPECT_TRUE(is_same_origin("http://localhost:8074", "same-origin", "localhost:8074"));
    EXPECT_TRUE(is_same_origin("http://[::1]:8074", "", "[::1]:8074"));
    EXPECT_TRUE(is_same_origin("", "none", "localhost:8074"));
}

TEST(HttpOrigin, EveryOtherPageMayNot) {
    for (const char* origin : {"http://evil.example", "null", "http://localhost", "http://localhost:80740",
                               "https://localhost:8074", "localhost:8074", "http://localhost:8074.evil.example"})
        EXPECT_FALSE(is_same_origin(origin, "", "localhost:8074")) << origin;
    for (const char* site : {"cross-site", "same-site", "nonsense"})
        EXPECT_FALSE(is_same_origin("http://localhost:8074", site, "localhost:8074")) << site;
}

}  // namespace
}  // namespace rstwatch::control::http
