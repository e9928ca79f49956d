// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/name_resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <semaphore>
#include <sstream>
#include <thread>

#include "tools/rstwatch/names.h"

namespace rstwatch::cli {
namespace {

constexpr std::chrono::seconds patience{20};

TEST(CliNameResolver, NamesAreKnownOnceTheyWereLookedUp) {
    std::atomic<int> arrived = 0;
    std::atomic<int> lookups = 0;
    NameResolver resolver([&] { ++arrived; },
                          [&](const std::string& address) {
                              ++lookups;
                              return address == "10.0.0.1" ? std::string("collector") : std::string();
                          });
    EXPECT_EQ(resolver.name_of("10.0.0.1"), "");
    EXPECT_EQ(resolver.name_of("10.0.0.2"), "");
    resolver.settle(patience);
    EXPECT_EQ(resolver.name_of("10.0.0.1"), "collector");
    EXPECT_EQ(resolver.name_of("10.0.0.2"), "");
    resolver.settle(patience);
    EXPECT_EQ(arrived, 1);
    EXPECT_EQ(lookups, 2) << "that there is no name is remembered, too";
}

TEST(CliNameResolver, NobodyWaitsForALookup) {
    // Owned by the threads as well, which outlive the resolver here.
    auto gate = std::make_shared<std::counting_semaphore<>>(0);
    auto arrived = std::make_shared<std::atomic<int>>(0);
    {
        NameResolver resolver([arrived] { ++*arrived; },
                              [gate](const std::string&) {
                                  gate->acquire();
                                  return std::string("late");
                              },
                              {.capacity = 10, .threads = 2});
        for (int i = 0; i < 100; ++i) EXPECT_EQ(resolver.name_of("10.0.0." + std::to_string(i)), "");
        resolver.settle(std::chrono::milliseconds(1));
    }
    gate->release(100);
    EXPECT_EQ(*arrived, 0) << "nobody is told after the end";
}

TEST(CliNameResolver, ThreadsWithNothingToDoHaveEndedWithIt) {
    // As the system's resolver keeps memory for each thread until that ends.
    static std::atomic<int> kept;
    struct OfThread {
        OfThread() { ++kept; }
        ~OfThread() {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));  // longer than whoever does not wait takes
            --kept;
        }
    };
    kept = 0;
    {
        NameResolver resolver({}, [](const std::string&) {
            thread_local const OfThread memory;
            return std::string("name");
        });
        resolver.name_of("10.0.0.1");
        resolver.settle(patience);
        EXPECT_EQ(kept, 1);
    }
    EXPECT_EQ(kept, 0);
}

TEST(CliNameResolver, TheOldestIsForgottenWhenItIsFull) {
    std::atomic<int> lookups = 0;
    NameResolver resolver({},
                          [&](const std::string& address) {
                              ++lookups;
                              return "name-of-" + address;
                          },
                          {.capacity = 3, .threads = 1});
    for (const auto* address : {"a", "b", "c", "d"}) {
        resolver.name_of(address);
        resolver.settle(patience);
    }
    EXPECT_EQ(lookups, 4);
    EXPECT_EQ(resolver.name_of("b"), "name-of-b");
    EXPECT_EQ(resolver.name_of("d"), "name-of-d");
    EXPECT_EQ(resolver.name_of("a"), "");
    resolver.settle(patience);
    EXPECT_EQ(resolver.name_of("a"), "name-of-a");
    EXPECT_EQ(resolver.name_of("b"), "");
}

TEST(CliNameResolver, TheSystemKnowsItself) {
    EXPECT_EQ(NameResolver::system_name("127.0.0.1"), "localhost");
    EXPECT_EQ(NameResolver::system_name("no address"), "");
}

TEST(CliNames, AreWaitedForWhereSomethingIsWrittenOnce) {
    std::ostringstream text;
    Output out(text, false, false);
    const auto write = [](Output& to, const NameOf& name_of) { to.line(name_or_address(name_of, "127.0.0.1")); };
    write_with_names(false, out, write);
    write_with_names(true, out, write);
    EXPECT_EQ(text.str(), "127.0.0.1\nlocalhost\n");
}

}  // namespace
}  // namespace rstwatch::cli
