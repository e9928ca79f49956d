// SPDX-License-Identifier: Apache-2.0
#include "control/export/baseline_json.h"

#include <string>
#include <string_view>

namespace rstwatch::control {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string hexadecimal(const std::vector<std::uint8_t>& bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const std::size_t high = digits.find(text[i]), low = digits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return bytes;
}

}  // namespace

Json baseline_state_json(const Baseline::State& state) {
    return {{"learnt", state.learnt},
            {"level", state.level},
            {"variance", state.variance},
            {"cusum", state.cusum},
            {"rising_since", state.rising_since},
            {"rising_failed", state.rising_failed},
            {"hour", state.hour.number},
            {"sum", state.sum},
            {"squares", state.squares},
            {"minutes", state.minutes},
            {"held", state.held},
            {"hours", hexadecimal(state.hours)}};
}

std::optional<Baseline::State> baseline_state_from_json(const Json& json) try {
    auto hours = bytes_of(json.at("hours").get<std::string>());
    if (!hours) return std::nullopt;
    Baseline::State state;
    state.learnt = json.at("learnt");
    state.level = json.at("level");
    state.variance = json.at("variance");
    state.cusum = json.at("cusum");
    state.rising_since = json.at("rising_since");
    state.rising_failed = json.at("rising_failed");
    state.hour.number = json.at("hour");
    state.sum = json.at("sum");
    state.squares = json.at("squares");
    state.minutes = json.at("minutes");
    state.held = json.at("held").get<std::vector<double>>();
    state.hours = std::move(*hours);
    return state;
} catch (const Json::exception&) {
    return std::nullopt;  // written by another version, or damaged: it is learnt anew
}

}  // namespace rstwatch::control
