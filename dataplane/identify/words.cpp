// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/words.h"

#include <algorithm>

#include "dataplane/identify/tls.h"

namespace rstwatch::identify {
namespace {

tally::DetailText detail(std::string_view before, std::string_view text) {
    tally::DetailText result;
    result.append(before);
    result.append(text);
    return result;
}

std::string_view line_of(std::string_view text) {
    return text.substr(0, text.find_first_of("\r\n"));
}

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Field names know no case (RFC 9110 section 5.1).
bool is_field(std::string_view line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) { return a == (b | 0x20); });
}

}  // namespace

tally::DetailText first_line(Payload payload) {
    return detail({}, line_of(payload.text()));
}

tally::DetailText http_host(Payload payload) {
    constexpr std::string_view name = "host";
    std::string_view rest = payload.text();
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        rest.remove_prefix(end + 1);
        const std::string_view line = line_of(rest);
        if (line.empty()) break;  // the end of the fields
        // A field that is cut is none: half a name is another one.
        if (is_field(line, name) && line.size() < rest.size())
            return detail("Host ", trimmed(line.substr(name.size() + 1)));
    }
    return {};
}

tally::DetailText mysql_version(Payload payload) {
    constexpr std::size_t before_version = 5;  // length, sequence, protocol version
    constexpr std::size_t protocol_at = 4;
    if (payload.length <= before_version || payload.data[protocol_at] != 10) return {};
    const std::string_view version = payload.text().substr(before_version);
    const std::size_t end = version.find('\0');
    return end == std::string_view::npos ? tally::DetailText{} : detail({}, version.substr(0, end));
}

tally::DetailText reset_text(Payload payload) {
    const std::string_view line = line_of(payload.text());
    const bool is_text = std::none_of(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
    return is_text ? detail({}, trimmed(line)) : tally::DetailText{};
}

tally::DetailText detail_of(config::DetailKind kind, Payload payload) {
    switch (kind) {
        case config::DetailKind::none:
            return {};
        case config::DetailKind::line:
            return first_line(payload);
        case config::DetailKind::tls:
            return describe_client_hello(payload);
        case config::DetailKind::http:
            return http_host(payload);
        case config::DetailKind::mysql:
            return mysql_version(payload);
    }
    return {};
}

}  // namespace rstwatch::identify
