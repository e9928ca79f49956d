// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/event_reader.h"

#include <utility>

namespace rstwatch::cli {
namespace {

constexpr std::size_t longest_event = 1 << 20;

}  // namespace

bool EventReader::read(std::string_view bytes) {
    for (const char byte : bytes) {
        const bool second_of_two = std::exchange(after_return_, byte == '\r') && byte == '\n';
        if (second_of_two) continue;
        if (byte == '\n' || byte == '\r') {
            read_line(line_);
            line_.clear();
        } else {
            line_ += byte;
        }
        if (line_.size() + data_.size() > longest_event) return false;
    }
    return true;
}

void EventReader::read_line(std::string_view line) {
    if (line.empty()) {
        if (!data_.empty()) take_(event_, data_);
        event_.clear();
        data_.clear();
        return;
    }
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") event_ = value;
    if (field == "data") data_ += (data_.empty() ? "" : "\n") + std::string(value);
}

}  // namespace rstwatch::cli
