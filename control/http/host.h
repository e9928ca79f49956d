// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rstwatch::control::http {

/// True when `authority` (a Host header: name or address, with or without a port) means this machine by itself:
/// localhost, 127.0.0.0/8 or [::1]. Any port will do, because a forwarded port (ssh -L) differs from the one bound.
/// A web page that rebinds its own name to 127.0.0.1 still sends that name, and is told apart by it.
bool names_loopback(std::string_view authority);

}  // namespace rstwatch::control::http
