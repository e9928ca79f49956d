// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::cli {

/// A document of the daemon. Members keep their order, so what is passed on looks like what came.
using Document = nlohmann::ordered_json;

/// Reads JSON; nothing when it is none.
std::optional<Document> parse_document(std::string_view text);

/// The member `key` of `object`, or what stands for a missing one. A member of another type counts as missing, because
/// a daemon of another version must not be able to end the CLI.
std::string text_at(const Document& object, std::string_view key);
std::optional<std::int64_t> integer_at(const Document& object, std::string_view key);
std::optional<double> number_at(const Document& object, std::string_view key);
bool is_true_at(const Document& object, std::string_view key);

/// The member `key` when it is an object or an array, else an empty document. Valid as long as `object`.
const Document& member_at(const Document& object, std::string_view key);

/// One line of JSON in ASCII only: nothing in it can reach a terminal as a control character.
std::string json_line(const Document& document);

/// The member as it stands in a CSV file: text bare, numbers as JSON has them, empty when missing or null.
std::string field_at(const Document& object, std::string_view key);

/// The members `keys` of `object`, each as field_at() has it.
std::vector<std::string> fields_at(const Document& object, const std::vector<std::string>& keys);

}  // namespace rstwatch::cli
