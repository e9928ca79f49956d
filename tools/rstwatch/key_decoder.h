// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::cli {

struct Key {
    enum class Kind { text, enter, escape, backspace, interrupt, up, down, page_up, page_down, home, end };

    Kind kind = Kind::text;
    std::string text{};  ///< one character in UTF-8; only of Kind::text

    bool operator==(const Key&) const = default;
};

/// Turns the bytes that a terminal sends into keys. A sequence may come in pieces; what is none of the keys above is
/// left out.
class KeyDecoder {
  public:
    std::vector<Key> feed(std::string_view bytes);

    /// The bytes so far may be a key of their own, or the beginning of another: the Escape key and arrows begin alike.
    bool undecided() const { return !pending_.empty(); }

    /// Nothing more has come for a while: decides for the key of its own.
    std::vector<Key> settle();

  private:
    std::string pending_;
};

}  // namespace rstwatch::cli
