// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

/// The name of an address as far as it is known by now; empty when it is not. No function at all: nobody wants names.
/// Names come from strangers, so whoever shows one escapes it.
using NameOf = std::function<std::string(const std::string& address)>;

/// The name of `address` where there is one, else the address itself.
std::string name_or_address(const NameOf& name_of, const std::string& address);

/// Has `write` write to `out`, with names if `resolve`: then it waits for them, at most two seconds. `write` is called
/// twice, first with another output, to learn whose names it wants.
void write_with_names(bool resolve, Output& out, const std::function<void(Output& out, const NameOf& name_of)>& write);

}  // namespace rstwatch::cli
