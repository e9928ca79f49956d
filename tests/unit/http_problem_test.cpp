// SPDX-License-Identifier: Apache-2.0
#include "control/http/problem.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rstwatch::control::http {
namespace {

TEST(HttpProblem, CarriesObjectValueLimitAndRemedy) {
    const auto response = to_response({.status = 400,
                                       .detail = "n is 0",
                                       .type = std::string(parameter_problem),
                                       .title = "Out of range",
                                       .object = "n",
                                       .value = "0",
                                       .limit = "1 to 10",
                                       .remedy = "give 1",
                                       .instance = "/api/v1/top"});
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto document = nlohmann::json::parse(response.body.view());
    EXPECT_EQ(document, nlohmann::json::parse(R"({"type":"urn:rstwatch:problem:query-parameter",
        "title":"Out of range","status":400,"detail":"n is 0","object":"n","value":"0","limit":"1 to 10",
        "remedy":"give 1","instance":"/api/v1/top"})"));
}

TEST(HttpProblem, LeavesEmptyMembersOutAndTakesTheTitleFromTheStatus) {
    const auto document = nlohmann::json::parse(to_response({.status = 404}).body.view());
    EXPECT_EQ(document, nlohmann::json::parse(R"({"type":"about:blank","title":"Not Found","status":404})"));
}

TEST(HttpProblem, ControlCharactersAreEscaped) {
    const auto response = to_response({.detail = "\x1B \x7F \xC2\x9B \xC2\xA0"});
    EXPECT_NE(response.body.view().find("\\u001b \\u007f \\u009b \xC2\xA0"), std::string_view::npos)
        << response.body.view();
}

TEST(HttpProblem, AnyBytesMakeValidJson) {
    const auto response = to_response({.detail = "quote \" slash \\ line\nescape \x1B bad \xFF\xC3 good \xC3\xA9"});
    const auto document = nlohmann::json::parse(response.body.view());
    EXPECT_EQ(document["detail"], "quote \" slash \\ line\nescape \x1B bad \xEF\xBF\xBD\xEF\xBF\xBD good \xC3\xA9");
}

}  // namespace
}  // namespace rstwatch::control::http
