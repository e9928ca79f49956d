// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/http/stream.h"

namespace rstwatch::control::http {

/// One request as a handler sees it. Path and query are percent-decoded, valid UTF-8 and free of control characters.
struct Request {
    std::string method;  ///< as sent, such as GET
    std::string path;    ///< begins with a slash; has no "." or ".." segment
    std::map<std::string, std::string, std::less<>> query;
    std::string if_none_match;
    std::string accept;
    std::string content_type{};
    std::string body{};  ///< as it came, no longer than Limits::body_bytes
    /// What the request has in the places that the route's path leaves open: of /alerts/{id}, "id".
    std::map<std::string, std::string, std::less<>> path_values{};
};

/// The content of a response: immutable, and shared so that one snapshot serves any number of slow readers.
class Body {
  public:
    Body() = default;
    // Implicit on purpose: whatever a handler has at hand is a body.
    Body(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}
    Body(const char* text) : Body(std::string(text)) {}
    Body(std::shared_ptr<const std::string> text) : text_(std::move(text)) {}

    /// The bytes; valid as long as this object or a copy of it lives.
    std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }

  private:
    std::shared_ptr<const std::string> text_;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    Body body{};
    std::string etag{};  ///< opaque tag without quotes; empty: the response must not be stored
    /// Sent besides the usual ones, and instead of the usual one of the same name. Values must not hold line breaks.
    std::vector<std::pair<std::string, std::string>> headers{};
    /// Content without an end, instead of a body: the connection is the stream's from here on, and ends with it.
    std::shared_ptr<Stream> stream{};
};

/// Answers a request. Called on the HTTP thread only, so it must not block; what it throws becomes a 500.
using Handler = std::function<Response(const Request&)>;

}  // namespace rstwatch::control::http
