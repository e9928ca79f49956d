// SPDX-License-Identifier: Apache-2.0
#include "control/http/response_head.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "control/http/problem.h"

namespace rstwatch::control::http {
namespace {

void append_field(std::string& head, std::string_view name, std::string_view value) {
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
}

/// The usual field, unless the handler brought its own.
void append_default(std::string& head, const Response& response, const char* name, std::string_view value) {
    const bool own = std::any_of(response.headers.begin(), response.headers.end(),
                                 [&](const auto& field) { return strcasecmp(field.first.c_str(), name) == 0; });
    if (!own) append_field(head, name, value);
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool has_no_content(unsigned status) {
    return status == 204 || status == 304;
}

std::string http_date(std::chrono::system_clock::time_point when) {
    static constexpr std::array<const char*, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    // The calendar of <chrono> rather than gmtime(), which takes the process-wide lock of the time zones.
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(when - day));
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  weekdays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text.data();
}

std::string response_head(const Response& response, bool keep_alive, std::chrono::system_clock::time_point now) {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
    head += reason_phrase(response.status);
    head += "\r\n";
    append_field(head, "Date", http_date(now));
    append_field(head, "Connection", keep_alive ? "keep-alive" : "close");
    if (!has_no_content(response.status)) {
        append_field(head, "Content-Type", response.content_type);
        if (!response.stream) append_field(head, "Content-Length", std::to_string(response.body.view().size()));
    }
    if (!response.etag.empty()) append_field(head, "ETag", '"' + response.etag + '"');
    append_default(head, response, "Cache-Control", response.etag.empty() ? "no-store" : "no-cache");
    append_default(head, response, "X-Content-Type-Options", "nosniff");
    append_default(head, response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    append_default(head, response, "Cross-Origin-Resource-Policy", "same-origin");
    append_default(head, response, "Referrer-Policy", "no-referrer");
    for (const auto& [name, value] : response.headers) append_field(head, name, value);
    head += "\r\n";
    return head;
}

std::string etag_of(std::string_view content) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%016llx-%zx", static_cast<unsigned long long>(hash), content.size());
    return text.data();
}

bool etag_matches(std::string_view candidates, std::string_view etag) {
    if (etag.empty()) return false;
    const auto quoted = '"' + std::string(etag) + '"';
    while (!candidates.empty()) {
        const auto comma = candidates.find(',');
        auto candidate = trimmed(candidates.substr(0, comma));
        candidates = comma == std::string_view::npos ? std::string_view() : candidates.substr(comma + 1);
        if (candidate.starts_with("W/")) candidate.remove_prefix(2);
        if (candidate == "*" || candidate == quoted) return true;
    }
    return false;
}

}  // namespace rstwatch::control::http
