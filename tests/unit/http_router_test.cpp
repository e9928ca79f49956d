// SPDX-License-Identifier: Apache-2.0
#include "control/http/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rstwatch::control::http {
namespace {

Router routes() {
    Router router;
    router.get("/api/v1/top", {"n", "by"}, [](const Request& request) { return Response{.body = request.path}; });
    router.get("/livez", {}, [](const Request&) { return Response{.body = "ok"}; });
    return router;
}

Request request_for(std::string method, std::string path) {
    return {.method = std::move(method), .path = std::move(path), .query = {}, .if_none_match = {}, .accept = {}};
}

nlohmann::json problem_of(const Response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    return nlohmann::json::parse(response.body.view());
}

TEST(HttpRouter, FindsTheHandlerForGetAndHead) {
    EXPECT_EQ(routes()(request_for("GET", "/api/v1/top")).body.view(), "/api/v1/top");
    EXPECT_EQ(routes()(request_for("HEAD", "/livez")).status, 200U);
}

TEST(HttpRouter, AnUnknownPathListsTheValidOnes) {
    const auto problem = problem_of(routes()(request_for("GET", "/api/v1/tops")));
    EXPECT_EQ(problem["status"], 404);
    EXPECT_EQ(problem["detail"], "there is no /api/v1/tops; the paths are: /api/v1/top, /livez");
    EXPECT_EQ(problem["instance"], "/api/v1/tops");
    EXPECT_EQ(routes()(request_for("GET", "/livez/")).status, 404U);
    EXPECT_EQ(routes()(request_for("POST", "/nothing")).status, 404U);
}

TEST(HttpRouter, AnotherMethodIsToldWhichOnesServe) {
    const auto response = routes()(request_for("POST", "/livez"));
    EXPECT_EQ(response.status, 405U);
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0], std::make_pair(std::string("Allow"), std::string("GET, HEAD")));
    EXPECT_EQ(problem_of(response)["value"], "POST");
}

TEST(HttpRouter, AnUnknownParameterListsTheValidOnes) {
    auto request = request_for("GET", "/api/v1/top");
    request.query.emplace("windoe", "60s");
    const auto problem = problem_of(routes()(request));
    EXPECT_EQ(problem["status"], 400);
    EXPECT_EQ(problem["detail"], "query parameter \"windoe\" is unknown to /api/v1/top; its parameters are: n, by");
    EXPECT_EQ(problem["limit"], "n, by");

    auto bare = request_for("GET", "/livez");
    bare.query.emplace("x", "");
    EXPECT_EQ(problem_of(routes()(bare))["limit"], "none");
}

}  // namespace
}  // namespace rstwatch::control::http
