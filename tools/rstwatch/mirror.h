// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/rstwatch/document.h"

namespace rstwatch::cli {

/// What is wrong with the mirror port itself, in words fit for a terminal; empty when nothing is.
std::string mirror_trouble(const Document& document);

}  // namespace rstwatch::cli
