// SPDX-License-Identifier: Apache-2.0
#include "control/http/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rstwatch::control::http {
namespace {

Router two_routes() {
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
    EXPECT_EQ(two_routes()(request_for("GET", "/api/v1/top")).body.view(), "/api/v1/top");
    EXPECT_EQ(two_routes()(request_for("HEAD", "/livez")).status, 200U);
}

TEST(HttpRouter, AnUnknownPathListsTheValidOnes) {
    const auto problem = problem_of(two_routes()(request_for("GET", "/api/v1/tops")));
    EXPECT_EQ(problem["status"], 404);
    EXPECT_EQ(problem["detail"], "there is no /api/v1/tops; the paths are: /api/v1/top, /livez");
    EXPECT_EQ(problem["instance"], "/api/v1/tops");
    EXPECT_EQ(two_routes()(request_for("GET", "/livez/")).status, 404U);
    EXPECT_EQ(two_routes()(request_for("POST", "/nothing")).status, 404U);
}

TEST(HttpRouter, AnotherMethodIsToldWhichOnesServe) {
    const auto response = two_routes()(request_for("POST", "/livez"));
    EXPECT_EQ(response.status, 405U);
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0], std::make_pair(std::string("Allow"), std::string("GET, HEAD, OPTIONS")));
    EXPECT_EQ(problem_of(response)["value"], "POST");
}

TEST(HttpRouter, AnUnknownParameterListsTheValidOnes) {
    auto request = request_for("GET", "/api/v1/top");
    request.query.emplace("windoe", "60s");
    const auto problem = problem_of(two_routes()(request));
    EXPECT_EQ(problem["status"], 400);
    EXPECT_EQ(problem["detail"], "query parameter \"windoe\" is unknown to /api/v1/top; its parameters are: n, by");
    EXPECT_EQ(problem["limit"], "n, by");

    auto bare = request_for("GET", "/livez");
    bare.query.emplace("x", "");
    EXPECT_EQ(problem_of(two_routes()(bare))["limit"], "none");
}

Router open_routes() {
    Router router;
    const auto echo = [](const char* name) {
        return [name](const Request& request) {
            std::string text = name;
            for (const auto& [key, value] : request.path_values) text += " " + key + "=" + value;
            return Response{.body = text};
        };
    };
    router.get("/d/{endpoint}", {"n"}, echo("one"));
    router.get("/d/{endpoint}/{part}", {}, echo("part"));
    router.get("/d/top", {}, echo("top"));
    router.get("/d", {}, echo("all"));
    router.post("/d/{endpoint}", echo("posted"));
    return router;
}

TEST(HttpRouter, OpenSegmentsAreHandedOver) {
    const Router router = open_routes();
    const auto answer = [&](const char* path) { return std::string(router(request_for("GET", path)).body.view()); };
    EXPECT_EQ(answer("/d/[2001:db8::1]:443"), "one endpoint=[2001:db8::1]:443");
    EXPECT_EQ(answer("/d/top"), "top") << "spelt out wins over left open";
    EXPECT_EQ(answer("/d"), "all");
    EXPECT_EQ(answer("/d/a/b"), "part endpoint=a part=b");
    EXPECT_EQ(answer("/d/{endpoint}"), "one endpoint={endpoint}");
    for (const char* path : {"/d/", "/d//", "/d/a/", "/d/a/b/c", "/", "//"})
        EXPECT_EQ(router(request_for("GET", path)).status, 404U) << path;
}

TEST(HttpRouter, MethodsOfOnePathAreTogether) {
    const Router router = open_routes();
    EXPECT_EQ(router(request_for("POST", "/d/x")).body.view(), "posted endpoint=x");
    auto with_parameter = request_for("POST", "/d/x");
    with_parameter.query.emplace("n", "1");
    EXPECT_EQ(router(with_parameter).status, 400U) << "n is a parameter of GET";
    const auto put = router(request_for("PUT", "/d/x"));
    EXPECT_EQ(put.status, 405U);
    EXPECT_EQ(put.headers.at(0).second, "GET, HEAD, POST, OPTIONS");
    const auto options = router(request_for("OPTIONS", "/d/x"));
    EXPECT_EQ(options.status, 204U);
    EXPECT_EQ(options.headers.at(0).second, "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(router(request_for("OPTIONS", "/nothing")).status, 404U);
}

}  // namespace
}  // namespace rstwatch::control::http
