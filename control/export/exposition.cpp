// SPDX-License-Identifier: Apache-2.0
#include "control/export/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "control/http/utf8.h"

namespace rstwatch::control {
namespace {

std::string_view name_of(Exposition::Type type) {
    switch (type) {
        case Exposition::Type::counter:
            return "counter";
        case Exposition::Type::gauge:
            return "gauge";
        case Exposition::Type::histogram:
            break;
    }
    return "histogram";
}

/// Prometheus refuses the whole answer for one byte that is not UTF-8 or a bare line feed.
std::string escaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = http::utf8_sequence_length(text, i);
        const std::string_view character = text.substr(i, std::max<std::size_t>(length, 1));
        if (character == "\\" || character == "\"") result += '\\';
        result += length == 0 || !http::is_plain_text(character) ? "?" : character;
        i += character.size();
    }
    return result;
}

}  // namespace

void Exposition::family(std::string_view name, Type type, std::string_view help) {
    name_ = "rstwatch_" + std::string(name);
    head_ =
        "# HELP " + name_ + " " + std::string(help) + ".\n# TYPE " + name_ + " " + std::string(name_of(type)) + "\n";
}

void Exposition::sample(Labels labels, double value) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.begin(), digits.end(), value);
    line("", labels, {digits.data(), end});
}

void Exposition::counter(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, Type::counter, help);
    sample({}, value);
}

void Exposition::counter(std::string_view name, std::string_view help, double value) {
    family(name, Type::counter, help);
    sample({}, value);
}

void Exposition::gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, Type::gauge, help);
    sample({}, value);
}

void Exposition::gauge(std::string_view name, std::string_view help, double value) {
    family(name, Type::gauge, help);
    sample({}, value);
}

void Exposition::line(std::string_view suffix, Labels labels, std::string_view value) {
    text_ += head_;
    head_.clear();
    text_ += name_;
    text_ += suffix;
    const char* separator = "{";
    for (const auto& [label, content] : labels) {
        text_.append(separator).append(label).append("=\"").append(escaped(content)).append("\"");
        separator = ",";
    }
    if (labels.size() > 0) text_ += "}";
    text_.append(" ").append(value).append("\n");
}

}  // namespace rstwatch::control
