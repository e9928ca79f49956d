// SPDX-License-Identifier: Apache-2.0
#include "control/http/target.h"

#include <optional>
#include <utility>

#include "control/http/utf8.h"

namespace rstwatch::control::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Decodes %NN; the result must be plain text. A plus sign is a space in a query only.
std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            if (text.size() - i < 3) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    if (!is_plain_text(decoded)) return std::nullopt;
    return decoded;
}

/// Takes off what stands before `separator` (all of it where there is none) and drops the separator.
std::string_view take(std::string_view& rest, char separator) {
    const auto at = rest.find(separator);
    const auto part = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
    return part;
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const auto segment = take(path, '/');
        if (segment == "." || segment == "..") return true;
    }
    return false;
}

/// An encoded slash would make one segment look like two once it is decoded.
bool has_encoded_slash(std::string_view raw) {
    return raw.find("%2F") != std::string_view::npos || raw.find("%2f") != std::string_view::npos;
}

std::optional<Error> parse_query(std::string_view raw, Target& target) {
    while (!raw.empty()) {
        auto value = take(raw, '&');
        if (value.empty()) continue;
        auto name = decode(take(value, '='), true);
        auto decoded = decode(value, true);
        if (!name || !decoded)
            return Error{"the query holds a broken percent escape, a control character or bad UTF-8"};
        const auto [entry, added] = target.query.emplace(std::move(*name), std::move(*decoded));
        if (!added) return Error{"query parameter \"" + entry->first + "\" is given twice; give it once"};
    }
    return std::nullopt;
}

}  // namespace

std::variant<Target, Error> parse_target(std::string_view raw) {
    Target target;
    constexpr std::string_view scheme = "http://";
    if (raw.starts_with(scheme)) {
        raw.remove_prefix(scheme.size());
        const auto end = std::min(raw.find_first_of("/?"), raw.size());
        target.authority = raw.substr(0, end);
        raw.remove_prefix(end);
        if (target.authority.empty()) return Error{"the request target names no host"};
    }
    const auto raw_path = take(raw, '?');
    auto path = decode(raw_path.empty() && !target.authority.empty() ? "/" : raw_path, false);
    if (!path) return Error{"the path holds a broken percent escape, a control character or bad UTF-8"};
    if (!path->starts_with('/')) return Error{"the request target must be a path that begins with a slash"};
    if (has_encoded_slash(raw_path) || has_dot_segment(*path))
        return Error{"the path must hold neither encoded slashes nor the segments \".\" and \"..\""};
    target.path = std::move(*path);
    if (auto error = parse_query(raw, target)) return *error;
    return target;
}

}  // namespace rstwatch::control::http
