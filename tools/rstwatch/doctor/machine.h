// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rstwatch::cli::checkup {

/// What the kernel says of a machine in /proc, /sys and /dev. `root` stands before each path, so that a test can make
/// up a machine. What cannot be read is empty.
class Machine {
  public:
    explicit Machine(std::filesystem::path root = "/") : root_(std::move(root)) {}

    bool has(const std::string& path) const;
    /// The whole file without blanks at its end.
    std::string text(const std::string& path) const;
    std::optional<std::uint64_t> number(const std::string& path) const;
    /// What is in a directory, sorted.
    std::vector<std::string> names(const std::string& directory) const;
    /// The last part of what a symbolic link leads to.
    std::string target(const std::string& link) const;
    /// What follows "key:" on the line of a file that begins with it, as in /proc/self/status.
    std::string field(const std::string& path, const std::string& key) const;
    /// The numbers of a list such as "0-3,8", as kernels write CPUs.
    std::set<unsigned> list(const std::string& path) const;

    /// True where this process may open the file for reading and writing.
    bool may_open(const std::string& path) const;
    /// True where this process may make files in the directory.
    bool may_write_into(const std::string& directory) const;

  private:
    std::filesystem::path at(const std::string& path) const { return root_ / path.substr(1); }

    std::filesystem::path root_;
};

std::set<unsigned> numbers_of(const std::string& list);
/// "0-3,8".
std::string list_of(const std::set<unsigned>& numbers);

}  // namespace rstwatch::cli::checkup
