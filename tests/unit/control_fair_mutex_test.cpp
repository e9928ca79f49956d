// SPDX-License-Identifier: Apache-2.0
#include "control/fair_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace rstwatch::control {
namespace {

TEST(FairMutex, OneAtATime) {
    FairMutex mutex;
    int count = 0;
    const auto add = [&] {
        for (int i = 0; i < 10'000; ++i) {
            const std::lock_guard lock(mutex);
            ++count;
        }
    };
    std::thread one(add), other(add);
    one.join();
    other.join();
    EXPECT_EQ(count, 20'000);
}

TEST(FairMutex, WhoWaitsGetsInThoughTheHolderNeverPauses) {
    FairMutex mutex;
    std::atomic<bool> was_in = false;
    mutex.lock();
    std::thread other([&] {
        const std::lock_guard lock(mutex);
        was_in = true;
    });
    while (!was_in) mutex.let_others_pass();
    mutex.unlock();
    other.join();
}

}  // namespace
}  // namespace rstwatch::control
