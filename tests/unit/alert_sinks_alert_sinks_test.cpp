// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/alert_sinks.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/alert/engine.h"
#include "control/export/sink_json.h"
#include "control/http/file_descriptor.h"
#include "tests/unit/alert_test_data.h"

namespace rstwatch::control {
namespace {

using http::FileDescriptor;
using nlohmann::json;
using std::chrono::milliseconds;
using test::sample_alert;

/// Upper bound for what must happen at all: reached only when a test fails.
constexpr int patience_ms = 20'000;

bool wait_for_input(int descriptor) {
    pollfd entry{descriptor, POLLIN, 0};
    return poll(&entry, 1, patience_ms) == 1;
}

/// Waits until `holds`; true if it does.
bool eventually(const std::function<bool()>& holds) {
    const auto limit = std::chrono::steady_clock::now() + milliseconds(patience_ms);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
}

/// A port of this machine on which a test plays an HTTP server by hand.
class Receiver {
  public:
    Receiver() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        socklen_t length = sizeof address;
        getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port = ntohs(address.sin_port);
    }

    void listen() const { EXPECT_EQ(::listen(socket_.get(), 16), 0); }

    std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + std::to_string(port) + path; }

    /// The next request, which is left unanswered.
    std::string take() {
        if (!wait_for_input(socket_.get())) {
            ADD_FAILURE() << "nobody came";
            return "";
        }
        peer_ = FileDescriptor(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        std::string text;
        std::size_t end = std::string::npos;
        while (end == std::string::npos || text.size() < end) {
            char bytes[4096];
            const auto count = wait_for_input(peer_.get()) ? recv(peer_.get(), bytes, sizeof bytes, 0) : 0;
            if (count <= 0) break;
            text.append(bytes, static_cast<std::size_t>(count));
            const auto head = text.find("\r\n\r\n");
            if (head != std::string::npos) end = head + 4 + std::stoul(text.substr(text.find("Content-Length: ") + 16));
        }
        return text;
    }

    void answer(const std::string& status, const std::string& body = "") {
        const std::string text = "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
                                 "\r\nConnection: close\r\n\r\n" + body;
        EXPECT_EQ(send(peer_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        peer_ = FileDescriptor();
    }

    /// The content of the next request, which is accepted.
    json accept_json() {
        const std::string request = take();
        answer("200 OK");
        return json::parse(request.substr(std::min(request.find("\r\n\r\n") + 4, request.size())), nullptr, false);
    }

    std::uint16_t port = 0;

  private:
    FileDescriptor socket_;
    FileDescriptor peer_;
};

config::Sink webhook(const Receiver& receiver) {
    config::Sink sink;
    sink.webhook = receiver.url("/hook?x=1");
    return sink;
}

config::Sink alertmanager(const Receiver& receiver) {
    config::Sink sink;
    sink.alertmanager = receiver.url();
    return sink;
}

AlertSinks::Options options(std::vector<config::Sink> sinks) {
    AlertSinks::Options options;
    options.sinks = std::move(sinks);
    options.sensor = "tap";
    options.backoff = {milliseconds(1), milliseconds(20)};
    return options;
}

void notify(AlertSinks& sinks, AlertEvent event, const Alert& alert) {
    sinks.notify({event, alert, alert.until.value_or(alert.fired), 0});
}

TEST(AlertSinks, AWebhookGetsWhatHappenedByteForByte) {
    Receiver receiver;
    receiver.listen();
    AlertSinks sinks(options({webhook(receiver)}));
    notify(sinks, AlertEvent::fired, sample_alert());
    const std::string request = receiver.take();
    EXPECT_TRUE(request.starts_with("POST /hook?x=1 HTTP/1.1\r\nHost: " + receiver.url().substr(7) + "\r\n"))
        << request;
    EXPECT_NE(request.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
    EXPECT_TRUE(request.ends_with(
        R"({"event":"fired","alert":{"id":"a1","scope":"service","subject":"10.0.0.9:80","direction":"incoming",)"
        R"("level":"error","peak_level":"error","per_second":2.0,"peak_per_second":2.0,"share":0.0,"failed":0,)"
        R"("since":1795172090.5,"fired":1795172100.5,"until":null,"duration_seconds":10.0,"acknowledged":false,)"
        R"("acknowledged_at":null,"cause":"refused","service":"collector","host":"","clients":3,"nested":[],"baseline":null,)"
        R"("text":"10.0.0.9:80 (collector) refuses 2.00 connections per second"}})"))
        << request;
    receiver.answer("204 No Content");
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).delivered == 1; }));
    EXPECT_EQ(sinks_json(sinks.status()).dump(),
              R"([{"name":"webhook )" + receiver.url("/hook?x=1") +
                  R"(","state":"ok","waiting":0,"delivered":1,"failed":0,"dropped":0,"last_error":null}])");
}

