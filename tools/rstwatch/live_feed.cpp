// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/live_feed.h"

#include <chrono>
#include <utility>
#include <variant>

#include "tools/rstwatch/fetch.h"

namespace rstwatch::cli {
namespace {

constexpr std::chrono::seconds refresh{1};

}  // namespace

LiveFeed::LiveFeed(std::vector<ServerAddress> servers, LiveQuestion question, std::function<void()> changed)
    : servers_(std::move(servers)),
      changed_(std::move(changed)),
      question_(std::move(question)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LiveFeed::~LiveFeed() = default;

void LiveFeed::ask(const LiveQuestion& question) {
    {
        const std::lock_guard lock(mutex_);
        if (question == question_) return;
        question_ = question;
    }
    asked_.notify_one();
}

std::shared_ptr<const LiveAnswer> LiveFeed::latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
}

void LiveFeed::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        const auto question = question_;
        lock.unlock();
        auto answer = fetch_all(question, stop);
        lock.lock();
        latest_ = std::move(answer);
        lock.unlock();
        changed_();
        lock.lock();
        asked_.wait_for(lock, stop, refresh, [&] { return question_ != question; });
    }
}

std::shared_ptr<const LiveAnswer> LiveFeed::fetch_all(const LiveQuestion& question, const std::stop_token& stop) const {
    const auto former = latest();
    auto answer = std::make_shared<LiveAnswer>(former ? *former : LiveAnswer{});
    if (answer->question.top != question.top) answer->top.reset();
    if (answer->question.explained != question.explained) answer->explained.reset();
    answer->question = question;
    answer->problem.clear();
    answer->not_explained.clear();

    const auto into = [&](std::optional<Document>& place, const std::string& target) -> FetchFailure {
        if (target.empty()) return {};
        auto result = try_fetch(servers_, {.target = target}, stop);
        if (auto* failure = std::get_if<FetchFailure>(&result)) return std::move(*failure);
        place = std::move(std::get<Fetched>(result).document);
        return {};
    };
    answer->problem = into(answer->top, question.top).message;
    if (!answer->problem.empty()) return answer;  // there is no use in asking for more
    if (const auto failure = into(answer->explained, question.explained); failure.status != 0) {
        answer->explained.reset();
        answer->not_explained = failure.message;
    }
    into(answer->failures, "/api/v1/top?outcome=failed&by=service&n=1000&window=10s");
    into(answer->status, "/api/v1/status");
    into(answer->alerts, "/api/v1/alerts");
    return answer;
}

}  // namespace rstwatch::cli
