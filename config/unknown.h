// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace rstwatch::config {

/// Messages about names that the schema does not have: the nearest ones that it has, or else all that are possible.
std::string unknown_setting(std::string_view dotted);
std::string unknown_section(std::string_view name);
std::string unknown_port_member(std::string_view name);
std::string unknown_sink_member(std::string_view name);

/// The section that was probably meant, "port" and "sink" included; empty where none is close.
std::string_view nearest_section(std::string_view name);

}  // namespace rstwatch::config
