// SPDX-License-Identifier: Apache-2.0
#include "control/http/parameters.h"

#include <gtest/gtest.h>

#include <array>

namespace rstwatch::control::http {
namespace {

using std::chrono::seconds;

Request request_with(std::string name, std::string value) {
    Request request;
    request.path = "/api/v1/top";
    request.query.emplace(std::move(name), std::move(value));
    return request;
}

constexpr std::array<std::string_view, 2> sides{"client", "destination"};

TEST(HttpParameters, DefaultsServeWhereNothingIsGiven) {
    const Request request;
    Parameters parameters(request);
    EXPECT_EQ(parameters.integer("n", 10, 1, 100), 10);
    EXPECT_EQ(parameters.choice("by", "destination", sides), "destination");
    EXPECT_EQ(parameters.duration("window", seconds(60), seconds(1), seconds(300)), seconds(60));
    EXPECT_FALSE(parameters.problem());
}

TEST(HttpParameters, IntegersHaveARange) {
    for (const auto* good : {"1", "7", "100"}) {
        const auto request = request_with("n", good);
        Parameters parameters(request);
        EXPECT_EQ(parameters.integer("n", 10, 1, 100), std::stoi(good));
        EXPECT_FALSE(parameters.problem());
    }
    for (const auto* bad : {"", "0", "101", "-1", "+5", " 5", "5 ", "5x", "1e2", "99999999999999999999"}) {
        const auto request = request_with("n", bad);
        Parameters parameters(request);
        EXPECT_EQ(parameters.integer("n", 10, 1, 100), 10);
        ASSERT_TRUE(parameters.problem()) << bad;
        EXPECT_EQ(parameters.problem()->status, 400U);
        EXPECT_EQ(parameters.problem()->detail,
                  "query parameter \"n\" is \"" + std::string(bad) + "\"; it must be an integer from 1 to 100");
        EXPECT_EQ(parameters.problem()->value, bad);
        EXPECT_EQ(parameters.problem()->instance, "/api/v1/top");
    }
}

TEST(HttpParameters, TimesAreExactToTheMicrosecond) {
    const std::pair<const char*, std::uint64_t> goods[] = {{"0", 0},
                                                           {"1795172090", 1795172090'000000},
                                                           {"1795172090.5", 1795172090'500000},
                                                           {"1795172090.123456", 1795172090'123456},
                                                           {"1795172090.1234567", 1795172090'123456}};
    for (const auto& [text, microseconds] : goods) {
        const auto request = request_with("from", text);
        Parameters parameters(request);
        EXPECT_EQ(parameters.time("from"), microseconds) << text;
        EXPECT_EQ(parameters.time("to"), std::nullopt);
        EXPECT_FALSE(parameters.problem());
    }
    for (const auto* bad : {"", "-1", "1.", ".5", "1e9", "10:50", "999999999999", "1.5x", "1.-5"}) {
        const auto request = request_with("from", bad);
        Parameters parameters(request);
        EXPECT_EQ(parameters.time("from"), std::nullopt);
        ASSERT_TRUE(parameters.problem()) << bad;
        EXPECT_NE(parameters.problem()->detail.find("seconds since the epoch"), std::string::npos);
    }
}

TEST(HttpParameters, ChoicesAreListed) {
    const auto good = request_with("by", "client");
    Parameters chosen(good);
    EXPECT_EQ(chosen.choice("by", "destination", sides), "client");
    EXPECT_FALSE(chosen.problem());

    const auto bad = request_with("by", "Client");
    Parameters refused(bad);
    EXPECT_EQ(refused.choice("by", "destination", sides), "destination");
    ASSERT_TRUE(refused.problem());
    EXPECT_EQ(refused.problem()->limit, "one of client, destination");
}

TEST(HttpParameters, DurationsHaveAUnitAndARange) {
    const auto read = [](const char* text) {
        const auto request = request_with("window", text);
        Parameters parameters(request);
        const auto value = parameters.duration("window", seconds(-1), seconds(1), seconds(7 * 86400));
        EXPECT_EQ(parameters.problem().has_value(), value == seconds(-1)) << text;
        return value;
    };
    EXPECT_EQ(read("60s"), seconds(60));
    EXPECT_EQ(read("5m"), seconds(300));
    EXPECT_EQ(read("1h"), seconds(3600));
    EXPECT_EQ(read("7d"), seconds(7 * 86400));
    for (const auto* bad : {"", "s", "60", "0s", "8d", "-5m", "1.5h", "5 m", "1w", "9223372036854775807h"})
        EXPECT_EQ(read(bad), seconds(-1)) << bad;
}

TEST(HttpParameters, TheFirstProblemIsKept) {
    auto request = request_with("n", "x");
    request.query.emplace("by", "y");
    Parameters parameters(request);
    parameters.integer("n", 10, 1, 100);
    parameters.choice("by", "client", sides);
    ASSERT_TRUE(parameters.problem());
    EXPECT_EQ(parameters.problem()->object, "query parameter \"n\"");
}

}  // namespace
}  // namespace rstwatch::control::http
