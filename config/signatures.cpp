// SPDX-License-Identifier: Apache-2.0
#include "config/signatures.h"

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "config/recovery.h"
#include "config/suggest.h"
#include "config/text_file.h"
#include "config/text_scan.h"
#include "config/toml_value.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

constexpr std::size_t longest_name = 32;
// Hyperscan itself refuses beyond 16,000 (expression too long).
constexpr std::size_t longest_expression = 4096;
constexpr std::array<std::string_view, 6> keys{"name", "client", "server", "flags", "both", "detail"};
constexpr std::array<std::pair<std::string_view, DetailKind>, 4> details{
    {{"line", DetailKind::line}, {"tls", DetailKind::tls}, {"http", DetailKind::http}, {"mysql", DetailKind::mysql}}};

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

class Reader {
  public:
    Reader(std::string_view text, const std::string& source) : source_(source), lines_(split_lines(text)) {}

    Signatures run(std::string_view text) {
        Recovered file = parse_with_recovery(text, source_);
        result_.errors = std::move(file.errors);
        if (!result_.errors.empty()) return std::move(result_);
        for (const auto& [key, node] : file.table) read_top_level(key, node);
        return std::move(result_);
    }

  private:
    void read_top_level(const toml::key& key, const toml::node& node);
    void read_signature(const toml::table& table);
    void read_key(Signature& signature, const toml::key& key, const toml::node& node);
    Pattern pattern(std::string_view key, const toml::node& node);
    std::string text(std::string_view key, const toml::node& node);
    void check(const Signature& signature);
    bool is_verbatim(Place place) const;
    void report(Place place, std::string message) { result_.errors.push_back({source_, place, std::move(message)}); }

    const std::string& source_;
    std::vector<std::string> lines_;
    Signatures result_;
};

void Reader::read_top_level(const toml::key& key, const toml::node& node) {
    const auto* array = node.as_array();
    if (key.str() != "signature" || array == nullptr || !node.is_array_of_tables()) {
        report(to_place(key.source()), shown_name(std::string(key.str())) +
                                           ": is not [[signature]]; write [[signature]] on a line of its own "
                                           "and name, client or server below it");
        return;
    }
    for (const auto& element : *array) read_signature(*element.as_table());
}

void Reader::read_signature(const toml::table& table) {
    Signature signature;
    signature.source = source_;
    signature.place = to_place(table.source());
    for (const auto& [key, node] : table) read_key(signature, key, node);
    check(signature);
    if (result_.all.size() < most_signatures) result_.all.push_back(std::move(signature));
}

void Reader::read_key(Signature& signature, const toml::key& key, const toml::node& node) {
    const std::string_view name = key.str();
    const Place place = to_place(node.source());
    if (name == "name") {
        signature.name = text(name, node);
    } else if (name == "client") {
        signature.client = pattern(name, node);
    } else if (name == "server") {
        signature.server = pattern(name, node);
    } else if (name == "both") {
        if (const auto* both = node.as_boolean())
            signature.both = both->get();
        else
            report(place, "both: " + shown(to_value(node)) + " will not do; give true or false");
    } else if (name == "flags") {
        const std::string flags = text(name, node);
        signature.caseless = flags.find('i') != std::string::npos;
        signature.multiline = flags.find('m') != std::string::npos;
        if (flags.find_first_not_of("im") != std::string::npos)
            report(place, "flags: " + quoted(flags) +
                              " has others than i (letters of either case) and m (^ and $ match at line breaks)");
    } else if (name == "detail") {
        const std::string word = text(name, node);
        const auto found = std::find_if(details.begin(), details.end(), [&](const auto& d) { return d.first == word; });
        if (found != details.end())
            signature.detail = found->second;
        else
            report(place, "detail: " + shown(word) + " is not among the choices; give line, tls, http or mysql");
    } else {
        const auto close = nearest(name, keys);
        report(to_place(key.source()), shown_name(std::string(name)) + ": a signature has no such key" +
                                           (close.empty() ? "; it has name, client, server, flags, both, detail"
                                                          : "; did you mean " + std::string(close) + '?'));
    }
}

