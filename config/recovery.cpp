// SPDX-License-Identifier: Apache-2.0
//
// toml++ stops at the first error. Here the statement at fault is taken out, line breaks staying where they are, and
// the rest is parsed again: panic mode, as compilers call it (Aho, Sethi, Ullman 1986, section 4.1). A [header] at
// fault leaves a stand-in behind, or the keys below it would end up in the section before.
#include "config/recovery.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "config/text_scan.h"
#include "config/toml_value.h"
#include "config/value.h"

namespace rstwatch::config {
namespace {

// Each error costs a parse, and one in a statement of many lines a parse for each of them.
constexpr std::size_t most_errors = 20;
constexpr int most_parses = 200;
constexpr std::size_t longest_words = 200;
constexpr std::string_view rest_unchecked = "; what else this file says could not be checked: mend this first";

struct Failure {
    Place place;
    std::string words;
};

// Editors on Windows put it before the first line, whose first character it is not.
std::string_view without_byte_order_mark(std::string_view text) {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

class Recovery {
  public:
    Recovery(std::string_view text, const std::string& source)
        : source_(source), lines_(split_lines(without_byte_order_mark(text))) {}

    Recovered run() {
        if (drop_unreadable_lines()) parse_and_mend();
        return std::move(result_);
    }

  private:
    void parse_and_mend() {
        while (auto failure = parse(lines_.size(), result_.table))
            if (!mend(*failure)) {
                give_up(*failure);
                break;
            }
    }

    std::optional<Failure> parse(std::size_t lines, toml::table& into);
    bool drop_unreadable_lines();
    bool mend(const Failure& failure);
    void give_up(const Failure& failure);
    std::optional<std::size_t> start_of_statement(std::size_t at_fault, toml::table& before);
    void drop_statement(std::size_t first, std::size_t last);
    void drop_line(std::size_t line);
    std::vector<std::string> path_of(std::size_t first, const toml::table& statement) const;
    std::string dotted_name(const std::vector<std::string>& path) const;
    std::optional<Diagnostic> repeated(std::size_t first, std::size_t last, const toml::table& before,
                                       const std::string& words) const;
    void report(Place place, std::string message) { result_.errors.push_back({source_, place, std::move(message)}); }

    const std::string& source_;
    std::vector<std::string> lines_;
    std::set<std::size_t> dropped_;
    int parses_ = 0;
    Recovered result_;
};

std::optional<toml::table> parse_alone(const std::string& text) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error&) {
        return std::nullopt;
    }
}

// toml++ quotes names however long they are, and cuts its message where its buffer ends, be it within a character.
std::string shortened(std::string_view words) {
    if (words.size() <= longest_words) return printable(words);
    std::size_t end = longest_words;
    while (is_continuation(words[end])) --end;
    return printable(words.substr(0, end)) + "...";
}

std::optional<Failure> Recovery::parse(std::size_t lines, toml::table& into) {
    ++parses_;
    try {
        into = toml::parse(join_lines(lines_, 0, lines));
        return std::nullopt;
    } catch (const toml::parse_error& error) {
        return Failure{to_place(error.source()), shortened(error.description())};
    }
}

// False where there are so many of them that this is no file of settings.
bool Recovery::drop_unreadable_lines() {
    for (std::size_t line = 0; line < lines_.size(); ++line) {
        const auto fault = unreadable(lines_[line]);
        if (!fault) continue;
        const Failure failure{{static_cast<std::uint32_t>(line + 1), fault->column}, fault->message};
        if (result_.errors.size() == most_errors) {
            give_up(failure);
            return false;
        }
        report(failure.place, failure.words);
        drop_line(line);
    }
    return true;
}

// A line whose value is text without quotes is the commonest slip, and what the parser makes of it says little.
std::string hint(const std::string& line) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || line.find_first_of("\"'#[{", equals) != std::string::npos) return {};
    const std::string value = trimmed(line.substr(equals + 1));
    if (value.empty() || parse_alone(trimmed(line))) return {};
    const std::string with_quotes = trimmed(line.substr(0, equals)) + " = " + quoted(value);
    if (with_quotes.size() > longest_words || !parse_alone(with_quotes)) return {};
    return "; if this is text, write it in quotes: " + printable(with_quotes);
}

// The statement at fault begins at the last line before which everything parses.
std::optional<std::size_t> Recovery::start_of_statement(std::size_t at_fault, toml::table& before) {
    for (std::size_t first = at_fault + 1; first-- > 0;) {
        if (parses_ >= most_parses) return std::nullopt;
        if (!parse(first, before)) return first;
    }
    return std::nullopt;
}

