// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/name_wait.h"

#include <utility>

namespace rstwatch::cli {

NameWait::NameWait(NameResolver::Lookup lookup, Limits limits)
    : limits_(limits), resolver_({}, std::move(lookup)), thread_([this] { work(); }) {}

NameWait::~NameWait() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void NameWait::add(Line line) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < limits_.capacity; });
    waiting_.push_back(std::move(line));
    changed_.notify_all();
}

/// Lines that came together wait together, so a resolver that does not answer delays all of them once.
void NameWait::work() {
    const NameOf name_of = [this](const std::string& address) { return resolver_.name_of(address); };
    for (;;) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const std::vector<Line> lines = std::exchange(waiting_, {});
        changed_.notify_all();
        lock.unlock();
        for (const Line& line : lines)
            for (const std::string& address : line.addresses) (void)name_of(address);
        resolver_.settle(limits_.patience);
        for (const Line& line : lines) line.write(name_of);
    }
}

}  // namespace rstwatch::cli
