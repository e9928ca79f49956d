// SPDX-License-Identifier: Apache-2.0
#include "control/store/store.h"

#include <algorithm>

namespace rstwatch::control {

Store::Store(Options options, Tell tell)
    : options_(std::move(options)), tell_(std::move(tell)), file_(options_.path, options_.bytes, options_.days) {
    status_.path = options_.path;
    if (!is_on()) return;
    status_.state = StoreStatus::State::ok;
    if (!file_.open()) failed(*file_.error());
}

std::map<std::string, std::string> Store::load_all(const std::string& space) {
    if (!file_.is_open()) return {};
    auto found = file_.load_all(space);
    if (file_.error()) failed(*file_.error());
    return found;
}

std::vector<KeptService> Store::load_services() {
    if (!file_.is_open()) return {};
    auto found = file_.load_services();
    if (file_.error()) failed(*file_.error());
    return found;
}

void Store::start() {
    if (is_on() && !thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void Store::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    room_.notify_all();
    if (thread_.joinable()) thread_.join();
    file_.close();
    const std::uint64_t left = status().queue;
    if (std::exchange(told_left_, true) || left == 0) return;
    tell_(true, "store " + options_.path + ": " + std::to_string(left) + " rows could not be written");
}

void Store::save(const std::string& space, const std::string& key, std::string text) {
    put(space, key, std::move(text));
}

void Store::erase(const std::string& space, const std::string& key) {
    put(space, key, std::nullopt);
}

void Store::put(const std::string& space, const std::string& key, std::optional<std::string> text) {
    if (!is_on()) return;
    std::unique_lock lock(mutex_);
    SavedKey saved(space, key);
    const auto known = waiting_.saves.find(saved);
    if (known != waiting_.saves.end()) {
        known->second = std::move(text);
        return;
    }
    if (!make_room(lock, 1)) return;
    waiting_.saves.emplace(std::move(saved), std::move(text));
    ++waiting_.rows;
}

void Store::save(std::vector<KeptService> services) {
    put(&Batch::services, std::move(services));
}

void Store::erase(std::vector<tally::Endpoint> services) {
    put(&Batch::gone, std::move(services));
}

void Store::add(std::vector<MinuteRow> rows) {
    put(&Batch::minutes, std::move(rows));
}

template <typename Row>
void Store::put(std::deque<std::vector<Row>> Batch::*list, std::vector<Row> rows) {
    if (!is_on() || rows.empty()) return;
    std::unique_lock lock(mutex_);
    if (!make_room(lock, rows.size())) return;
    waiting_.rows += rows.size();
    (waiting_.*list).push_back(std::move(rows));
}

/// A batch that is larger than the queue has room when nothing else waits.
bool Store::make_room(std::unique_lock<std::mutex>& lock, std::size_t rows) {
    const auto fits = [&] {
        const std::size_t taken = waiting_.rows + writing_;
        return taken + rows <= options_.queue || (options_.wait_when_full && taken == 0);
    };
    if (options_.wait_when_full && thread_.joinable()) {
        wake_.notify_one();
        // A disk that is full for good must not hold up a replay for good.
        room_.wait(lock, [&] { return fits() || stopping_ || status_.state != StoreStatus::State::ok; });
    }
    if (fits() && !stopping_) return true;
    status_.dropped += rows;
    return false;
}

std::uint64_t Store::generation() const {
    const std::lock_guard lock(mutex_);
    return generation_;
}

void Store::suspect_damage() {
    {
        const std::lock_guard lock(mutex_);
        suspected_ = true;
    }
    wake_.notify_one();
}

StoreStatus Store::status() const {
    const std::lock_guard lock(mutex_);
    StoreStatus status = status_;
    status.queue = waiting_.rows + writing_;
    return status;
}

void Store::run() {
    Batch batch;
    for (;;) {
        bool last = false;
        {
            std::unique_lock lock(mutex_);
            const auto pause = retry_.count() > 0 ? retry_ : options_.commit_every;
            wake_.wait_for(lock, pause, [&] {
                return stopping_ || suspected_ ||
                       (retry_.count() == 0 && options_.wait_when_full && waiting_.rows > options_.queue / 2);
            });
            last = stopping_;
            if (batch.rows == 0) {
                batch = std::exchange(waiting_, {});
                writing_ = batch.rows;
            }
        }
        look_after_file();
        if (file_.is_open() && write(batch)) {
            batch = {};
            if (file_.is_open() && retry_.count() > 0) recovered();
        }
        {
            const std::lock_guard lock(mutex_);
            writing_ = batch.rows;
            status_.rows = file_.rows();
            status_.bytes = file_.is_open() ? std::optional(file_.bytes()) : std::nullopt;
            if (last && (waiting_.rows == 0 || batch.rows > 0)) return;
        }
        room_.notify_all();
    }
}

/// Opens it again after a failure, and looks at it when somebody says that it is damaged.
void Store::look_after_file() {
    bool suspected = false;
    {
        const std::lock_guard lock(mutex_);
        suspected = std::exchange(suspected_, false);
    }
    if (suspected && file_.is_open() && file_.is_damaged()) {
        failed({DatabaseError::corrupt, "database disk image is malformed"});
        return;
    }
    if (!file_.is_open() && !file_.open()) return failed(*file_.error());
    if (!file_.rows() && !file_.count_rows()) failed(*file_.error());
}

/// False if it has to be tried again.
bool Store::write(Batch& batch) {
    if (batch.rows == 0) return true;
    const bool written = file_.begin() && write_saves(batch) && write_rows(batch) && file_.commit();
    if (written) {
        if (!file_.trim()) failed(*file_.error());
        return true;
    }
    const DatabaseError error = *file_.error();
    if (error.is_environment() || error.is_corrupt()) {
        failed(error);
        return false;
    }
    // What the file refuses for good would be refused for ever.
    file_.roll_back();
    tell_(true, "store " + options_.path + ": " + std::to_string(batch.rows) + " rows are lost: " + error.message);
    const std::lock_guard lock(mutex_);
    status_.dropped += batch.rows;
    return true;
}

bool Store::write_saves(const Batch& batch) {
    return std::ranges::all_of(batch.saves, [&](const auto& each) {
        const auto& [key, text] = each;
        return text ? file_.save(key.first, key.second, *text) : file_.erase(key.first, key.second);
    });
}

bool Store::write_rows(const Batch& batch) {
    return std::ranges::all_of(batch.gone, [&](const auto& services) { return file_.erase(services); }) &&
           std::ranges::all_of(batch.services, [&](const auto& services) { return file_.save(services); }) &&
           std::ranges::all_of(batch.minutes, [&](const auto& rows) { return file_.add(rows); });
}

void Store::failed(const DatabaseError& error) {
    std::string reason = error.message;
    if (error.is_corrupt()) {
        if (const auto name = file_.move_aside()) {
            tell_(true, "store " + options_.path + ": " + reason + "; moved it to " + *name + " and begin a new one");
            {
                const std::lock_guard lock(mutex_);
                ++generation_;
            }
            if (file_.open()) return;
        }
        reason = file_.error()->message;
    }
    file_.close();
    bool is_new = false;
    {
        const std::lock_guard lock(mutex_);
        is_new = status_.state != StoreStatus::State::degraded || status_.reason != reason;
        status_.state = StoreStatus::State::degraded;
        status_.reason = reason;
    }
    retry_ = retry_.count() == 0 ? options_.first_retry : std::min(retry_ * 2, options_.longest_retry);
    if (is_new)
        tell_(true, "store " + options_.path + ": " + reason +
                        "; history is kept in memory only, and the store is tried again from time to time");
    room_.notify_all();
}

void Store::recovered() {
    retry_ = std::chrono::milliseconds(0);
    {
        const std::lock_guard lock(mutex_);
        status_.state = StoreStatus::State::ok;
        status_.reason.clear();
    }
    tell_(false, "store " + options_.path + ": written again");
}

}  // namespace rstwatch::control
