// SPDX-License-Identifier: Apache-2.0
#include "control/http/problem.h"

#include <array>
#include <cstdio>
#include <utility>

#include "control/http/utf8.h"

namespace rstwatch::control::http {
namespace {

void append_escaped(std::string& json, unsigned code_unit) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "\\u%04x", code_unit);
    json += text.data();
}

void append_json_string(std::string& json, std::string_view text) {
    json += '"';
    for (std::size_t position = 0; position < text.size();) {
        const auto length = utf8_sequence_length(text, position);
        const auto byte = static_cast<unsigned char>(text[position]);
        if (length == 0) {
            json += "\xEF\xBF\xBD";
        } else if (byte == 0xC2 && static_cast<unsigned char>(text[position + 1]) < 0xA0) {
            append_escaped(json, static_cast<unsigned char>(text[position + 1]));  // U+0080 to U+009F
        } else if (length > 1) {
            json += text.substr(position, length);
        } else if (byte < 0x20 || byte == 0x7F) {
            append_escaped(json, byte);
        } else {
            if (byte == '"' || byte == '\\') json += '\\';
            json += static_cast<char>(byte);
        }
        position += length == 0 ? 1 : length;
    }
    json += '"';
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    json += ',';
    append_json_string(json, name);
    json += ':';
    append_json_string(json, value);
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
    static constexpr auto phrases = std::to_array<std::pair<unsigned, std::string_view>>({
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {421, "Misdirected Request"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    });
    for (const auto& [number, phrase] : phrases)
        if (number == status) return phrase;
    return "Error";
}

Response to_response(const Problem& problem) {
    std::string json = "{\"type\":";
    append_json_string(json, problem.type);
    append_member(json, "title", problem.title.empty() ? reason_phrase(problem.status) : problem.title);
    json += ",\"status\":" + std::to_string(problem.status);
    append_member(json, "detail", problem.detail);
    append_member(json, "object", problem.object);
    append_member(json, "value", problem.value);
    append_member(json, "limit", problem.limit);
    append_member(json, "remedy", problem.remedy);
    append_member(json, "instance", problem.instance);
    json += "}\n";
    return {.status = problem.status, .content_type = "application/problem+json", .body = std::move(json)};
}

}  // namespace rstwatch::control::http
