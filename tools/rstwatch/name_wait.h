// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tools/rstwatch/name_resolver.h"
#include "tools/rstwatch/names.h"

namespace rstwatch::cli {

/// Lines of a listing without an end, held back until the names of their addresses have been looked up, for `patience`
/// at most; in their order. A thread of its own waits and writes, so that whoever reads the lines from the daemon goes
/// on reading, until `capacity` lines wait.
class NameWait {
  public:
    struct Line {
        std::vector<std::string> addresses;                ///< whose names are wanted
        std::function<void(const NameOf& name_of)> write;  ///< called by the thread
    };
    struct Limits {
        std::chrono::milliseconds patience{1000};
        std::size_t capacity = 4096;
    };

    explicit NameWait(NameResolver::Lookup lookup = NameResolver::system_name,
                      Limits limits = {std::chrono::milliseconds(1000), 4096});
    /// Writes what waits.
    ~NameWait();
    NameWait(const NameWait&) = delete;
    NameWait& operator=(const NameWait&) = delete;

    /// Waits while there is no room.
    void add(Line line);

  private:
    void work();

    Limits limits_;
    NameResolver resolver_;
    std::mutex mutex_;  // guards `waiting_` and `ended_`
    std::condition_variable changed_;
    std::vector<Line> waiting_;
    bool ended_ = false;
    std::thread thread_;  // the last member: it uses the others
};

}  // namespace rstwatch::cli
