// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::identify {

/// The file in which compiled signatures outlive the process. Whatever it holds is only believed if it was written for
/// the same key by this user or root and nobody else may write to it: a database is code, as it were.
class DatabaseCache {
  public:
    /// `directory`: "" for the usual place (/var/cache/rstwatch for root, else rstwatch under XDG_CACHE_HOME or
    /// ~/.cache), "off" for none.
    explicit DatabaseCache(const std::string& directory);

    /// The parts that were stored under `key`; nothing if there are none, or they are damaged.
    std::optional<std::vector<std::string>> load(std::string_view key) const;

    /// Replaces the file in one step. What went wrong, if anything.
    [[nodiscard]] std::string store(std::string_view key, const std::vector<std::string>& parts) const;

    const std::string& path() const { return path_; }  ///< empty: none

  private:
    std::string path_;
};

}  // namespace rstwatch::identify
