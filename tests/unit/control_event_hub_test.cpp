// SPDX-License-Identifier: Apache-2.0
#include "control/events/event_hub.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/unit/control_test_data.h"
#include "tests/unit/readable.h"

namespace rstwatch::control {
namespace {

using tally::Outcome;
using test::endpoint;
using test::readable;

MergedInterval refusals(std::uint32_t count, std::uint16_t port = 80) {
    test::IntervalData data;
    for (std::uint32_t i = 0; i < count; ++i) data.ended(endpoint(i, 1), endpoint(9, port), Outcome::refused, i);
    return std::move(data.interval);
}

std::string service_of(const tally::Endpoint& server) {
    return server.port == 80 ? "http" : "";
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

/// Everything that the stream has.
std::string drain(http::Stream& stream) {
    std::string text, piece;
    while (!(piece = stream.take()).empty()) text += piece;
    return text;
}

TEST(EventHub, BringsEventsToWhoeverListens) {
    EventHub hub({.streams = 2, .events = 16}, service_of);
    hub.publish(refusals(3));
    EXPECT_FALSE(readable(hub.descriptor())) << "nobody listens";
    const auto stream = hub.subscribe({});
    int woken = 0;
    stream->on_ready([&] { ++woken; });
    EXPECT_EQ(drain(*stream), "retry: 2000\n\n") << "so that the client sees that it has begun";
    hub.publish(refusals(1));
    EXPECT_TRUE(readable(hub.descriptor()));
    hub.deliver();
    EXPECT_FALSE(readable(hub.descriptor()));
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(drain(*stream),
              "id: 1\nevent: failure\ndata: {\"time\":0.0,\"client\":\"10.0.0.0:1\",\"server\":\"10.0.0.9:80\","
              "\"outcome\":\"refused\",\"service\":\"http\"}\n\n");
    EXPECT_EQ(drain(*stream), "");
    EXPECT_EQ(hub.counters().events, 1U);
}

TEST(EventHub, EachHearsWhatItWants) {
    EventHub hub({.streams = 3, .events = 16}, service_of);
    const auto all = hub.subscribe({});
    const auto other_port = hub.subscribe({.server = parse_peer("10.0.0.9:443")});
    const auto alerts = hub.subscribe({.failures = false});
    Alert alert;
    alert.id = "a\n1";
    alert.text = "10.0.0.9:80 refuses";
    hub.publish(refusals(1, 80));
    hub.publish(refusals(1, 443));
    hub.publish({AlertEvent::fired, alert, 5'000'000});
    hub.deliver();
    EXPECT_EQ(count(drain(*all), "\nevent: "), 3U);
    const auto of_port = drain(*other_port);
    EXPECT_EQ(count(of_port, "event: failure"), 1U);
    EXPECT_NE(of_port.find("id: 2\n"), std::string::npos) << of_port;
    EXPECT_NE(of_port.find(":443\""), std::string::npos);
    const auto of_alerts = drain(*alerts);
    EXPECT_EQ(count(of_alerts, "event: "), 1U);
    const auto data = of_alerts.substr(of_alerts.find("data: ") + 6);
    const auto document = nlohmann::json::parse(data.substr(0, data.find('\n')));
    EXPECT_EQ(document.at("event"), "fired");
    EXPECT_EQ(document.at("id"), "a\n1");
    EXPECT_EQ(document.at("duration_seconds"), 5.0);
}

TEST(EventHub, AFullQueueDropsAndSaysHowMany) {
    EventHub hub({.streams = 2, .events = 16}, service_of);
    const auto deaf = hub.subscribe({});
    const auto hearing = hub.subscribe({});
    std::string heard = drain(*hearing);
    for (int i = 0; i < 10; ++i) {
        hub.publish(refusals(8));
        hub.deliver();
        heard += drain(*hearing);
    }
    EXPECT_EQ(count(heard, "event: failure"), 80U);
    EXPECT_EQ(count(heard, "event: dropped"), 0U);
    EXPECT_EQ(hub.counters().dropped, 64U);
    const auto late = drain(*deaf);
    EXPECT_EQ(count(late, "event: failure"), 16U);
    EXPECT_TRUE(late.ends_with("event: dropped\ndata: {\"count\":64}\n\n")) << late;
    hub.publish(refusals(1));
    hub.deliver();
    EXPECT_EQ(count(drain(*deaf), "event: failure"), 1U) << "and then it goes on";
}

TEST(EventHub, TheDropIsToldWhereItHappened) {
    EventHub hub({.streams = 1, .events = 16}, service_of);
    const auto stream = hub.subscribe({});
    hub.publish(refusals(16));
    hub.deliver();
    hub.publish(refusals(1));
    hub.deliver();  // full
    std::string heard = drain(*stream);
    hub.publish(refusals(1));
    hub.deliver();
    heard += drain(*stream);
    EXPECT_NE(heard.find("event: dropped\ndata: {\"count\":1}\n\nid: 18\n"), std::string::npos) << heard;
}

TEST(EventHub, WhatFindsNoRoomOnItsWayIsLostForAll) {
    EventHub hub({.streams = 2, .events = 16}, service_of);
    const auto stream = hub.subscribe({});
    hub.publish(refusals(12));
    hub.publish(refusals(12));
    hub.publish(refusals(12));
    hub.deliver();
    const auto heard = drain(*stream);
    EXPECT_EQ(count(heard, "event: failure"), 16U);
    EXPECT_NE(heard.find("{\"count\":20}"), std::string::npos) << heard;
}

TEST(EventHub, StreamsAreCappedAndPlacesGivenBack) {
    EventHub hub({.streams = 2, .events = 16}, service_of);
    auto first = hub.subscribe({});
    const auto second = hub.subscribe({});
    EXPECT_EQ(hub.subscribe({}), nullptr);
    EXPECT_EQ(hub.counters().refused, 1U);
    EXPECT_EQ(hub.counters().streams, 2U);
    first.reset();
    EXPECT_EQ(hub.counters().streams, 1U);
    EXPECT_NE(hub.subscribe({}), nullptr);
}

/// To be run under ThreadSanitizer, too: one thread publishes, the other delivers, as in the daemon.
TEST(EventHub, TwoThreads) {
    EventHub hub({.streams = 1, .events = 64}, service_of);
    const auto stream = hub.subscribe({});
    constexpr std::size_t intervals = 2'000, each = 8;
    std::thread control([&] {
        for (std::size_t i = 0; i < intervals; ++i) hub.publish(refusals(each));
    });
    std::string heard;
    std::size_t told = 0, dropped = 0;
    while (told + dropped < intervals * each) {
        pollfd entry{hub.descriptor(), POLLIN, 0};
        if (poll(&entry, 1, 20'000) != 1) break;
        hub.deliver();
        heard = drain(*stream);
        told += count(heard, "event: failure");
        constexpr std::string_view before = "event: dropped\ndata: {\"count\":";
        for (auto at = heard.find(before); at != std::string::npos; at = heard.find(before, at + 1))
            dropped += std::stoul(heard.substr(at + before.size()));
    }
    control.join();
    EXPECT_EQ(told + dropped, intervals * each);
}

}  // namespace
}  // namespace rstwatch::control
