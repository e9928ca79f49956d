// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rstwatch::port {

/// What lines of DPDK's log mean for the operator: what failed, which limit was met, what to do. Lines that are not
/// known come back as they are, without DPDK's prefixes, the last of them: that is the cause. Empty for no lines.
std::string translate(const std::string& lines);

}  // namespace rstwatch::port
