// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/key_decoder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace rstwatch::cli {
namespace {

constexpr char escape = '\x1B';

/// What is taken from the front: no bytes when more have to come first, no key when it is none of ours.
struct Step {
    std::size_t bytes = 0;
    std::optional<Key> key;
};

/// The final byte and the parameters of a control sequence, as xterm and the Linux console send them.
std::optional<Key> key_of_sequence(std::string_view parameters, char last) {
    using Kind = Key::Kind;
    constexpr std::array<std::pair<char, Kind>, 4> letters{
        {{'A', Kind::up}, {'B', Kind::down}, {'H', Kind::home}, {'F', Kind::end}}};
    for (const auto& [letter, kind] : letters)
        if (last == letter) return Key{kind};
    constexpr std::array<std::pair<std::string_view, Kind>, 6> numbers{{{"5", Kind::page_up},
                                                                        {"6", Kind::page_down},
                                                                        {"1", Kind::home},
                                                                        {"7", Kind::home},
                                                                        {"4", Kind::end},
                                                                        {"8", Kind::end}}};
    for (const auto& [number, kind] : numbers)
        if (last == '~' && parameters == number) return Key{kind};
    return std::nullopt;
}

/// ESC [ parameters final, or ESC O final (ECMA-48 section 5.4).
Step take_sequence(std::string_view bytes) {
    if (bytes.size() < 2) return {};
    if (bytes[1] != '[' && bytes[1] != 'O') return {1, Key{Key::Kind::escape}};
    std::size_t end = 2;
    while (end < bytes.size() && bytes[end] >= 0x20 && bytes[end] < 0x40) ++end;
    // A sequence without an end is no sequence of a key.
    constexpr std::size_t longest = 32;
    if (end == bytes.size()) return {end > longest ? end : 0, std::nullopt};
    return {end + 1, key_of_sequence(bytes.substr(2, end - 2), bytes[end])};
}

Step take_character(std::string_view bytes) {
    const auto first = static_cast<unsigned char>(bytes[0]);
    const bool impossible = (first >= 0x80 && first < 0xC2) || first > 0xF4;
    if (impossible) return {1, std::nullopt};
    const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    for (std::size_t i = 1; i < std::min(length, bytes.size()); ++i)
        if ((static_cast<unsigned char>(bytes[i]) & 0xC0U) != 0x80) return {i, std::nullopt};
    if (bytes.size() < length) return {};
    return {length, Key{Key::Kind::text, std::string(bytes.substr(0, length))}};
}

Step take(std::string_view bytes) {
    using Kind = Key::Kind;
    switch (bytes[0]) {
        case escape:
            return take_sequence(bytes);
        case '\r':
        case '\n':
            return {1, Key{Kind::enter}};
        case '\x7F':
        case '\b':
            return {1, Key{Kind::backspace}};
        case '\x03':  // ^C, where the terminal does not make a signal of it
        case '\x04':  // ^D
            return {1, Key{Kind::interrupt}};
        default:
            break;
    }
    if (static_cast<unsigned char>(bytes[0]) < 0x20) return {1, std::nullopt};
    return take_character(bytes);
}

}  // namespace

std::vector<Key> KeyDecoder::feed(std::string_view bytes) {
    pending_ += bytes;
    std::vector<Key> keys;
    while (!pending_.empty()) {
        auto [taken, key] = take(pending_);
        if (taken == 0) break;
        if (key) keys.push_back(std::move(*key));
        pending_.erase(0, taken);
    }
    return keys;
}

std::vector<Key> KeyDecoder::settle() {
    const bool was_escape = pending_.starts_with(escape);
    pending_.clear();
    if (was_escape) return {Key{Key::Kind::escape}};
    return {};
}

}  // namespace rstwatch::cli
