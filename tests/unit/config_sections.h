// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/schema.h"

namespace rstwatch::config {

/// As a message lists them, in the order of the schema.
inline const std::string listed_sections = [] {
    std::string text = "the sections are ";
    for (const Section& section : all_sections()) text += std::string(section.name) + ", ";
    return text + "port, sink";
}();

}  // namespace rstwatch::config
