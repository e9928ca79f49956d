// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/rstwatch/document.h"
#include "tools/rstwatch/names.h"
#include "tools/rstwatch/output.h"

namespace rstwatch::cli {

/// Writes what the daemon knows of a service or a host (documents of /destinations and /clients) for a person: the
/// diagnosis first, then what it rests on, what to do, and the facts. Times of the day of `now` (seconds since the
/// epoch) have no date. Commands are never broken where `out` has no width.
void write_explanation(const Document& document, Output& out, double now, const NameOf& name_of);

}  // namespace rstwatch::cli
