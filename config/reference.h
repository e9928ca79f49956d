// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rstwatch::config {

/// A file of settings with every setting in it, commented out and at its default, and an example of each kind of port
/// and sink.
std::string sample_toml();

/// The settings by section, as a fragment in the man macros: for rstwatch.toml(5) and wherever else they are listed.
std::string man_settings();

/// The whole of rstwatch.toml(5).
std::string man_page();

/// JSON Schema (2020-12) of a file of settings, for editors that complete and check TOML.
std::string json_schema();

}  // namespace rstwatch::config
