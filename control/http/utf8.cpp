// SPDX-License-Identifier: Apache-2.0
#include "control/http/utf8.h"

namespace rstwatch::control::http {
namespace {

struct Lead {
    std::size_t length;
    unsigned char second_least;  ///< the second byte is what excludes overlong forms and surrogates
    unsigned char second_most;
};

Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {1, 0, 0};
    if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, 0xBF};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte >= 0xE1 && byte <= 0xEF) return {3, 0x80, 0xBF};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte >= 0xF1 && byte <= 0xF3) return {4, 0x80, 0xBF};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text, std::size_t position) {
    const auto byte = [&](std::size_t offset) { return static_cast<unsigned char>(text[position + offset]); };
    const auto lead = lead_of(byte(0));
    if (lead.length <= 1) return lead.length;
    if (text.size() - position < lead.length) return 0;
    if (byte(1) < lead.second_least || byte(1) > lead.second_most) return 0;
    for (std::size_t i = 2; i < lead.length; ++i)
        if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
    return lead.length;
}

bool is_plain_text(std::string_view text) {
    for (std::size_t position = 0; position < text.size();) {
        const auto length = utf8_sequence_length(text, position);
        const auto first = static_cast<unsigned char>(text[position]);
        if (length == 0 || first < 0x20 || first == 0x7F) return false;
        const bool c1 = first == 0xC2 && static_cast<unsigned char>(text[position + 1]) < 0xA0;
        if (c1) return false;
        position += length;
    }
    return true;
}

}  // namespace rstwatch::control::http
