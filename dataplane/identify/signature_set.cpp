// SPDX-License-Identifier: Apache-2.0
#include "dataplane/identify/signature_set.h"

#include <hs.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>

#include "config/value.h"
#include "dataplane/identify/database_cache.h"

namespace rstwatch::identify {
namespace {

using config::Diagnostic;
using tally::Side;

constexpr std::array<Side, 2> sides{Side::client, Side::server};

const config::Pattern& pattern_of(const config::Signature& signature, Side side) {
    return side == Side::client ? signature.client : signature.server;
}

/// A payload is bytes, not lines, and whether it matches is all that matters.
unsigned flags_of(const config::Signature& signature) {
    return HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | (signature.caseless ? HS_FLAG_CASELESS : 0) |
           (signature.multiline ? HS_FLAG_MULTILINE : 0);
}

/// Hyperscan names the character as "at index 7".
std::optional<std::size_t> offset_in(const std::string& words) {
    constexpr std::string_view before = "at index ";
    const std::size_t at = words.find(before);
    if (at == std::string::npos) return std::nullopt;
    std::size_t offset = 0;
    const char* begin = words.data() + at + before.size();
    const auto [end, error] = std::from_chars(begin, words.data() + words.size(), offset);
    return error == std::errc{} ? std::optional(offset) : std::nullopt;
}

Diagnostic refusal(const config::Signature& signature, Side side, const std::string& words) {
    const config::Pattern& pattern = pattern_of(signature, side);
    const auto offset = offset_in(words);
    return {signature.source, offset ? pattern.place_of(*offset) : pattern.place,
            "signature " + config::quoted(signature.name) + ": " + (side == Side::client ? "client" : "server") +
                ": Hyperscan refuses " + config::shown(pattern.expression) + ": " + words +
                (offset ? "" : "; mend the pattern or leave it out")};
}

/// Takes the message from Hyperscan, which allocated it.
std::string words_of(hs_compile_error_t* error) {
    if (error == nullptr) return "no memory";
    std::string words = error->message;
    hs_free_compile_error(error);
    return words;
}

/// Every pattern by itself, so that all that are wrong are named at once.
std::vector<Diagnostic> check_each(const std::vector<config::Signature>& signatures) {
    std::vector<Diagnostic> errors;
    for (const config::Signature& signature : signatures) {
        for (const Side side : sides) {
            const std::string& expression = pattern_of(signature, side).expression;
            if (expression.empty()) continue;
            hs_expr_info_t* info = nullptr;
            hs_compile_error_t* error = nullptr;
            if (hs_expression_info(expression.c_str(), flags_of(signature), &info, &error) != HS_SUCCESS)
                errors.push_back(refusal(signature, side, words_of(error)));
            std::free(info);  // NOLINT(cppcoreguidelines-no-malloc): Hyperscan allocated it
        }
    }
    return errors;
}

/// All patterns of one direction; null if there are none, or `errors` says why.
hs_database_t* compile_side(const std::vector<config::Signature>& signatures, Side side,
                            std::vector<Diagnostic>& errors) {
    std::vector<const char*> expressions;
    std::vector<unsigned> flags, numbers;
    for (unsigned number = 0; number < signatures.size(); ++number) {
        const std::string& expression = pattern_of(signatures[number], side).expression;
        if (expression.empty()) continue;
        expressions.push_back(expression.c_str());
        flags.push_back(flags_of(signatures[number]));
        numbers.push_back(number);
    }
    if (expressions.empty()) return nullptr;
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    if (hs_compile_multi(expressions.data(), flags.data(), numbers.data(), static_cast<unsigned>(expressions.size()),
                         HS_MODE_BLOCK, nullptr, &database, &error) == HS_SUCCESS)
        return database;
    const int which = error == nullptr ? -1 : error->expression;
    const std::string words = words_of(error);
    if (which >= 0)
        errors.push_back(refusal(signatures[numbers[static_cast<std::size_t>(which)]], side, words));
    else
        errors.push_back({signatures[numbers[0]].source, {}, "Hyperscan refuses the signatures together: " + words});
    return nullptr;
}

/// Everything that the compiled databases depend on.
std::string key_of(const std::vector<config::Signature>& signatures) {
    hs_platform_info_t platform{};
    (void)hs_populate_platform(&platform);
    std::string key = std::string(hs_version()) + ' ' + std::to_string(platform.tune) + ' ' +
                      std::to_string(platform.cpu_features) + '\n';
    for (const config::Signature& signature : signatures) {
        key += std::to_string(flags_of(signature));
        for (const Side side : sides) {
            const std::string& expression = pattern_of(signature, side).expression;
            key += ' ' + std::to_string(expression.size()) + ' ' + expression;
        }
        key += '\n';
    }
    return key;
}

std::string serialized(const hs_database_t* database) {
    if (database == nullptr) return {};
    char* bytes = nullptr;
    std::size_t length = 0;
    if (hs_serialize_database(database, &bytes, &length) != HS_SUCCESS) throw std::bad_alloc();
    std::string result(bytes, length);
    std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc): Hyperscan allocated it
    return result;
}

bool deserialize(const std::vector<std::string>& parts, std::array<hs_database*, 2>& databases) {
    if (parts.size() != databases.size()) return false;
    for (std::size_t i = 0; i < databases.size(); ++i)
        if (!parts[i].empty() && hs_deserialize_database(parts[i].data(), parts[i].size(), &databases[i]) != HS_SUCCESS)
            return false;
    return true;
}

void release(std::array<hs_database*, 2>& databases) {
    for (hs_database*& database : databases) {
        (void)hs_free_database(database);  // of null: nothing
        database = nullptr;
    }
}

int note_match(unsigned number, unsigned long long, unsigned long long, unsigned, void* matches) {
    static_cast<SignatureBits*>(matches)->set(number);
    return 0;
}

}  // namespace

