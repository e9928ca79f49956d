// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/settings.h"

namespace rstwatch::config {

/// More than one set of them fits in: one bit for each.
inline constexpr std::size_t most_signatures = 256;

/// Which words of a payload go with its application.
enum class DetailKind : std::uint8_t {
    none,
    line,  ///< the server's first line
    tls,   ///< server name and protocols of the ClientHello (RFC 6066 section 3, RFC 7301)
    http,  ///< the Host field of the request (RFC 9110 section 7.2)
    mysql  ///< the server's version, from its first packet
};

/// A regular expression for Hyperscan, and where it stands.
struct Pattern {
    std::string expression;  ///< empty: none
    Place place;             ///< of the value, its quotes included
    bool verbatim = false;   ///< in single quotes on one line: a character of the expression is one of the file

    /// The place of the character `offset` of the expression; of the whole where that cannot be told.
    [[nodiscard]] Place place_of(std::size_t offset) const;

    bool operator==(const Pattern&) const = default;
};

/// How one application is told from others.
struct Signature {
    std::string name;  ///< what services that match are called
    Pattern client;    ///< for the first payload of the client
    Pattern server;    ///< likewise
    bool caseless = false;
    bool multiline = false;  ///< ^ and $ match at line breaks, too
    bool both = false;       ///< one direction alone proves nothing
    DetailKind detail = DetailKind::none;
    std::string source;  ///< the file that it is from
    Place place;

    bool operator==(const Signature&) const = default;
};

struct Signatures {
    std::vector<Signature> all;  ///< the first one that matches counts
    std::vector<Diagnostic> errors;
};

/// Reads signatures in TOML. Everything that is wrong is reported at once.
Signatures load_signatures(std::string_view text, const std::string& source);

/// The operator's own, followed by those of `identify.signatures` or those built in.
Signatures load_signatures(const Settings::Identify& settings);

/// config/signatures.toml, as it was when this was built.
std::string_view builtin_signatures();

}  // namespace rstwatch::config
