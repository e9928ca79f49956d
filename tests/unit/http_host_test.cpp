// SPDX-License-Identifier: Apache-2.0
#include "control/http/host.h"

#include <gtest/gtest.h>

namespace rstwatch::control::http {
namespace {

TEST(HttpHost, AcceptsLoopbackNamesAndAddressesWithAnyPort) {
    for (const auto* host : {"localhost", "LocalHost:9000", "localhost.", "127.0.0.1", "127.0.0.1:8074", "127.1.2.3",
                             "[::1]", "[::1]:8074", "[0:0:0:0:0:0:0:1]"})
        EXPECT_TRUE(names_loopback(host)) << host;
}

TEST(HttpHost, RefusesEverythingElse) {
    for (const auto* host :
         {"", "example.org", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "0.0.0.0", "[::]", "[::1",
          "[::1]x", "[::1]:x", "localhost:80x", "localhost:123456", "2130706433", "127.1"})
        EXPECT_FALSE(names_loopback(host)) << host;
}

}  // namespace
}  // namespace rstwatch::control::http
