// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace rstwatch::cli {

/// One record as RFC 4180 has it, without its line end. Control characters in a field are escaped, so that a record is
/// always one line.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace rstwatch::cli
