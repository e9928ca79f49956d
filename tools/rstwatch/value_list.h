// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

/// A document that is no list as CSV: a record for each value, with the path that leads to it, such as
/// ports.0.dropped.missed.
void write_values(const Document& document, Output& out);

}  // namespace rstwatch::cli
