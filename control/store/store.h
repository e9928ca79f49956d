// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/store/minute_row.h"
#include "control/store/store_file.h"

namespace rstwatch::control {

/// How the store does, as of one moment.
struct StoreStatus {
    enum class State : std::uint8_t { off, ok, degraded };

    std::string path;
    State state = State::off;
    std::string reason;                 ///< why it is off or degraded
    std::optional<std::uint64_t> rows;  ///< minute rows in the file; none: not counted yet
    std::optional<std::uint64_t> bytes;
    std::uint64_t queue = 0;    ///< rows that wait to be written
    std::uint64_t dropped = 0;  ///< rows that are lost, because the queue was full or the file refused them for good
};

/// What is kept on disk. Whoever adds to it never waits: one thread writes, what it has no time for waits in a bounded
/// queue, and what does not fit is dropped and counted. While the file cannot be written (disk full, no permission,
/// locked, damaged) it is tried again, ever less often; the rest of the daemon does not notice.
class Store {
  public:
    struct Options {
        std::string path;  ///< empty: off, nothing is kept
        std::uint64_t bytes = 1ULL << 30;
        std::uint64_t days = 30;
        std::size_t queue = 200000;                    ///< rows
        bool wait_when_full = false;                   ///< of a replay, which can wait: nothing is dropped
        std::chrono::milliseconds commit_every{1000};  ///< one transaction; what a crash may cost
        std::chrono::milliseconds first_retry{1000};   ///< doubled each time
        std::chrono::milliseconds longest_retry{60000};
    };
    /// Is told what the log should say. Called from the constructor, and from the writing thread later.
    using Tell = std::function<void(bool warning, const std::string& sentence)>;

    /// Opens the file, or begins one; that it cannot be is no error. Nothing is written before start().
    Store(Options options, Tell tell);
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    ~Store() { stop(); }

    /// All that was saved in `space`, by key: what an earlier run has left. Before start() only.
    std::map<std::string, std::string> load_all(const std::string& space);

    /// Likewise what was saved of services.
    std::vector<KeptService> load_services();

    /// Starts to write.
    void start();

    /// Writes what waits, as far as the disk takes it at once, and closes the file. Nothing is added afterwards.
    void stop();

    /// Keeps `text` under a key until it is saved anew or erased; of several in a row the last one counts. A row.
    /// Any thread.
    void save(const std::string& space, const std::string& key, std::string text);
    void erase(const std::string& space, const std::string& key);

    /// Keeps what is known of services, in place of what was kept of them before; a row each. Any thread.
    void save(std::vector<KeptService> services);
    void erase(std::vector<tally::Endpoint> services);

    /// Adds counts to their minutes. Any thread.
    void add(std::vector<MinuteRow> rows);

    /// Counts the files that were begun: when it changes, what had been saved is gone and has to be saved again.
    std::uint64_t generation() const;

    /// A reader has found the file damaged.
    void suspect_damage();

    bool is_on() const { return !options_.path.empty(); }
    const std::string& path() const { return options_.path; }
    StoreStatus status() const;

  private:
    using Clock = std::chrono::steady_clock;
    using SavedKey = std::pair<std::string, std::string>;
    /// What goes into one transaction.
    struct Batch {
        std::map<SavedKey, std::optional<std::string>> saves;  // none: erased
        std::deque<std::vector<KeptService>> services;
        std::deque<std::vector<tally::Endpoint>> gone;
        std::deque<std::vector<MinuteRow>> minutes;
        std::size_t rows = 0;
    };

    void put(const std::string& space, const std::string& key, std::optional<std::string> text);
    template <typename Row>
    void put(std::deque<std::vector<Row>> Batch::*list, std::vector<Row> rows);
    bool make_room(std::unique_lock<std::mutex>& lock, std::size_t rows);
    void run();
    bool write(Batch& batch);
    bool write_saves(const Batch& batch);
    bool write_rows(const Batch& batch);
    void look_after_file();
    void failed(const DatabaseError& error);
    void recovered();

    const Options options_;
    const Tell tell_;
    StoreFile file_;  // of the writing thread, once that runs

    mutable std::mutex mutex_;  // of everything below
    std::condition_variable wake_, room_;
    Batch waiting_;
    std::size_t writing_ = 0;  // rows that the thread has taken
    StoreStatus status_;
    bool stopping_ = false;
    bool suspected_ = false;
    std::uint64_t generation_ = 0;

    std::chrono::milliseconds retry_{0};  // of the writing thread: 0 while all is well
    std::thread thread_;
    bool told_left_ = false;
};

}  // namespace rstwatch::control
