// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/name_resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

namespace rstwatch::cli {

struct NameResolver::State {
    std::function<void()> arrived;
    Lookup lookup;
    Limits limits;
    std::mutex mutex;  ///< guards all below; `arrived` is called under it, so never after the end
    std::condition_variable changed;
    std::unordered_map<std::string, std::optional<std::string>> names;  ///< without a value: being looked up
    std::deque<std::string> order;                                      ///< keys of `names`, oldest first
    std::deque<std::string> waiting;
    std::vector<bool> looks_up;  ///< by thread
    std::size_t under_way = 0;
    bool ended = false;
};

NameResolver::NameResolver(std::function<void()> arrived, Lookup lookup, Limits limits)
    : state_(std::make_shared<State>()) {
    state_->arrived = std::move(arrived);
    state_->lookup = std::move(lookup);
    state_->limits = limits;
}

/// A thread that has nothing to do is waited for: what the system's resolver keeps for it would else be given back, or
/// not, while the program ends.
NameResolver::~NameResolver() {
    std::vector<bool> looks_up;
    {
        const std::lock_guard lock(state_->mutex);
        state_->ended = true;
        looks_up = state_->looks_up;
        state_->changed.notify_all();
    }
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        if (looks_up[i])
            threads_[i].detach();
        else
            threads_[i].join();
    }
}

std::string NameResolver::name_of(const std::string& address) {
    const std::lock_guard lock(state_->mutex);
    auto& state = *state_;
    if (const auto known = state.names.find(address); known != state.names.end())
        return known->second.value_or(std::string());
    if (state.order.size() >= state.limits.capacity) {
        state.names.erase(state.order.front());
        std::erase(state.waiting, state.order.front());
        state.order.pop_front();
    }
    state.names.emplace(address, std::nullopt);
    state.order.push_back(address);
    state.waiting.push_back(address);
    if (threads_.size() < state.limits.threads && threads_.size() < state.waiting.size() + state.under_way) {
        state.looks_up.push_back(false);
        threads_.emplace_back([shared = state_, thread = threads_.size()] { work(shared, thread); });
    }
    state.changed.notify_all();
    return {};
}

void NameResolver::work(const std::shared_ptr<State>& state, std::size_t thread) {
    std::unique_lock lock(state->mutex);
    for (;;) {
        state->changed.wait(lock, [&] { return state->ended || !state->waiting.empty(); });
        if (state->ended) return;
        const auto address = std::move(state->waiting.front());
        state->waiting.pop_front();
        ++state->under_way;
        state->looks_up[thread] = true;
        lock.unlock();
        auto name = state->lookup(address);
        lock.lock();
        state->looks_up[thread] = false;
        --state->under_way;
        const bool found = !name.empty();
        // It may have been forgotten meanwhile.
        if (const auto place = state->names.find(address); place != state->names.end()) place->second = std::move(name);
        if (found && !state->ended && state->arrived) state->arrived();
        state->changed.notify_all();
    }
}

void NameResolver::settle(std::chrono::milliseconds limit) {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, limit, [this] { return state_->waiting.empty() && state_->under_way == 0; });
}

std::string NameResolver::system_name(const std::string& address) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v6.sin6_family = AF_INET6;
    std::array<char, NI_MAXHOST> name{};
    int error = EAI_NONAME;
    if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1)
        error = getnameinfo(reinterpret_cast<const sockaddr*>(&v4), sizeof v4, name.data(), name.size(), nullptr, 0,
                            NI_NAMEREQD);
    else if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1)
        error = getnameinfo(reinterpret_cast<const sockaddr*>(&v6), sizeof v6, name.data(), name.size(), nullptr, 0,
                            NI_NAMEREQD);
    if (error != 0) return {};
    in6_addr unused{};
    for (const int family : {AF_INET, AF_INET6})
        if (inet_pton(family, name.data(), &unused) == 1) return {};
    return name.data();
}

}  // namespace rstwatch::cli
