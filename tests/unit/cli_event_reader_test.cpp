// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/event_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace rstwatch::cli {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events read_in_pieces(const std::string& text, std::size_t piece) {
    Events events;
    EventReader reader([&](const std::string& event, const std::string& data) { events.emplace_back(event, data); });
    for (std::size_t at = 0; at < text.size(); at += piece) EXPECT_TRUE(reader.read(text.substr(at, piece)));
    return events;
}

TEST(EventReader, TakesEventsOutOfBytesHoweverTheyCome) {
    const std::string text =
        "retry: 2000\n\n:\n\nid: 1\nevent: failure\ndata: {\"a\":1}\n\nevent:x\rdata:two\rdata: lines\r\r"
        "event: nothing\n\ndata\n\nevent: failure\r\ndata:  3\r\n\r\nevent: cut\ndata: off";
    const Events expected{{"failure", "{\"a\":1}"}, {"x", "two\nlines"}, {"failure", " 3"}};
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) EXPECT_EQ(read_in_pieces(text, piece), expected) << piece;
}

TEST(EventReader, WhatNeverEndsIsNoDaemon) {
    EventReader reader([](const std::string&, const std::string&) {});
    const std::string much(1 << 19, 'x');
    EXPECT_TRUE(reader.read(much));
    EXPECT_TRUE(reader.read(much));
    EXPECT_FALSE(reader.read("xx"));
}

}  // namespace
}  // namespace rstwatch::cli