std::string Reader::text(std::string_view key, const toml::node& node) {
    if (const auto* value = node.as_string()) return value->get();
    report(to_place(node.source()),
           std::string(key) + ": " + shown(to_value(node)) + " is no text; give a text in quotes");
    return {};
}

Pattern Reader::pattern(std::string_view key, const toml::node& node) {
    const Place place = to_place(node.source());
    std::string expression = text(key, node);
    if (node.is_string() && expression.empty()) report(place, std::string(key) + ": is empty; leave it out");
    if (expression.size() > longest_expression)
        report(place, std::string(key) + ": has " + std::to_string(expression.size()) + " bytes; give at most " +
                          std::to_string(longest_expression));
    if (expression.find('\0') != std::string::npos)
        report(place, std::string(key) + ": contains a zero byte; write \\x00 in single quotes");
    return {std::move(expression), place, is_verbatim(place)};
}

// Columns count characters, and a pattern for bytes has no others than ASCII before it on its line.
bool Reader::is_verbatim(Place place) const {
    if (place.line == 0 || place.line > lines_.size()) return false;
    const std::string& line = lines_[place.line - 1];
    const std::size_t at = place.column - 1;
    return at < line.size() && line[at] == '\'' && line.compare(at, 3, "'''") != 0;
}

void Reader::check(const Signature& signature) {
    const auto fault = [&](const std::string& words) {
        report(signature.place, "signature " + quoted(signature.name) + ": " + words);
    };
    if (signature.name.empty()) fault("has no name; give what a service that it fits is to be called");
    if (signature.name.size() > longest_name || !is_plain(signature.name))
        fault("its name is not 1 to " + std::to_string(longest_name) + " printable ASCII characters without blanks");
    const bool client = !signature.client.expression.empty(), server = !signature.server.expression.empty();
    if (!client && !server) fault("has no pattern; give client, server or both of them");
    if (signature.both && !(client && server))
        fault("wants both directions, but has a pattern for one; give the other");
    if (result_.all.size() == most_signatures)
        fault("is one too many; at most " + std::to_string(most_signatures) + " are possible");
}

Signatures load_file(const std::string& path, const std::string& setting) {
    const TextFile file = read_text_file(path);
    Signatures failed;
    if (file.error != 0) {
        failed.errors.push_back({path,
                                 {},
                                 "cannot be read: " + std::generic_category().message(file.error) +
                                     "; create it, mend its permissions or name another with " + setting});
    } else if (file.text.size() > largest_file) {
        failed.errors.push_back(
            {path, {}, "is larger than " + std::to_string(largest_file / 1024) + " KiB; give a file of signatures"});
    } else {
        return load_signatures(file.text, path);
    }
    return failed;
}

void append(Signatures& to, Signatures from) {
    for (Signature& each : from.all) {
        if (to.all.size() < most_signatures) {
            to.all.push_back(std::move(each));
            continue;
        }
        to.errors.push_back({each.source, each.place,
                             "signature " + quoted(each.name) + ": is one too many; at most " +
                                 std::to_string(most_signatures) + " are possible, of all files together"});
        break;
    }
    to.errors.insert(to.errors.end(), from.errors.begin(), from.errors.end());
}

}  // namespace

Place Pattern::place_of(std::size_t offset) const {
    if (!verbatim || offset > expression.size()) return place;
    return {place.line, static_cast<std::uint32_t>(place.column + 1 + offset)};
}

Signatures load_signatures(std::string_view text, const std::string& source) {
    return Reader(text, source).run(text);
}

Signatures load_signatures(const Settings::Identify& settings) {
    Signatures result;
    if (!settings.patterns.empty()) append(result, load_file(settings.patterns, "identify.patterns"));
    append(result, settings.signatures.empty() ? load_signatures(builtin_signatures(), "built-in signatures")
                                               : load_file(settings.signatures, "identify.signatures"));
    return result;
}

}  // namespace rstwatch::config
