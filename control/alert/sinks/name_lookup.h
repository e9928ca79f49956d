// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rstwatch::control {

/// Finds the addresses of a name without holding up the thread that asks. A resolver that does not answer can be waited
/// for by nobody who has to end in time (neither getaddrinfo() nor Boost's resolver can be interrupted), so a thread of
/// its own, one at a time, is left behind with it.
class NameLookup {
  public:
    /// `error` is empty when there are addresses.
    using Take = std::function<void(const std::string& error, const std::vector<boost::asio::ip::address>& addresses)>;

    NameLookup(std::shared_ptr<boost::asio::io_context> context, std::string host)
        : context_(std::move(context)), host_(std::move(host)) {}

    /// Calls `take` on the context's thread, at once where the host is an address, else perhaps much later.
    void start(Take take);

  private:
    std::shared_ptr<boost::asio::io_context> context_;
    std::string host_;
    std::shared_ptr<bool> under_way_ = std::make_shared<bool>(false);  ///< context's thread only
};

}  // namespace rstwatch::control