TEST(AlertSinks, OneThatRefusesConnectionsIsToldTheNewestStateLater) {
    Receiver receiver;  // bound, and nobody listens
    AlertSinks sinks(options({webhook(receiver)}));
    notify(sinks, AlertEvent::fired, sample_alert("a"));
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).failed >= 3; })) << "it is tried again";
    EXPECT_TRUE(sinks.status().at(0).retrying);
    EXPECT_NE(sinks.status().at(0).last_error.find("Connection refused"), std::string::npos);
    Alert worse = sample_alert("a");
    worse.level = worse.peak_level = AlertLevel::critical;
    notify(sinks, AlertEvent::changed, worse);
    notify(sinks, AlertEvent::fired, sample_alert("b"));
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).waiting == 2 || sinks.status().at(0).waiting == 1; }));
    receiver.listen();
    const json first = receiver.accept_json();
    const json second = receiver.accept_json();
    EXPECT_EQ(first.at("event"), "fired");
    EXPECT_EQ(first.at("alert").at("id"), "a");
    EXPECT_EQ(first.at("alert").at("level"), "critical");
    EXPECT_EQ(second.at("alert").at("id"), "b");
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).delivered == 2; }));
    EXPECT_FALSE(sinks.status().at(0).retrying);
}

TEST(AlertSinks, OneThatFailsOrHangsIsTriedAgain) {
    Receiver receiver;
    receiver.listen();
    config::Sink hook = webhook(receiver);
    hook.timeout = 0.1;
    AlertSinks sinks(options({hook}));
    notify(sinks, AlertEvent::fired, sample_alert());
    receiver.take();
    receiver.answer("500 Internal Server Error", "no\ndisk");
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).failed == 1; }));
    EXPECT_EQ(sinks.status().at(0).last_error, "answered 500: no disk");
    receiver.take();  // hangs
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).failed >= 2; }));
    EXPECT_EQ(sinks.status().at(0).last_error, "no answer within 100 ms");
    for (bool accepted = false; !accepted;) {
        receiver.take();
        receiver.answer("200 OK");
        accepted = eventually([&] { return sinks.status().at(0).delivered == 1; });
        ASSERT_TRUE(accepted);
    }
    EXPECT_EQ(sinks.status().at(0).dropped, 0U);
}

TEST(AlertSinks, WhatIsRefusedForGoodIsNotTriedAgain) {
    Receiver receiver;
    receiver.listen();
    AlertSinks sinks(options({webhook(receiver)}));
    notify(sinks, AlertEvent::fired, sample_alert("a"));
    receiver.take();
    receiver.answer("404 Not Found");
    notify(sinks, AlertEvent::fired, sample_alert("b"));
    EXPECT_EQ(receiver.accept_json().at("alert").at("id"), "b");
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).delivered == 1; }));
    EXPECT_EQ(sinks.status().at(0).dropped, 1U);
    EXPECT_EQ(sinks.status().at(0).last_error, "answered 404");
}

/// One hangs, one is full, and the third is told all the same.
TEST(AlertSinks, OneSinkDoesNotHoldUpAnother) {
    Receiver hanging;
    Receiver good;
    hanging.listen();
    good.listen();
    config::Sink full = webhook(hanging);
    full.backlog = 2;
    AlertSinks sinks(options({full, webhook(good)}));
    for (const char* id : {"a", "b", "c", "d", "e"}) {
        notify(sinks, AlertEvent::fired, sample_alert(id));
        EXPECT_EQ(good.accept_json().at("alert").at("id"), id);
    }
    EXPECT_TRUE(eventually([&] { return sinks.status().at(1).delivered == 5; }));
    EXPECT_EQ(sinks.status().at(0).delivered, 0U);
    EXPECT_EQ(sinks.status().at(0).waiting, 2U);
    EXPECT_EQ(sinks.status().at(0).dropped, 2U) << "one is under way, two wait";
}

