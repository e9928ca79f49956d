// SPDX-License-Identifier: Apache-2.0
#include "control/mailbox.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/readable.h"

namespace rstwatch::control {
namespace {

using test::readable;

TEST(Mailbox, WakesAndHandsOverInOrder) {
    Mailbox<std::string> mailbox(4);
    EXPECT_FALSE(readable(mailbox.descriptor()));
    EXPECT_TRUE(mailbox.send("a"));
    EXPECT_TRUE(mailbox.send("b"));
    EXPECT_TRUE(readable(mailbox.descriptor()));
    std::string all;
    mailbox.receive([&](std::string&& value) { all += value; });
    EXPECT_EQ(all, "ab");
    EXPECT_FALSE(readable(mailbox.descriptor()));
    mailbox.wake();
    EXPECT_TRUE(readable(mailbox.descriptor())) << "to look at something else than letters";
}

TEST(Mailbox, RefusesWhenFullAndLeavesNothingBehind) {
    auto counted = std::make_shared<int>(0);
    {
        Mailbox<std::shared_ptr<int>> mailbox(4);
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(mailbox.send(counted));
        EXPECT_FALSE(mailbox.send(counted));
        EXPECT_EQ(counted.use_count(), 5);
    }
    EXPECT_EQ(counted.use_count(), 1);
}

TEST(Mailbox, NoLetterOfAnotherThreadIsLostOrSleptThrough) {
    Mailbox<std::vector<int>> mailbox(8);
    constexpr int letters = 50'000;
    std::thread sender([&] {
        for (int i = 0; i < letters;) {
            if (mailbox.send(std::vector<int>(3, i)))
                ++i;
            else
                std::this_thread::yield();
        }
    });
    int next = 0;
    while (next < letters) {
        if (!readable(mailbox.descriptor(), 20'000)) break;
        mailbox.receive([&](std::vector<int>&& letter) {
            EXPECT_EQ(letter, std::vector<int>(3, next));
            ++next;
        });
    }
    sender.join();
    EXPECT_EQ(next, letters);
}

}  // namespace
}  // namespace rstwatch::control
