// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/document.h"

#include <limits>

#include "tools/rstwatch/escape.h"

namespace rstwatch::cli {
namespace {

const Document* find(const Document& object, std::string_view key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::optional<Document> parse_document(std::string_view text) {
    auto document = Document::parse(with_valid_utf8(text), nullptr, false);
    if (document.is_discarded()) return std::nullopt;
    return document;
}

std::string text_at(const Document& object, std::string_view key) {
    const auto* member = find(object, key);
    return member != nullptr && member->is_string() ? member->get<std::string>() : std::string();
}

std::optional<std::int64_t> integer_at(const Document& object, std::string_view key) {
    const auto* member = find(object, key);
    if (member == nullptr || !member->is_number_integer()) return std::nullopt;
    if (member->is_number_unsigned() && member->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
        return std::nullopt;
    return member->get<std::int64_t>();
}

std::optional<double> number_at(const Document& object, std::string_view key) {
    const auto* member = find(object, key);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    return member->get<double>();
}

bool is_true_at(const Document& object, std::string_view key) {
    const auto* member = find(object, key);
    return member != nullptr && member->is_boolean() && member->get<bool>();
}

const Document& member_at(const Document& object, std::string_view key) {
    static const Document nothing = Document::object();
    const auto* member = find(object, key);
    return member != nullptr && member->is_structured() ? *member : nothing;
}

std::string json_line(const Document& document) {
    return document.dump(-1, ' ', true, Document::error_handler_t::replace);
}

std::string field_at(const Document& object, std::string_view key) {
    const auto* member = find(object, key);
    if (member == nullptr || member->is_null()) return {};
    return member->is_string() ? member->get<std::string>() : json_line(*member);
}

std::vector<std::string> fields_at(const Document& object, const std::vector<std::string>& keys) {
    std::vector<std::string> fields;
    fields.reserve(keys.size());
    for (const auto& key : keys) fields.push_back(field_at(object, key));
    return fields;
}

}  // namespace rstwatch::cli
