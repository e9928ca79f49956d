// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace rstwatch::control::http {

/// True when a browser says that the page behind a request came from where the request goes to. `origin` is the Origin
/// header (RFC 6454, section 7), which browsers send with every POST; `fetch_site` is Sec-Fetch-Site, `host` the Host
/// header. Whoever sends neither of the first two is no browser, hence nobody's page.
bool is_same_origin(std::string_view origin, std::string_view fetch_site, std::string_view host);

}  // namespace rstwatch::control::http
