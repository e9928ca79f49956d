// SPDX-License-Identifier: Apache-2.0
#include "control/http/stream.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/http/router.h"
#include "control/http/server.h"
#include "tests/unit/http_test_client.h"

namespace rstwatch::control::http {
namespace {

using test::body_of;
using test::Client;
using test::soon;
using test::status_line;

/// What a test has to say to every stream, from a thread that is not the server's.
class Loudspeaker {
  public:
    class Ear : public Stream {
      public:
        explicit Ear(Loudspeaker& speaker) : speaker_(speaker) { speaker_.ears_.push_back(this); }
        ~Ear() override {
            speaker_.ears_.remove(this);
            ++speaker_.gone;
        }
        std::string take() override { return std::exchange(waiting_, {}); }
        std::string heartbeat() override { return "<3"; }
        void on_ready(std::function<void()> ready) override { ready_ = std::move(ready); }

        void hear(const std::string& text) {
            waiting_ = text;  // bounded: what was not taken is lost
            if (ready_) ready_();
        }

      private:
        Loudspeaker& speaker_;
        std::string waiting_;
        std::function<void()> ready_;
    };

    void say(std::string text) {
        {
            const std::lock_guard lock(mutex_);
            text_ = std::move(text);
        }
        const std::uint64_t one = 1;
        EXPECT_EQ(write(wakeup.get(), &one, sizeof one), 8);
    }

    /// On the HTTP thread.
    void deliver() {
        std::uint64_t count = 0;
        EXPECT_EQ(read(wakeup.get(), &count, sizeof count), 8);
        const std::lock_guard lock(mutex_);
        for (auto* ear : ears_) ear->hear(text_);
    }

    FileDescriptor wakeup{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<int> gone = 0;

  private:
    std::list<Ear*> ears_;
    std::mutex mutex_;
    std::string text_;
};

class HttpStream : public testing::Test {
  protected:
    void start(const Limits& limits = {}) {
        Router router;
        router.get("/stream", {}, [this](const Request&) {
            return Response{.content_type = "text/event-stream",
                            .stream = std::make_shared<Loudspeaker::Ear>(speaker_)};
        });
        router.get("/livez", {}, [](const Request&) { return Response{.body = "ok\n"}; });
        server_ = std::make_unique<Server>(Options{.listen = "127.0.0.1:0",
                                                   .limits = limits,
                                                   .wakeup_descriptor = speaker_.wakeup.get(),
                                                   .wakeup = [this] { speaker_.deliver(); }},
                                           router);
        const auto error = server_->start();
        ASSERT_FALSE(error) << error->message;
    }

    Client client(int receive_buffer = 0) const {
        return Client::over_tcp(server_->port(), "127.0.0.1", receive_buffer);
    }

    /// A client whose stream has begun.
    Client listener(int receive_buffer = 0) const {
        auto listening = client(receive_buffer);
        listening.send("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
        head_ = listening.read_until("\r\n\r\n");
        return listening;
    }

    Loudspeaker speaker_;
    std::unique_ptr<Server> server_;
    mutable std::string head_;
};

TEST_F(HttpStream, BeginsAtOnceAndGoesOn) {
    start();
    auto listening = listener();
    EXPECT_EQ(status_line(head_), "HTTP/1.1 200 OK");
    EXPECT_NE(head_.find("Content-Type: text/event-stream\r\n"), std::string::npos) << head_;
    EXPECT_NE(head_.find("Connection: close\r\n"), std::string::npos);
    EXPECT_NE(head_.find("Cache-Control: no-store\r\n"), std::string::npos);
    EXPECT_EQ(head_.find("Content-Length"), std::string::npos);
    for (const char* word : {"first.", "second.", "third."}) {
        speaker_.say(word);
        EXPECT_EQ(listening.read_until("."), word);
    }
}

TEST_F(HttpStream, SilenceIsBrokenByHeartbeats) {
    start({.heartbeat = std::chrono::milliseconds(20)});
    auto listening = listener();
    EXPECT_EQ(listening.read_until("<3"), "<3");
    EXPECT_EQ(listening.read_until("<3"), "<3");
    speaker_.say("word.");
    EXPECT_NE(listening.read_until("word.").find("word."), std::string::npos);
    EXPECT_EQ(listening.read_until("<3"), "<3");
}

TEST_F(HttpStream, HeadHasNoStream) {
    start();
    auto asking = client();
    asking.send("HEAD /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const auto response = asking.read_to_end();
    EXPECT_EQ(status_line(response), "HTTP/1.1 200 OK");
    EXPECT_EQ(body_of(response), "");
    EXPECT_EQ(speaker_.gone, 1);
}

TEST_F(HttpStream, AClientThatLeavesIsForgotten) {
    start({.heartbeat = std::chrono::milliseconds(20)});
    { const auto leaving = listener(); }
    const auto limit = std::chrono::steady_clock::now() + test::patience;
    while (speaker_.gone == 0 && std::chrono::steady_clock::now() < limit) client().get("/livez");
    EXPECT_EQ(speaker_.gone, 1);
    EXPECT_EQ(server_->counters().timeouts, 0U);
}

/// The one that never reads is cut, and meanwhile all others hear every word.
TEST_F(HttpStream, OneThatNeverReadsDisturbsNobody) {
    start({.write_deadline = soon});
    auto deaf = listener(4096);
    std::vector<Client> others;
    for (int i = 0; i < 5; ++i) others.push_back(listener());
    const std::string filler(32 * 1024, 'x');
    int words = 0;
    while (!deaf.wait_for(POLLRDHUP, std::chrono::milliseconds(1)) && words < 20'000) {
        const auto word = std::to_string(++words) + filler + '.';
        speaker_.say(word);
        for (auto& each : others) ASSERT_EQ(each.read_until("."), word);
    }
    EXPECT_LT(words, 20'000) << "the deaf client was never cut";
    EXPECT_EQ(speaker_.gone, 1);
    EXPECT_EQ(server_->counters().timeouts, 1U);
    EXPECT_EQ(body_of(client().get("/livez")), "ok\n");
}

TEST_F(HttpStream, StopsAtOnceWithStreamsUnderWay) {
    start();
    auto deaf = listener(4096);
    auto listening = listener();
    speaker_.say(std::string(1U << 20, 'x') + '.');
    EXPECT_EQ(listening.read_until(".").size(), (1U << 20) + 1);
    server_->stop();
    EXPECT_EQ(speaker_.gone, 2);
    EXPECT_EQ(listening.read_to_end(), "");
}

TEST_F(HttpStream, WhatAClientSaysDuringAStreamHasNoMeaning) {
    start();
    auto listening = listener();
    listening.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n" + std::string(20'000, 'x'));
    speaker_.say("word.");
    EXPECT_EQ(listening.read_until("."), "word.");
}

}  // namespace
}  // namespace rstwatch::control::http