SignatureSet::~SignatureSet() {
    release(databases_);
}

std::vector<std::string> SignatureSet::names() const {
    std::vector<std::string> names;
    for (const Signature& signature : signatures_) names.push_back(signature.name);
    return names;
}

LoadedSignatures LoadedSignatures::compile(const std::vector<config::Signature>& signatures,
                                           const std::string& directory) {
    LoadedSignatures loaded;
    std::unique_ptr<SignatureSet> set(new SignatureSet);
    for (unsigned number = 0; number < signatures.size(); ++number) {
        set->signatures_.push_back({signatures[number].name, signatures[number].detail});
        if (!signatures[number].both) set->alone_.set(number);
    }
    const DatabaseCache cache(directory);
    const std::string key = key_of(signatures);
    if (const auto parts = cache.load(key)) {
        loaded.from_cache = deserialize(*parts, set->databases_);
        if (!loaded.from_cache) release(set->databases_);
    }
    if (!loaded.from_cache) {
        loaded.errors = check_each(signatures);
        if (!loaded.errors.empty()) return loaded;
        for (const Side side : sides)
            set->databases_[tally::index(side)] = compile_side(signatures, side, loaded.errors);
        if (!loaded.errors.empty()) return loaded;
        loaded.cache_trouble = cache.store(key, {serialized(set->databases_[0]), serialized(set->databases_[1])});
    }
    loaded.set = std::move(set);
    return loaded;
}

Scanner::Scanner(const SignatureSet& set) : set_(set), remembered_(remembered_count) {
    for (const hs_database* database : set_.databases_)
        if (database != nullptr && hs_alloc_scratch(database, &scratch_) != HS_SUCCESS) {
            (void)hs_free_scratch(scratch_);
            throw std::bad_alloc();
        }
}

Scanner::~Scanner() {
    (void)hs_free_scratch(scratch_);
}

bool Scanner::Remembered::is(Side side, Payload payload) const {
    return length == payload.length && from == side && std::memcmp(bytes.data(), payload.data, length) == 0;
}

/// Any function would do that spreads what is different.
std::size_t Scanner::place_of(Side from, Payload payload) {
    std::uint64_t hash = payload.length << 1 | tally::index(from);
    std::size_t at = 0;
    for (; at + sizeof hash <= payload.length; at += sizeof hash) {
        std::uint64_t word = 0;
        std::memcpy(&word, payload.data + at, sizeof word);
        hash = tally::mix(hash ^ 0xa0761d6478bd642fU, word ^ 0xe7037ed1a0b428dbU);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, payload.data + at, payload.length - at);
    return tally::mix(hash ^ 0x8ebc6af09c88c6e3U, rest ^ 0x589965cc75374cc3U) % remembered_count;
}

SignatureBits Scanner::scan(Side from, Payload payload) {
    if (payload.length == 0) return {};
    if (payload.length > longest_remembered) return scan_anew(from, payload);
    Remembered& known = remembered_[place_of(from, payload)];
    if (known.is(from, payload)) return known.matches;
    known.matches = scan_anew(from, payload);
    known.length = static_cast<std::uint16_t>(payload.length);
    known.from = from;
    std::memcpy(known.bytes.data(), payload.data, payload.length);
    return known.matches;
}

SignatureBits Scanner::scan_anew(Side from, Payload payload) {
    SignatureBits matches;
    const hs_database* database = set_.databases_[tally::index(from)];
    if (database == nullptr) return matches;
    const auto length = static_cast<unsigned>(std::min(payload.length, longest_scan));
    // It can only fail for arguments that are wrong, and then there are no matches.
    (void)hs_scan(database, reinterpret_cast<const char*>(payload.data), length, 0, scratch_, note_match, &matches);
    return matches;
}

}  // namespace rstwatch::identify