TEST(AlertSinks, TheMinimumLevelIsThatOnceReached) {
    Receiver receiver;
    receiver.listen();
    config::Sink hook = webhook(receiver);
    hook.minimum_level = "critical";
    AlertSinks sinks(options({hook}));
    notify(sinks, AlertEvent::fired, sample_alert("mild"));
    Alert grave = sample_alert("grave");
    grave.peak_level = AlertLevel::critical;
    notify(sinks, AlertEvent::changed, grave);
    const json told = receiver.accept_json();
    EXPECT_EQ(told.at("alert").at("id"), "grave");
    EXPECT_EQ(told.at("alert").at("level"), "error") << "it is less grave by now, and that is news";
}

TEST(AlertSinks, AnAlertmanagerGetsLabelsThatStayAndEndsThatFollow) {
    Receiver receiver;
    receiver.listen();
    AlertSinks sinks(options({alertmanager(receiver)}));
    Alert alert = sample_alert();
    notify(sinks, AlertEvent::fired, alert);
    const std::string request = receiver.take();
    receiver.answer("200 OK");
    EXPECT_TRUE(request.starts_with("POST /api/v2/alerts HTTP/1.1\r\n")) << request;
    const json fired = json::parse(request.substr(request.find("\r\n\r\n") + 4));
    EXPECT_EQ(fired, json::parse(R"([{"labels":{"alertname":"RstwatchFailedConnections","severity":"error",
        "scope":"service","direction":"incoming","subject":"10.0.0.9:80","cause":"refused","sensor":"tap"},
        "annotations":{"summary":"10.0.0.9:80 (collector) refuses 2.00 connections per second","id":"a1",
        "service":"collector"},"startsAt":"2026-11-20T10:54:50.500000Z"}])"));

    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).delivered == 1; }));
    alert.level = alert.peak_level = AlertLevel::critical;
    notify(sinks, AlertEvent::changed, alert);
    const json changed = receiver.accept_json();
    ASSERT_EQ(changed.size(), 2U) << changed;
    EXPECT_EQ(changed.at(0).at("labels").at("severity"), "error");
    EXPECT_TRUE(changed.at(0).contains("endsAt")) << "another severity is another alert: the former one ends";
    EXPECT_EQ(changed.at(1).at("labels").at("severity"), "critical");
    EXPECT_FALSE(changed.at(1).contains("endsAt"));

    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).delivered == 2; }));
    notify(sinks, AlertEvent::cleared, test::cleared(alert));
    const json cleared = receiver.accept_json();
    ASSERT_EQ(cleared.size(), 1U) << cleared;
    EXPECT_EQ(cleared.at(0).at("labels"), changed.at(1).at("labels"));
    EXPECT_EQ(cleared.at(0).at("endsAt"), "2026-11-20T10:56:00.500000Z");
}

TEST(AlertSinks, AnAlertmanagerIsToldAgainWhileAnAlertLasts) {
    Receiver receiver;
    receiver.listen();
    config::Sink sink = alertmanager(receiver);
    sink.repeat = 0.02;  // less than a setting may be
    AlertSinks sinks(options({sink}));
    notify(sinks, AlertEvent::fired, sample_alert("a"));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(receiver.accept_json().at(0).at("annotations").at("id"), "a");
    notify(sinks, AlertEvent::cleared, test::cleared(sample_alert("a")));
    while (!receiver.accept_json().at(0).contains("endsAt")) {
    }
    notify(sinks, AlertEvent::fired, sample_alert("b"));
    const json next = receiver.accept_json();
    ASSERT_EQ(next.size(), 1U) << "what has ended is not repeated";
    EXPECT_EQ(next.at(0).at("annotations").at("id"), "b");
}

/// An Alertmanager takes what it is not told again for over: the first thing to do after a restart.
TEST(AlertSinks, AnAlertmanagerIsToldAgainAfterARestart) {
    Receiver receiver;
    receiver.listen();
    config::Sink sink = alertmanager(receiver);
    sink.repeat = 0.02;
    AlertSinks sinks(options({sink}));
    AlertEngine engine({}, true, {}, [&](AlertEvent event, const Alert& alert) { notify(sinks, event, alert); });
    engine.restore(sample_alert("kept"));
    engine.restore(test::cleared(sample_alert("over")));
    for (int i = 0; i < 3; ++i) {
        const json told = receiver.accept_json();
        ASSERT_EQ(told.size(), 1U) << told;
        EXPECT_EQ(told.at(0).at("annotations").at("id"), "kept");
        EXPECT_EQ(told.at(0).at("labels").at("severity"), "error");
        EXPECT_EQ(told.at(0).at("startsAt"), "2026-11-20T10:54:50.500000Z");
        EXPECT_FALSE(told.at(0).contains("endsAt"));
    }
}