bool Recovery::mend(const Failure& failure) {
    if (result_.errors.size() >= most_errors) return false;
    const std::size_t last = std::min<std::size_t>(failure.place.line, lines_.size()) - 1;
    toml::table before;
    const auto first = start_of_statement(last, before);
    if (!first || dropped_.contains(*first)) return false;
    if (auto repetition = repeated(*first, last, before, failure.words))
        result_.errors.push_back(std::move(*repetition));
    else if (*first == last)
        report(failure.place, failure.words + hint(lines_[last]));
    else
        report(failure.place, failure.words + ", in the value that begins at line " + std::to_string(*first + 1));
    drop_statement(*first, last);
    return true;
}

void Recovery::give_up(const Failure& failure) {
    report(failure.place, failure.words + std::string(rest_unchecked));
    result_.table = {};
    result_.complete = false;
}

void Recovery::drop_statement(std::size_t first, std::size_t last) {
    const bool many_lines = last > first || opens_many_lines(lines_[first]);
    drop_line(first);
    if (!many_lines) return;
    for (std::size_t line = first + 1; line < lines_.size() && !begins_statement(lines_[line]); ++line) drop_line(line);
}

void Recovery::drop_line(std::size_t line) {
    dropped_.insert(line);
    const std::string text = trimmed(lines_[line]);
    lines_[line].clear();
    if (!text.starts_with('[')) return;
    const std::string stand_in = "stand-in-" + std::to_string(line + 1);
    result_.stand_ins.emplace(stand_in, header_name(text));
    lines_[line] = '[' + stand_in + ']';
}

// The names from the root down to what a statement defines; a key counts from the header it stands below.
std::vector<std::string> Recovery::path_of(std::size_t first, const toml::table& statement) const {
    std::vector<std::string> path;
    const toml::table* level = &statement;
    while (level != nullptr && level->size() == 1) {
        path.emplace_back(level->cbegin()->first.str());
        level = level->cbegin()->second.as_table();
    }
    if (trimmed(lines_[first]).starts_with('[')) return path;
    for (std::size_t line = first; line-- > 0;) {
        if (!trimmed(lines_[line]).starts_with('[')) continue;
        const auto header = parse_alone(trimmed(lines_[line]));
        if (!header || header->empty()) continue;
        path.insert(path.begin(), std::string(header->cbegin()->first.str()));
        break;
    }
    return path;
}

std::string Recovery::dotted_name(const std::vector<std::string>& path) const {
    const auto stand_in = result_.stand_ins.find(path.front());
    std::string name = stand_in == result_.stand_ins.end() ? path.front() : stand_in->second;
    for (auto part = path.begin() + 1; part != path.end(); ++part) name += '.' + *part;
    return shown_name(name);
}

struct Definition {
    Place place;
    const toml::node* node;
    bool whole;  ///< false: the path goes on where there is no table
};

// Of an array of tables the last one is meant: it is the one that is being filled.
std::optional<Definition> find_definition(const toml::table& table, const std::vector<std::string>& path) {
    const toml::table* level = &table;
    std::optional<Definition> found;
    for (const std::string& name : path) {
        if (level == nullptr) {
            found->whole = false;
            break;
        }
        const auto each = level->find(name);
        if (each == level->cend()) return std::nullopt;
        found = Definition{to_place(each->first.source()), &each->second, true};
        const toml::array* array = each->second.as_array();
        level = array == nullptr ? each->second.as_table() : array->empty() ? nullptr : array->back().as_table();
    }
    return found;
}

// A statement that is right by itself and wrong where it stands defines something a second time.
std::optional<Diagnostic> Recovery::repeated(std::size_t first, std::size_t last, const toml::table& before,
                                             const std::string& words) const {
    const auto statement = parse_alone(join_lines(lines_, first, last + 1));
    if (!statement || statement->empty()) return std::nullopt;
    const auto path = path_of(first, *statement);
    const auto earlier = find_definition(before, path);
    if (!earlier) return std::nullopt;
    const bool is_header = trimmed(lines_[first]).starts_with('[');
    const bool same_kind =
        earlier->whole && (!is_header || earlier->node->is_table() == statement->cbegin()->second.is_table());
    const auto line = static_cast<std::uint32_t>(first);
    Place place = to_place(statement->cbegin()->first.source());
    place.line += line;
    const std::string name = dotted_name(path);
    const std::string where = "first at line " + std::to_string(earlier->place.line);
    if (!same_kind) return Diagnostic{source_, place, words + ", " + where};
    if (is_header)
        return Diagnostic{source_, place, '[' + name + "]: given twice, " + where + "; put all its settings below one"};
    return Diagnostic{source_, place, name + ": given twice, " + where + "; keep one"};
}

}  // namespace

Recovered parse_with_recovery(std::string_view text, const std::string& source) {
    return Recovery(text, source).run();
}

}  // namespace rstwatch::config
