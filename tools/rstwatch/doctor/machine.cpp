// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/doctor/machine.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace rstwatch::cli::checkup {
namespace {

namespace fs = std::filesystem;

constexpr unsigned most_numbers = 65536;

std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(" \t\n") + 1);
    text.erase(0, text.find_first_not_of(" \t\n"));
    return text;
}

std::optional<unsigned> unsigned_of(const std::string& text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

bool Machine::has(const std::string& path) const {
    std::error_code failed;
    return fs::exists(fs::symlink_status(at(path), failed));
}

std::string Machine::text(const std::string& path) const {
    std::ifstream file(at(path));
    return trimmed({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
}

std::optional<std::uint64_t> Machine::number(const std::string& path) const {
    const std::string digits = text(path);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

std::vector<std::string> Machine::names(const std::string& directory) const {
    std::vector<std::string> found;
    std::error_code failed;
    for (fs::directory_iterator entry(at(directory), failed), end; !failed && entry != end; entry.increment(failed))
        found.push_back(entry->path().filename().string());
    std::ranges::sort(found);
    return found;
}

std::string Machine::target(const std::string& link) const {
    std::error_code failed;
    const fs::path leads_to = fs::read_symlink(at(link), failed);
    return failed ? "" : leads_to.filename().string();
}

std::string Machine::field(const std::string& path, const std::string& key) const {
    std::ifstream file(at(path));
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(':');
        if (colon != std::string::npos && trimmed(line.substr(0, colon)) == key) return trimmed(line.substr(colon + 1));
    }
    return "";
}

std::set<unsigned> Machine::list(const std::string& path) const {
    return numbers_of(text(path));
}

bool Machine::may_open(const std::string& path) const {
    return access(at(path).c_str(), R_OK | W_OK) == 0;
}

bool Machine::may_write_into(const std::string& directory) const {
    return access(at(directory).c_str(), W_OK | X_OK) == 0;
}

std::set<unsigned> numbers_of(const std::string& list) {
    std::set<unsigned> numbers;
    std::istringstream parts(list);
    for (std::string part; std::getline(parts, part, ',');) {
        const auto dash = part.find('-');
        const auto first = unsigned_of(part.substr(0, dash));
        const auto last = dash == std::string::npos ? first : unsigned_of(part.substr(dash + 1));
        if (!first || !last || *last >= most_numbers) continue;
        for (unsigned number = *first; number <= *last; ++number) numbers.insert(number);
    }
    return numbers;
}

std::string list_of(const std::set<unsigned>& numbers) {
    std::string text;
    for (auto first = numbers.begin(); first != numbers.end();) {
        auto last = first;
        while (std::next(last) != numbers.end() && *std::next(last) == *last + 1) ++last;
        text += (text.empty() ? "" : ",") + std::to_string(*first);
        if (last != first) text += '-' + std::to_string(*last);
        first = std::next(last);
    }
    return text;
}

}  // namespace rstwatch::cli::checkup
