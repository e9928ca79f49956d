// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/time_range.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "tools/rstwatch/escape.h"
#include "tools/rstwatch/fetch.h"

namespace rstwatch::cli {
namespace {

constexpr double last_second = 253402300799.0;  // of the year 9999
constexpr int a_day = 86400;

std::optional<int> number_of(std::string_view text, std::size_t least_digits, std::size_t most_digits) {
    int value = 0;
    if (text.size() < least_digits || text.size() > most_digits) return std::nullopt;
    if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Splits into numbers at every `separator`; empty where one is none.
std::vector<int> numbers_in(std::string_view text, char separator, std::size_t first_digits) {
    std::vector<int> numbers;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        const bool first = numbers.empty();
        const auto number =
            number_of(text.substr(begin, end - begin), first && first_digits == 4 ? 4 : 1, first ? first_digits : 2);
        if (!number) return {};
        numbers.push_back(*number);
        begin = end + 1;
    }
    return numbers;
}

bool read_time_of_day(std::string_view text, std::tm& fields) {
    const auto numbers = numbers_in(text, ':', 2);
    if (numbers.size() != 2 && numbers.size() != 3) return false;
    fields.tm_hour = numbers[0];
    fields.tm_min = numbers[1];
    fields.tm_sec = numbers.size() == 3 ? numbers[2] : 0;
    return fields.tm_hour < 24 && fields.tm_min < 60 && fields.tm_sec < 60;
}

bool read_date(std::string_view text, std::tm& fields) {
    const auto numbers = numbers_in(text, '-', 4);
    if (numbers.size() != 3) return false;
    fields.tm_year = numbers[0] - 1900;
    fields.tm_mon = numbers[1] - 1;
    fields.tm_mday = numbers[2];
    return true;
}

/// Nothing for a day that no calendar has, which mktime would call another.
std::optional<double> local_to_seconds(std::tm fields) {
    const std::tm wanted = fields;
    fields.tm_isdst = -1;
    const std::time_t when = std::mktime(&fields);
    if (fields.tm_mday != wanted.tm_mday || fields.tm_mon != wanted.tm_mon) return std::nullopt;
    return static_cast<double>(when);
}

std::optional<double> parse_seconds(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= last_second))
        return std::nullopt;
    return value;
}

std::tm local_fields(double seconds) {
    const auto when = static_cast<std::time_t>(seconds);
    std::tm fields{};
    localtime_r(&when, &fields);
    return fields;
}

std::optional<double> nearest_time_of_day(std::string_view text, double reference, std::optional<double> since) {
    std::tm fields = local_fields(since.value_or(reference));
    if (!read_time_of_day(text, fields)) return std::nullopt;
    auto when = local_to_seconds(fields);
    const bool too_early = when && since && *when <= *since, too_late = when && !since && *when > reference;
    if (!too_early && !too_late) return when;
    // By way of noon: a day may have 23 hours.
    fields.tm_hour = 12;
    std::tm other = local_fields(*local_to_seconds(fields) + (too_early ? a_day : -a_day));
    read_time_of_day(text, other);
    return local_to_seconds(other);
}

std::string text_of(double seconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.6f", seconds);
    return text.data();
}

/// What a time of day is before: now, or the end of a replay.
std::variant<double, ExitCode> reference_time(const std::vector<ServerAddress>& servers, std::ostream& diagnostics) {
    auto answer = fetch(servers, "/api/v1/status", diagnostics);
    if (const auto* failure = std::get_if<ExitCode>(&answer)) return *failure;
    const auto& status = std::get<Fetched>(answer).document;
    const auto clock = number_at(status, "clock");
    if (text_at(status, "mode") == "replay" && clock) return *clock;
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

bool is_time_of_day(std::string_view text) {
    std::tm fields{};
    return read_time_of_day(text, fields);
}

std::optional<double> parse_time(std::string_view text, double reference, std::optional<double> since) {
    if (is_time_of_day(text)) return nearest_time_of_day(text, reference, since);
    if (const auto seconds = parse_seconds(text)) return seconds;
    const std::size_t gap = text.find_first_of("T ");
    std::tm fields{};
    if (!read_date(text.substr(0, gap), fields)) return std::nullopt;
    if (gap != std::string_view::npos && !read_time_of_day(text.substr(gap + 1), fields)) return std::nullopt;
    return local_to_seconds(fields);
}

std::variant<std::string, ExitCode> range_parameters(const std::string& from, const std::string& to,
                                                     const std::vector<ServerAddress>& servers,
                                                     std::ostream& diagnostics) {
    double reference = 0;
    if (is_time_of_day(from) || is_time_of_day(to)) {
        const auto answer = reference_time(servers, diagnostics);
        if (const auto* failure = std::get_if<ExitCode>(&answer)) return *failure;
        reference = std::get<double>(answer);
    }
    std::string parameters;
    std::optional<double> since;
    for (const auto& [name, text] : {std::pair{"from", &from}, std::pair{"to", &to}}) {
        if (text->empty()) continue;
        const auto time = parse_time(*text, reference, since);
        if (!time) {
            diagnostics
                << "rstwatch: --" << name << " is \"" << printable(*text)
                << "\"; it must be a local time such as 10:50 or 2026-11-21T10:50, or seconds since the epoch\n";
            return ExitCode::usage;
        }
        parameters += std::string("&") + name + "=" + text_of(*time);
        since = time;
    }
    return parameters;
}

}  // namespace rstwatch::cli
