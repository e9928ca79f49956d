// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace rstwatch::cli {

/// The name of an address as far as it is known by now; empty when it is not. No function at all: nobody wants names.
using NameOf = std::function<std::string(const std::string& address)>;

/// The name of `address` where there is one, else the address itself.
std::string name_or_address(const NameOf& name_of, const std::string& address);

}  // namespace rstwatch::cli
