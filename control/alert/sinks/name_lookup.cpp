// SPDX-License-Identifier: Apache-2.0
#include "control/alert/sinks/name_lookup.h"

#include <netdb.h>
#include <netinet/in.h>

#include <boost/asio/post.hpp>
#include <thread>
#include <utility>

#include "control/http/signals_blocked.h"

namespace rstwatch::control {
namespace {

namespace asio = boost::asio;
using Addresses = std::vector<asio::ip::address>;

asio::ip::address address_of(const addrinfo& entry) {
    if (entry.ai_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in*>(entry.ai_addr)->sin_addr;
        return asio::ip::address_v4(ntohl(v4.s_addr));
    }
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry.ai_addr);
    asio::ip::address_v6::bytes_type bytes;
    std::copy_n(v6->sin6_addr.s6_addr, bytes.size(), bytes.begin());
    return asio::ip::address_v6(bytes, v6->sin6_scope_id);
}

std::string look_up(const std::string& host, Addresses& addresses) {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;  // or else each address comes once per type
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0)
        return host + ": " + gai_strerror(error);
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next)
        if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) addresses.push_back(address_of(*entry));
    freeaddrinfo(found);
    return addresses.empty() ? host + ": has no address" : "";
}

}  // namespace

void NameLookup::start(Take take) {
    boost::system::error_code no_address;
    if (const auto address = asio::ip::make_address(host_, no_address); !no_address) {
        take("", {address});
        return;
    }
    if (*under_way_) {
        take(host_ + ": the resolver has not answered yet", {});
        return;
    }
    *under_way_ = true;
    const http::SignalsBlocked blocked;  // inherited by the thread
    std::thread([context = context_, host = host_, under_way = under_way_, take = std::move(take)]() mutable {
        Addresses addresses;
        const std::string error = look_up(host, addresses);
        asio::post(*context, [error, addresses, under_way, take = std::move(take)] {
            *under_way = false;
            take(error, addresses);
        });
    }).detach();
}

}  // namespace rstwatch::control
