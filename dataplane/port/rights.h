// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rstwatch::port {

/// Of capabilities(7), those that ports take.
enum class Capability { net_raw, net_admin, ipc_lock };

/// Whether this process may use it now.
bool has(Capability capability);

/// Such as CAP_NET_RAW.
std::string name_of(Capability capability);

/// How to give it to this program: the commands, in an operator's words.
std::string cure_of(Capability capability);

}  // namespace rstwatch::port
