// SPDX-License-Identifier: Apache-2.0
#include "control/http/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "control/http/problem.h"
#include "control/http/router.h"
#include "tests/unit/http_test_client.h"

namespace rstwatch::control::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::body_of;
using test::Client;
using test::patience;
using test::soon;
using test::status_line;

Router routes() {
    Router router;
    router.get("/livez", {}, [](const Request&) { return Response{.content_type = "text/plain", .body = "ok\n"}; });
    router.get("/api/v1/top", {"n"},
               [](const Request&) { return Response{.body = "{\"rows\":[]}", .etag = "interval-7"}; });
    router.post("/api/v1/alerts/{id}/acknowledge", [](const Request& request) {
        return Response{.body = request.path_values.at("id") + " " + request.body};
    });
    router.get("/throws", {}, [](const Request&) -> Response { throw std::runtime_error("no interval yet"); });
    router.get("/large", {}, [large = std::make_shared<const std::string>(32U << 20, 'x')](const Request&) {
        return Response{.content_type = "text/plain", .body = large};
    });
    return router;
}

class HttpServer : public testing::Test {
  protected:
    void start(Limits limits = {}, std::string socket = {}) {
        server_ = std::make_unique<Server>(
            Options{.listen = "127.0.0.1:0", .socket = std::move(socket), .limits = limits}, routes());
        const auto error = server_->start();
        ASSERT_FALSE(error) << error->message;
        ASSERT_NE(server_->port(), 0);
    }

    Client client(const char* source = "127.0.0.1") const { return Client::over_tcp(server_->port(), source); }

    /// What a request of these bytes is answered with, from a connection of its own.
    std::string ask(std::string_view bytes) const {
        auto asking = client();
        asking.send(bytes);
        return asking.read_response();
    }

    std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, AnswersAndKeepsTheConnection) {
    start();
    auto keeping = client();
    const auto response = keeping.get("/livez");
    EXPECT_EQ(status_line(response), "HTTP/1.1 200 OK");
    EXPECT_EQ(body_of(response), "ok\n");
    EXPECT_NE(response.find("X-Content-Type-Options: nosniff\r\n"), std::string::npos);
    EXPECT_NE(response.find("Cache-Control: no-store\r\n"), std::string::npos);
    EXPECT_EQ(body_of(keeping.get("/api/v1/top?n=3")), "{\"rows\":[]}");
    const auto counters = server_->counters();
    EXPECT_EQ(counters.connections, 1U);
    EXPECT_EQ(counters.active, 1U);
    EXPECT_EQ(counters.requests, 2U);
}

TEST_F(HttpServer, ClosesWhenAskedTo) {
    start();
    auto closing = client();
    closing.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    EXPECT_NE(closing.read_to_end().find("Connection: close\r\n"), std::string::npos);
    auto old = client();
    old.send("GET /livez HTTP/1.0\r\n\r\n");
    EXPECT_EQ(body_of(old.read_to_end()), "ok\n");
}

TEST_F(HttpServer, HeadHasTheHeadersAndNoContent) {
    start();
    auto asking = client();
    asking.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const auto response = asking.read_to_end();
    EXPECT_EQ(status_line(response), "HTTP/1.1 200 OK");
    EXPECT_NE(response.find("Content-Length: 3\r\n"), std::string::npos);
    EXPECT_EQ(body_of(response), "");
}

TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
    start();
    auto pipelining = client();
    std::string requests;
    for (int i = 0; i < 100; ++i)
        requests +=
            std::string("GET ") + (i % 2 == 0 ? "/livez" : "/api/v1/top") + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    pipelining.send(requests);
    for (int i = 0; i < 100; ++i)
        ASSERT_EQ(body_of(pipelining.read_response()), i % 2 == 0 ? "ok\n" : "{\"rows\":[]}") << i;
}