TEST(AlertSinks, AnAlertmanagerTakesManyAtOnce) {
    Receiver receiver;
    AlertSinks sinks(options({alertmanager(receiver)}));
    for (int i = 0; i < 100; ++i) notify(sinks, AlertEvent::fired, sample_alert(std::to_string(i)));
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).waiting == 100; }));
    receiver.listen();
    EXPECT_EQ(receiver.accept_json().size(), 64U);
    EXPECT_EQ(receiver.accept_json().size(), 36U);
}

/// A socket like /dev/log.
class DatagramReceiver {
  public:
    DatagramReceiver() {
        std::string name = std::filesystem::temp_directory_path() / "rstwatch-sinks-XXXXXX";
        directory_ = mkdtemp(name.data());
    }
    ~DatagramReceiver() { std::filesystem::remove_all(directory_); }

    std::string path() const { return directory_ / "log"; }

    void open() {
        socket_ = FileDescriptor(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }

    std::string take() const {
        char bytes[8192];
        const auto count = wait_for_input(socket_.get()) ? recv(socket_.get(), bytes, sizeof bytes, 0) : 0;
        return {bytes, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }

  private:
    std::filesystem::path directory_;
    FileDescriptor socket_;
};

TEST(AlertSinks, SyslogIsReachedWhenItComes) {
    DatagramReceiver log;
    config::Sink sink;
    sink.syslog = "unix:" + log.path();
    AlertSinks sinks(options({sink}));
    notify(sinks, AlertEvent::fired, sample_alert());
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).failed >= 1; }));
    EXPECT_NE(sinks.status().at(0).last_error.find(log.path()), std::string::npos);
    log.open();
    const std::string message = log.take();
    EXPECT_TRUE(message.starts_with("<27>1 2026-11-20T10:55:00.500000Z tap rstwatchd ")) << message;
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).delivered == 1; }));
}

TEST(AlertSinks, SyslogGoesByUdpToo) {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    socklen_t length = sizeof address;
    getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length);
    config::Sink sink;
    // A name, so that it is looked up.
    sink.syslog = "udp://localhost:" + std::to_string(ntohs(address.sin_port));
    AlertSinks sinks(options({sink}));
    notify(sinks, AlertEvent::fired, sample_alert());
    ASSERT_TRUE(wait_for_input(socket.get()));
    char bytes[4096];
    const auto count = recv(socket.get(), bytes, sizeof bytes, 0);
    EXPECT_TRUE(std::string_view(bytes, static_cast<std::size_t>(count)).starts_with("<27>1 "));
}

TEST(AlertSinks, TheJournalGetsEntries) {
    DatagramReceiver journal;
    journal.open();
    config::Sink sink;
    sink.journal = true;
    auto with_socket = options({sink});
    with_socket.journal_socket = journal.path();
    AlertSinks sinks(with_socket);
    notify(sinks, AlertEvent::fired, sample_alert());
    EXPECT_NE(journal.take().find("\nRSTWATCH_SUBJECT=10.0.0.9:80\n"), std::string::npos);
}

TEST(AlertSinks, StoppingDeliversWhatWaitsAndGivesUpOnTheRest) {
    Receiver good;
    Receiver hanging;
    Receiver refusing;
    good.listen();
    hanging.listen();
    auto slow = options({webhook(good), webhook(hanging), webhook(refusing)});
    slow.backoff = {std::chrono::hours(1), std::chrono::hours(1)};
    AlertSinks sinks(slow);
    for (const char* id : {"a", "b", "c"}) notify(sinks, AlertEvent::fired, sample_alert(id));
    std::thread receiving([&] {
        for (const char* id : {"a", "b", "c"}) EXPECT_EQ(good.accept_json().at("alert").at("id"), id);
    });
    const auto began = std::chrono::steady_clock::now();
    sinks.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10)) << "not for as long as it hangs";
    receiving.join();
    EXPECT_EQ(sinks.status().at(0).delivered, 3U);
    EXPECT_EQ(sinks.status().at(1).delivered, 0U);
    sinks.stop();
    notify(sinks, AlertEvent::fired, sample_alert("late"));
}

