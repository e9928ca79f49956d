// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/signatures.h"
#include "dataplane/identify/payload.h"
#include "dataplane/identify/signature_bits.h"
#include "dataplane/tally/attempt_record.h"

struct hs_database;
struct hs_scratch;

namespace rstwatch::identify {

/// All signatures, compiled by Hyperscan: one database for each direction. Never changed after it was made; all cores
/// read it.
class SignatureSet {
  public:
    struct Signature {
        std::string name;
        config::DetailKind detail;
    };

    SignatureSet(const SignatureSet&) = delete;
    SignatureSet& operator=(const SignatureSet&) = delete;
    ~SignatureSet();

    const Signature& operator[](std::size_t number) const { return signatures_[number]; }
    std::size_t size() const { return signatures_.size(); }

    /// Those that need not match the other direction, too.
    const SignatureBits& alone() const { return alone_; }

    /// By their numbers.
    std::vector<std::string> names() const;

  private:
    friend struct LoadedSignatures;
    friend class Scanner;
    SignatureSet() = default;

    std::vector<Signature> signatures_;
    SignatureBits alone_;
    std::array<hs_database*, 2> databases_{};  // by Side; null where no signature has a pattern for it
};

struct LoadedSignatures {
    std::unique_ptr<const SignatureSet> set;  ///< null if there are errors
    std::vector<config::Diagnostic> errors;   ///< what Hyperscan refuses, in its own words and with the place
    bool from_cache = false;
    std::string cache_trouble;  ///< why the compiled signatures could not be kept; nothing is lost but time

    /// Compiles them, or takes what the cache in `directory` (see DatabaseCache) has of the same signatures, version of
    /// Hyperscan and CPU.
    static LoadedSignatures compile(const std::vector<config::Signature>& signatures, const std::string& directory);
};

/// What one core needs to scan payloads. Allocated at start; owned by that core.
class Scanner {
  public:
    /// Payloads are scanned up to here.
    static constexpr std::size_t longest_scan = 2048;

    /// Throws std::bad_alloc.
    explicit Scanner(const SignatureSet& set);
    Scanner(const Scanner&) = delete;
    Scanner& operator=(const Scanner&) = delete;
    ~Scanner();

    const SignatureSet& set() const { return set_; }

    /// The signatures whose pattern for this direction the payload matches.
    SignatureBits scan(tally::Side from, Payload payload);

  private:
    // Services that say nothing that is known are heard again and again, and their clients ask them the same each time:
    // a scan costs ten times as much as to see that it is the same.
    static constexpr std::size_t longest_remembered = 128;
    struct Remembered {
        SignatureBits matches;
        std::uint16_t length = 0;  // 0: nothing
        tally::Side from{};
        std::array<std::uint8_t, longest_remembered> bytes{};

        bool is(tally::Side side, Payload payload) const;
    };
    static constexpr std::size_t remembered_count = 512;

    static std::size_t place_of(tally::Side from, Payload payload);
    SignatureBits scan_anew(tally::Side from, Payload payload);

    const SignatureSet& set_;
    hs_scratch* scratch_ = nullptr;
    std::vector<Remembered> remembered_;
};

}  // namespace rstwatch::identify
