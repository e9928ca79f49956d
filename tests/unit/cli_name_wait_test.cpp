// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/name_wait.h"

#include <gtest/gtest.h>

#include <memory>
#include <semaphore>

namespace rstwatch::cli {
namespace {

NameWait::Line line(std::string address, std::string& text) {
    const auto write = [&text, address](const NameOf& name_of) { text += name_or_address(name_of, address) + "\n"; };
    return {{std::move(address)}, write};
}

TEST(CliNameWait, LinesComeInTheirOrderWithTheirNames) {
    std::string text;
    {
        NameWait names([](const std::string& address) { return address == "b" ? "" : "name-of-" + address; });
        for (const char* address : {"a", "b", "a", "c"}) names.add(line(address, text));
    }
    EXPECT_EQ(text, "name-of-a\nb\nname-of-a\nname-of-c\n");
}

TEST(CliNameWait, ALookupThatTakesTooLongLeavesTheAddress) {
    auto gate = std::make_shared<std::counting_semaphore<>>(0);  // the thread that looks up may outlive this
    std::string text;
    {
        NameWait names(
            [gate](const std::string&) {
                gate->acquire();
                return std::string("late");
            },
            {.patience = std::chrono::milliseconds(1), .capacity = 10});
        names.add(line("a", text));
    }
    EXPECT_EQ(text, "a\n");
    gate->release(10);
}

TEST(CliNameWait, WhoeverAddsWaitsWhileThereIsNoRoom) {
    std::string text, expected;
    {
        NameWait names([](const std::string& address) { return address; },
                       {.patience = std::chrono::milliseconds(1000), .capacity = 2});
        for (int i = 0; i < 100; ++i) {
            names.add(line(std::to_string(i), text));
            expected += std::to_string(i) + "\n";
        }
    }
    EXPECT_EQ(text, expected);
}

}  // namespace
}  // namespace rstwatch::cli