TEST(AlertSinks, StoppingIsQuickWhenNothingWaits) {
    Receiver receiver;
    AlertSinks sinks(options({webhook(receiver)}));
    sinks.stop();
    AlertSinks none(options({}));
    notify(none, AlertEvent::fired, sample_alert());
    none.stop();
    EXPECT_TRUE(none.status().empty());
}

TEST(AlertSinks, WhatFindsNoRoomOnItsWayIsCounted) {
    Receiver receiver;
    auto tiny = options({webhook(receiver)});
    tiny.queue = 1;
    AlertSinks sinks(tiny);
    constexpr std::uint64_t notices = 20'000;
    for (std::uint64_t i = 0; i < notices; ++i) notify(sinks, AlertEvent::changed, sample_alert());
    EXPECT_TRUE(eventually([&] { return sinks.status().at(0).dropped > 0; }));
}

AlertNotice lasting(const Alert& alert) {
    return {AlertEvent::resumed, alert, alert.fired, 0};
}

TEST(AlertSinks, ASinkThatIsAddedIsToldWhatLastsAndOneThatStaysIsNot) {
    Receiver stays, added;
    stays.listen();
    added.listen();
    AlertSinks sinks(options({webhook(stays)}));
    notify(sinks, AlertEvent::fired, sample_alert());
    EXPECT_EQ(stays.accept_json()["event"], "fired");
    sinks.replace({webhook(stays), webhook(added)}, "tap", {lasting(sample_alert())});
    EXPECT_EQ(added.accept_json()["event"], "resumed");
    notify(sinks, AlertEvent::changed, sample_alert());
    EXPECT_EQ(stays.accept_json()["event"], "changed");
    EXPECT_EQ(added.accept_json()["event"], "changed");
    const auto status = sinks.status();
    ASSERT_EQ(status.size(), 2U);
    EXPECT_TRUE(eventually([&] { return sinks.status()[0].delivered == 2 && sinks.status()[1].delivered == 2; }));
}

TEST(AlertSinks, WhereThereWereNoneThereCanBeSomeAndTheOtherWayRound) {
    Receiver receiver;
    receiver.listen();
    AlertSinks sinks(options({}));
    sinks.replace({webhook(receiver)}, "tap", {});
    notify(sinks, AlertEvent::fired, sample_alert());
    EXPECT_EQ(receiver.accept_json()["event"], "fired");
    sinks.replace({}, "tap", {});
    EXPECT_TRUE(eventually([&] { return sinks.status().empty(); }));
    sinks.replace({webhook(receiver)}, "tap", {lasting(sample_alert())});
    EXPECT_EQ(receiver.accept_json()["event"], "resumed");
}

TEST(AlertSinks, OneThatIsGivenUpMayFinishItsDelivery) {
    Receiver receiver;
    receiver.listen();
    AlertSinks sinks(options({webhook(receiver)}));
    notify(sinks, AlertEvent::fired, sample_alert());
    receiver.take();
    sinks.replace({}, "tap", {});
    EXPECT_TRUE(eventually([&] { return sinks.status().empty(); }));
    receiver.answer("200 OK");
    sinks.replace({webhook(receiver)}, "tap", {lasting(sample_alert())});
    EXPECT_EQ(receiver.accept_json()["event"], "resumed");
}

// Packet time does not follow a wall clock that is set; an Alertmanager has the wall clock.
TEST(AlertSinks, AnAlertmanagerIsToldTheTimesOfTheWallClock) {
    Receiver receiver;
    receiver.listen();
    AlertSinks sinks(options({alertmanager(receiver)}));
    const Alert alert = sample_alert();
    sinks.notify({AlertEvent::fired, alert, alert.fired, 0});
    const std::string before = receiver.accept_json()[0]["startsAt"];
    sinks.notify({AlertEvent::changed, alert, alert.fired, 3600 * 1'000'000LL});
    const std::string after = receiver.accept_json()[0]["startsAt"];
    EXPECT_EQ(before.substr(0, 11), after.substr(0, 11));
    EXPECT_EQ(std::stoi(after.substr(11, 2)), (std::stoi(before.substr(11, 2)) + 1) % 24) << before << ' ' << after;
    EXPECT_EQ(before.substr(13), after.substr(13));
}

}  // namespace
}  // namespace rstwatch::control
