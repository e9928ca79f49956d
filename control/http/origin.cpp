// SPDX-License-Identifier: Apache-2.0
#include "control/http/origin.h"

#include <algorithm>
#include <cctype>

namespace rstwatch::control::http {
namespace {

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

bool is_same_origin(std::string_view origin, std::string_view fetch_site, std::string_view host) {
    // "none": typed or bookmarked by the person themselves. A page on another port of this machine is "same-site".
    if (!fetch_site.empty() && fetch_site != "same-origin" && fetch_site != "none") return false;
    if (origin.empty()) return true;
    // There is no TLS here, so a page of ours is http. "null" is a page that hides where it is from.
    constexpr std::string_view scheme = "http://";
    return origin.starts_with(scheme) && equal_ignoring_case(origin.substr(scheme.size()), host);
}

}  // namespace rstwatch::control::http
