// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/server_address.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "control/http/socket_path.h"
#include "tools/rstwatch/client.h"

namespace rstwatch::cli {
namespace {

TEST(CliServerAddress, UnderstandsHttpAndUnix) {
    const auto plain = parse_server_address("http://probe.example:9000/");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->host, "probe.example");
    EXPECT_EQ(plain->port, "9000");
    EXPECT_EQ(plain->text, "http://probe.example:9000");
    EXPECT_EQ(parse_server_address("http://localhost")->port, "8074");
    EXPECT_EQ(parse_server_address("http://[::1]:80")->host, "::1");
    EXPECT_EQ(parse_server_address("http://[::1]")->port, "8074");
    EXPECT_EQ(parse_server_address("unix:/run/a b.sock")->socket, "/run/a b.sock");
}

TEST(CliServerAddress, RefusesTheRest) {
    for (const auto* bad :
         {"", "localhost:8074", "https://localhost", "http://", "http://:80", "http://a:", "http://a:x",
          "http://a/path", "http://[::1", "http://[::1]x", "http://[]", "unix:", "http://a b"})
        EXPECT_FALSE(parse_server_address(bad)) << bad;
}

TEST(CliServerAddress, ADaemonOfThisUserIsFoundByDefault) {
    const auto paths = default_socket_paths();
    EXPECT_NE(std::find(paths.begin(), paths.end(), control::http::default_socket_path()), paths.end());
    EXPECT_EQ(default_server_addresses().back().text, "http://127.0.0.1:8074");
}

TEST(CliClient, ParametersArePercentEncoded) {
    EXPECT_EQ(percent_encoded("refused_by-device.1~"), "refused_by-device.1~");
    EXPECT_EQ(percent_encoded("a b&c=\xC3\xA9"), "a%20b%26c%3D%C3%A9");
}

}  // namespace
}  // namespace rstwatch::cli
