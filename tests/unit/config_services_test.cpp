// SPDX-License-Identifier: Apache-2.0
#include "config/services.h"

#include <gtest/gtest.h>

namespace rstwatch::config {
namespace {

std::string service_errors(const std::string& text) {
    std::string all;
    for (const Diagnostic& error : load_services(text, "own.toml").errors) all += to_string(error) + "\n";
    return all;
}

ServiceLabel only_one(const std::string& key) {
    const ServiceLabels read = load_services('"' + key + "\" = 'x'\n", "own.toml");
    EXPECT_TRUE(read.errors.empty()) << key;
    return read.all.empty() ? ServiceLabel{} : read.all[0];
}

TEST(Services, EndpointsAndPrefixesAreRead) {
    EXPECT_EQ(only_one(":7211").prefix, 0u);
    EXPECT_EQ(only_one("10.0.0.1:7211").prefix, 128u);
    EXPECT_EQ(only_one("10.0.0.1:7211").address[15], 1);
    EXPECT_EQ(only_one("10.1.2.3/8:7211").prefix, 104u);
    EXPECT_EQ(only_one("10.1.2.3/8:7211").address[13], 0);  // what is behind the prefix is no part of it
    EXPECT_EQ(only_one("[2001:db8::1]:443").prefix, 128u);
    EXPECT_EQ(only_one("[2001:db8::]/32:443").prefix, 32u);
    EXPECT_EQ(only_one("[2001:db8::/32]:443").prefix, 32u);
    EXPECT_EQ(only_one("0.0.0.0/0:443").prefix, 96u);
    EXPECT_EQ(only_one("10.0.0.1:7211").port, 7211);
}

TEST(Services, AnAddressWithoutAPortIsAHost) {
    for (const char* key : {"10.0.0.1", "10.0.0.0/24", "[2001:db8::1]", "[2001:db8::]/32", "[2001:db8::/32]"})
        EXPECT_EQ(only_one(key).port, 0u) << key;
    EXPECT_EQ(only_one("10.0.0.1").prefix, 128u);
    EXPECT_EQ(only_one("10.0.0.7/24").prefix, 120u);
    EXPECT_EQ(only_one("10.0.0.7/24").address[15], 0);
    EXPECT_EQ(only_one("[2001:db8::1]").address[0], 0x20);
}

TEST(Services, NamesHaveNothingThatATerminalObeys) {
    for (const char* name : {"a\\u001b[2J", "a\\u009b2J", "a\\u007f", "a\\nb"})
        EXPECT_NE(service_errors("':80' = \"" + std::string(name) + "\"\n").find("is no name"), std::string::npos)
            << name;
    EXPECT_EQ(service_errors("':80' = 'caf\u00e9'\n"), "");
}

TEST(Services, FaultsAreNamedWithTheirPlaces) {
    for (const char* key : {"7211", "", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0:80", "host:80",
                            "10.0.0.0/33:80", "10.0.0.0/x:80", "2001:db8::1:80", "2001:db8::1", "[2001:db8::1:80",
                            "[2001:db8::/129]:80", "10.0.0.0/33", "[2001:db8::1", "[]", "[", "host"})
        EXPECT_EQ(service_errors('"' + std::string(key) + "\" = 'x'\n").substr(0, 13), "own.toml:1:1:") << key;
    EXPECT_EQ(service_errors("':80' = ''\n"),
              "own.toml:1:9: \":80\": \"\" is no name; give a text of 1 to 64 bytes without control characters\n");
    EXPECT_EQ(service_errors("'10.0.0.1/8:80' = 'a'\n'10.0.0.2/8:80' = 'b'\n"),
              "own.toml:2:1: \"10.0.0.2/8:80\": is given twice; keep one\n");
}

TEST(Services, BuiltInOnesAreRight) {
    const ServiceLabels builtin = load_services(builtin_services(), "services.toml");
    EXPECT_TRUE(builtin.errors.empty());
    EXPECT_GT(builtin.all.size(), 150u);
}

}  // namespace
}  // namespace rstwatch::config
