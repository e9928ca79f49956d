// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace rstwatch::cli {

/// Looks the names of addresses up, in threads of its own. What was found, and that nothing was found, is remembered
/// for as many addresses as `capacity` says; then the oldest is forgotten.
class NameResolver {
  public:
    /// The name of an address, or nothing; may take its time. Called by several threads at once.
    using Lookup = std::function<std::string(const std::string& address)>;

    struct Limits {
        std::size_t capacity = 4096;
        std::size_t threads = 4;
    };

    /// `arrived` is called by one of the threads whenever a name was found; it must not call the resolver.
    explicit NameResolver(std::function<void()> arrived = {}, Lookup lookup = system_name, Limits limits = {4096, 4});

    /// Does not wait for lookups that are under way: the system's resolver may take half a minute. `arrived` is not
    /// called any more.
    ~NameResolver();
    NameResolver(const NameResolver&) = delete;
    NameResolver& operator=(const NameResolver&) = delete;

    /// The name, if it is known by now; else nothing, and it is looked up. Never waits.
    std::string name_of(const std::string& address);

    /// Waits until all lookups are done, at most for `limit`.
    void settle(std::chrono::milliseconds limit);

    /// What the system's databases (/etc/hosts, DNS, see nsswitch.conf(5)) call an address. A name that looks like an
    /// address is none: whoever owns the reverse zone could pass for somebody else.
    static std::string system_name(const std::string& address);

  private:
    struct State;
    static void work(const std::shared_ptr<State>& state, std::size_t thread);

    std::shared_ptr<State> state_;  ///< shared with the threads, which may outlive this
    std::vector<std::thread> threads_;
};

}  // namespace rstwatch::cli