TEST_F(HttpServer, AnUnchangedDocumentIsNotSentAgain) {
    start();
    auto asking = client();
    EXPECT_NE(asking.get("/api/v1/top").find("ETag: \"interval-7\"\r\n"), std::string::npos);
    asking.send("GET /api/v1/top HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"interval-7\"\r\n\r\n");
    const auto response = asking.read_response();
    EXPECT_EQ(status_line(response), "HTTP/1.1 304 Not Modified");
    EXPECT_EQ(body_of(response), "");
    EXPECT_EQ(status_line(asking.get("/livez")), "HTTP/1.1 200 OK") << "the connection is still in step";
}

TEST_F(HttpServer, MistakesAreAnsweredWithProblems) {
    start();
    const std::vector<std::pair<std::string, int>> mistakes{
        {"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404},
        {"DELETE /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
        {"GET /livez?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"GET /livez HTTP/1.1\r\n\r\n", 400},
        {"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
        {"GET /livez HTTP/3.7\r\n\r\n", 400},
        {"\x16\x03\x01\x02 a TLS client hello\r\n\r\n", 400},
        {"GET /throws HTTP/1.1\r\nHost: localhost\r\n\r\n", 500},
        {"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n", 413},
        {"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
    };
    for (const auto& [request, status] : mistakes) {
        const auto response = ask(request);
        EXPECT_NE(response.find("Content-Type: application/problem+json\r\n"), std::string::npos) << response;
        const auto problem = nlohmann::json::parse(body_of(response));
        EXPECT_EQ(problem["status"], status) << problem;
        EXPECT_FALSE(problem["detail"].get<std::string>().empty());
    }
    EXPECT_NE(ask("DELETE /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").find("Allow: GET, HEAD, OPTIONS\r\n"),
              std::string::npos);
    EXPECT_NE(ask("GET /throws HTTP/1.1\r\nHost: localhost\r\n\r\n").find("no interval yet"), std::string::npos);
}

std::string acknowledge(const std::string& headers, const std::string& body = {}) {
    return "POST /api/v1/alerts/7/acknowledge HTTP/1.1\r\nHost: localhost:8074\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST_F(HttpServer, APostReachesItsHandlerWithItsContent) {
    start();
    auto posting = client();
    posting.send(acknowledge("Content-Type: application/json; charset=utf-8\r\n", "{\"by\": 1}"));
    EXPECT_EQ(body_of(posting.read_response()), "7 {\"by\": 1}");
    posting.send(acknowledge(""));
    EXPECT_EQ(body_of(posting.read_response()), "7 ");
    posting.send("POST /api/v1/alerts/%5B2001:db8::1%5D:443/acknowledge HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(body_of(posting.read_response()), "[2001:db8::1]:443 ") << "without a length there is no content";
    posting.send(
        "POST /api/v1/alerts/[::1]:1/acknowledge HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    EXPECT_EQ(body_of(posting.read_response()), "[::1]:1 {}");
}

TEST_F(HttpServer, WhatAPageElsewhereMayPostIsRefused) {
    start();
    const std::vector<std::pair<std::string, std::string>> posts{
        {acknowledge("Origin: http://evil.example\r\n"), "403 Forbidden"},
        {acknowledge("Origin: null\r\n"), "403 Forbidden"},
        {acknowledge("Origin: http://localhost:3000\r\n"), "403 Forbidden"},
        {acknowledge("Sec-Fetch-Site: cross-site\r\n"), "403 Forbidden"},
        {acknowledge("Sec-Fetch-Site: same-site\r\n"), "403 Forbidden"},
        {acknowledge("Content-Type: application/x-www-form-urlencoded\r\n"), "415 Unsupported Media Type"},
        {acknowledge("Content-Type: text/plain\r\n", "{}"), "415 Unsupported Media Type"},
        {acknowledge("", "{}"), "415 Unsupported Media Type"},
        {acknowledge("Content-Type: application/json\r\n", std::string(1025, ' ')), "413 Content Too Large"},
        {acknowledge("Origin: http://localhost:8074\r\nSec-Fetch-Site: same-origin\r\n"), "200 OK"},
        {acknowledge("Origin: http://LOCALHOST:8074\r\n"), "200 OK"},
    };
    for (const auto& [request, expected] : posts)
        EXPECT_EQ(status_line(ask(request)), "HTTP/1.1 " + expected) << request;
    EXPECT_EQ(status_line(ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n")),
              "HTTP/1.1 200 OK")
        << "what changes nothing does not matter, and no page can read it";
}

TEST_F(HttpServer, OptionsNamesTheMethods) {
    start();
    const auto options = ask("OPTIONS /api/v1/alerts/7/acknowledge HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(status_line(options), "HTTP/1.1 204 No Content");
    EXPECT_NE(options.find("Allow: POST, OPTIONS\r\n"), std::string::npos) << options;
    EXPECT_EQ(options.find("Access-Control"), std::string::npos) << "no page elsewhere is let in";
    const auto wrong = ask("GET /api/v1/alerts/7/acknowledge HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(status_line(wrong), "HTTP/1.1 405 Method Not Allowed");
    EXPECT_NE(wrong.find("Allow: POST, OPTIONS\r\n"), std::string::npos) << wrong;
}

TEST_F(HttpServer, ASmallBodyIsReadAndIgnored) {
    start();
    auto asking = client();
    asking.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody");
    EXPECT_EQ(body_of(asking.read_response()), "ok\n");
    EXPECT_EQ(body_of(asking.get("/livez")), "ok\n");
}

TEST_F(HttpServer, ANameThatIsNotOursIsMisdirected) {
    start();
    EXPECT_EQ(status_line(ask("GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n")),
              "HTTP/1.1 421 Misdirected Request");
    EXPECT_EQ(status_line(ask("GET http://evil.example/livez HTTP/1.1\r\nHost: localhost\r\n\r\n")),
              "HTTP/1.1 421 Misdirected Request");
    EXPECT_EQ(status_line(ask("GET /livez HTTP/1.1\r\nHost: 127.0.0.1:9999\r\n\r\n")), "HTTP/1.1 200 OK");
    EXPECT_EQ(status_line(ask("GET /livez HTTP/1.1\r\nHost: [::1]\r\n\r\n")), "HTTP/1.1 200 OK");
}

TEST_F(HttpServer, ADripFeedingClientIsCut) {
    start({.request_deadline = soon});
    const auto began = steady_clock::now();  // the deadline begins when the connection does
    auto dripping = client();
    const std::string request = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(8000, 'x');
    for (std::size_t i = 0; i < request.size() && !dripping.wait_for(POLLIN, milliseconds(10)); ++i)
        if (!dripping.send(request.substr(i, 1))) break;
    EXPECT_GE(steady_clock::now() - began, soon);
    EXPECT_EQ(status_line(dripping.read_to_end()), "HTTP/1.1 408 Request Timeout");
    EXPECT_EQ(server_->counters().timeouts, 1U);
}

TEST_F(HttpServer, ASilentClientIsCut) {
    start({.request_deadline = soon});
    EXPECT_EQ(client().read_to_end(), "");
    EXPECT_EQ(server_->counters().timeouts, 1U);
}

TEST_F(HttpServer, AnIdleClientIsCutWithoutBlame) {
    start({.idle_deadline = soon});
    auto idle = client();
    EXPECT_EQ(body_of(idle.get("/livez")), "ok\n");
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_EQ(server_->counters().timeouts, 0U);
}

TEST_F(HttpServer, ASlowReaderIsCut) {
    start({.write_deadline = soon});
    auto slow = Client::over_tcp(server_->port(), "127.0.0.1", 4096);
    slow.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(slow.wait_for(POLLRDHUP)) << "reset without a byte having been read";
    EXPECT_LT(slow.read_to_end().size(), 32U << 20);
    EXPECT_EQ(server_->counters().timeouts, 1U);
}

TEST_F(HttpServer, ALargeResponseArrivesWhole) {
    start();
    auto asking = client();
    EXPECT_EQ(body_of(asking.get("/large")).size(), 32U << 20);
}

TEST_F(HttpServer, AHalfClosedClientIsStillAnswered) {
    start();
    auto asking = client();
    asking.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    asking.end_sending();
    EXPECT_EQ(body_of(asking.read_to_end()), "ok\n");
}

TEST_F(HttpServer, OneAddressMeetsItsCapAndOthersDoNot) {
    start({.max_connections = 5, .max_per_address = 2});
    auto first = client();
    auto second = client();
    EXPECT_EQ(body_of(first.get("/livez")), "ok\n");
    EXPECT_EQ(body_of(second.get("/livez")), "ok\n");

    const auto refused = client().read_to_end();
    EXPECT_EQ(status_line(refused), "HTTP/1.1 429 Too Many Requests");
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(body_of(refused))["limit"], "2");
    EXPECT_EQ(body_of(client("127.0.0.2").get("/livez")), "ok\n");
    EXPECT_EQ(server_->counters().refused_by_cap, 1U);
}

TEST_F(HttpServer, WhenAllPlacesAreTakenTheNextClientIsToldSo) {
    start({.max_connections = 2, .max_per_address = 2});
    auto first = client("127.0.0.2");
    auto second = client("127.0.0.3");
    EXPECT_EQ(body_of(first.get("/livez")), "ok\n");
    EXPECT_EQ(body_of(second.get("/livez")), "ok\n");
    const auto refused = client().read_to_end();
    EXPECT_EQ(status_line(refused), "HTTP/1.1 503 Service Unavailable");
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
}

TEST_F(HttpServer, ARefusedClientThatStaysIsClosed) {
    start({.max_connections = 1, .max_per_address = 1, .write_deadline = soon});
    auto first = client();
    EXPECT_EQ(body_of(first.get("/livez")), "ok\n");
    auto refused = client();
    EXPECT_EQ(status_line(refused.read_response()), "HTTP/1.1 429 Too Many Requests");
    const auto limit = steady_clock::now() + patience;
    while (refused.send("x") && steady_clock::now() < limit) refused.wait_for(POLLERR, milliseconds(10));
    EXPECT_LT(steady_clock::now(), limit) << "the connection was never torn down";
}

TEST_F(HttpServer, StalledClientsDoNotDisturbAnother) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 800) GTEST_SKIP() << "needs 800 descriptors, may have " << files.rlim_cur;
    start({.max_connections = 400, .max_per_address = 300});
    std::vector<Client> stalled;
    for (int i = 0; i < 300; ++i) {
        stalled.push_back(client("127.0.0.2"));
        stalled.back().send(i % 3 == 0   ? ""
                            : i % 3 == 1 ? "GET /liv"
                                         : "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    auto other = client();
    const auto began = steady_clock::now();
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(body_of(other.get("/livez")), "ok\n");
        for (auto& each : stalled) each.send("x");
    }
    EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(10));
    EXPECT_EQ(server_->counters().active, 301U);
}

TEST_F(HttpServer, StopsAtOnceWithStalledClients) {
    start();
    std::vector<Client> stalled;
    for (int i = 0; i < 30; ++i) {
        stalled.push_back(client());
        stalled.back().send(i % 2 == 0 ? "GET /liv" : "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    auto other = client();
    EXPECT_EQ(body_of(other.get("/livez")), "ok\n");
    const auto began = steady_clock::now();
    server_->stop();
    EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(2));
    EXPECT_EQ(other.read_to_end(), "");
    EXPECT_EQ(server_->counters().active, 0U);
    EXPECT_EQ(server_->port(), 0);
    server_->stop();
}

TEST_F(HttpServer, AnAddressInUseNamesThisProcess) {
    start();
    const auto address = "127.0.0.1:" + std::to_string(server_->port());
    Server second({.listen = address}, routes());
    const auto error = second.start();
    ASSERT_TRUE(error);
    EXPECT_NE(error->message.find(address), std::string::npos);
    EXPECT_NE(error->message.find("(pid " + std::to_string(getpid()) + ")"), std::string::npos) << error->message;
    EXPECT_EQ(body_of(client().get("/livez")), "ok\n") << "the first one is unharmed";
}

class HttpServerUnix : public HttpServer {
  protected:
    HttpServerUnix() {
        std::string name = std::filesystem::temp_directory_path() / "rstwatch-http-XXXXXX";
        directory_ = mkdtemp(name.data());
    }
    ~HttpServerUnix() override {
        server_.reset();
        std::filesystem::remove_all(directory_);
    }

    std::string socket() const { return directory_ / "rstwatch.sock"; }

    std::filesystem::path directory_;
};

TEST_F(HttpServerUnix, ServesBothAtOnceAndAnyHostByTheSocket) {
    start({}, socket());
    EXPECT_EQ(body_of(client().get("/livez")), "ok\n");
    auto local = Client::over_unix(socket());
    local.send("GET /livez HTTP/1.1\r\nHost: rstwatch\r\n\r\n");
    EXPECT_EQ(body_of(local.read_response()), "ok\n");
    server_->stop();
    EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(HttpServerUnix, TheCapOfTcpClientsLeavesTheSocketOpen) {
    start({.max_connections = 4, .max_per_address = 2}, socket());
    auto first = client();
    auto second = client();
    EXPECT_EQ(body_of(first.get("/livez")), "ok\n");
    EXPECT_EQ(body_of(second.get("/livez")), "ok\n");
    EXPECT_EQ(body_of(Client::over_unix(socket()).get("/livez")), "ok\n");
}

TEST_F(HttpServerUnix, ALiveSocketIsRefusedAndNothingIsLeftOpen) {
    start({}, socket());
    Server second({.listen = "127.0.0.1:0", .socket = socket()}, routes());
    const auto error = second.start();
    ASSERT_TRUE(error);
    EXPECT_NE(error->message.find("in use by"), std::string::npos) << error->message;
    EXPECT_EQ(second.port(), 0);
    EXPECT_EQ(body_of(Client::over_unix(socket()).get("/livez")), "ok\n");
}

/// Requests that once were valid, with bytes changed, dropped and doubled at random; the seed makes each run the same.
TEST_F(HttpServer, MutatedRequestsNeverHurt) {
    start({.request_deadline = soon, .write_deadline = soon});
    const std::vector<std::string> seeds{
        "GET /api/v1/top?n=3&by=a%20b HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"a\", W/\"b\"\r\n\r\n",
        "POST /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        "GET http://localhost/livez HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
    };
    std::mt19937 random(20261120);
    for (int round = 0; round < 600; ++round) {
        auto request = seeds[random() % seeds.size()];
        for (auto changes = 1 + random() % 8; changes > 0; --changes) {
            const auto at = random() % request.size();
            const auto kind = random() % 3;
            if (kind == 0) request[at] = static_cast<char>(random());
            if (kind == 1 && request.size() > 1) request.erase(at, 1 + random() % 4);
            if (kind == 2) request.insert(at, request.substr(at, random() % 16));
            if (request.empty()) request = "x";
        }
        auto hostile = client();
        hostile.send(request);
        hostile.end_sending();
        hostile.read_to_end();
    }
    EXPECT_EQ(body_of(client().get("/livez")), "ok\n");
}

TEST_F(HttpServer, OtherLimitsHoldForWhoComesAfterwards) {
    start({.max_per_address = 1});
    auto first = client();
    first.get("/livez");
    EXPECT_NE(status_line(ask("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")), "HTTP/1.1 200 OK");
    server_->set_limits({.max_per_address = 2});
    first.get("/livez");  // the thread has taken them over once it answers
    EXPECT_EQ(status_line(ask("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")), "HTTP/1.1 200 OK");
}

}  // namespace
}  // namespace rstwatch::control::http
