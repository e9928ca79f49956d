// SPDX-License-Identifier: Apache-2.0
#include "control/http/parameters.h"

#include <algorithm>
#include <charconv>

namespace rstwatch::control::http {
namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<std::int64_t> seconds_in(char unit) {
    switch (unit) {
        case 's':
            return 1;
        case 'm':
            return 60;
        case 'h':
            return 3600;
        case 'd':
            return 86400;
        default:
            return std::nullopt;
    }
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    if (text.empty()) return std::nullopt;
    const auto unit = seconds_in(text.back());
    text.remove_suffix(1);
    const auto count = parse_integer(text);
    // Ten years of seconds is beyond every limit, and far from an overflow.
    if (!unit || !count || *count < 0 || *count > 10LL * 366 * 86400) return std::nullopt;
    return std::chrono::seconds(*count * *unit);
}

/// Digits, and no more than six behind a point: a double would round them.
std::optional<std::uint64_t> parse_time(std::string_view text) {
    constexpr std::int64_t latest = 253402300800;  // of the year 10000
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    std::string decimals(point == std::string_view::npos ? std::string_view() : text.substr(point + 1));
    if (whole.empty() || whole.front() == '-' || (point != std::string_view::npos && decimals.empty()))
        return std::nullopt;
    if (decimals.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    decimals.resize(6, '0');
    const auto seconds = parse_integer(whole), microseconds = parse_integer(decimals);
    if (!seconds || !microseconds || *seconds >= latest) return std::nullopt;
    return static_cast<std::uint64_t>(*seconds * 1'000'000 + *microseconds);
}

std::string text_of(std::chrono::seconds duration) {
    return std::to_string(duration.count()) + "s";
}

std::string list_of(std::span<const std::string_view> choices) {
    std::string list;
    for (const auto choice : choices) {
        if (!list.empty()) list += ", ";
        list += choice;
    }
    return list;
}

}  // namespace

const std::string* Parameters::find(std::string_view name) const {
    const auto found = request_.query.find(name);
    return found == request_.query.end() ? nullptr : &found->second;
}

void Parameters::refuse(std::string_view name, std::string_view value, const std::string& limit) {
    if (problem_) return;
    const auto object = "query parameter \"" + std::string(name) + "\"";
    problem_ = Problem{.status = 400,
                       .detail = object + " is \"" + std::string(value) + "\"; it must be " + limit,
                       .type = std::string(parameter_problem),
                       .title = "Query parameter out of range",
                       .object = object,
                       .value = std::string(value),
                       .limit = limit,
                       .remedy = "give " + limit + ", or leave it out for the default",
                       .instance = request_.path};
}

void Parameters::refuse(std::string_view name, const std::string& limit) {
    const auto* value = find(name);
    refuse(name, value == nullptr ? std::string_view() : *value, limit);
}

std::optional<std::string> Parameters::text(std::string_view name) const {
    const auto* value = find(name);
    return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::uint64_t> Parameters::time(std::string_view name) {
    const auto* text = find(name);
    if (text == nullptr) return std::nullopt;
    const auto value = parse_time(*text);
    if (!value) refuse(name, *text, "a time in seconds since the epoch, such as 1795172090.5");
    return value;
}

std::int64_t Parameters::integer(std::string_view name, std::int64_t fallback, std::int64_t least, std::int64_t most) {
    const auto* text = find(name);
    if (text == nullptr) return fallback;
    const auto value = parse_integer(*text);
    if (value && *value >= least && *value <= most) return *value;
    refuse(name, *text, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
    return fallback;
}

std::string Parameters::choice(std::string_view name, std::string_view fallback,
                               std::span<const std::string_view> choices) {
    const auto* text = find(name);
    if (text == nullptr) return std::string(fallback);
    if (std::find(choices.begin(), choices.end(), *text) != choices.end()) return *text;
    refuse(name, *text, "one of " + list_of(choices));
    return std::string(fallback);
}

std::chrono::seconds Parameters::duration(std::string_view name, std::chrono::seconds fallback,
                                          std::chrono::seconds least, std::chrono::seconds most) {
    const auto* text = find(name);
    if (text == nullptr) return fallback;
    const auto value = parse_duration(*text);
    if (value && *value >= least && *value <= most) return *value;
    refuse(name, *text, "a duration such as 60s, 5m or 1h from " + text_of(least) + " to " + text_of(most));
    return fallback;
}

}  // namespace rstwatch::control::http
