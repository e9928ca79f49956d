// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace rstwatch::cli {

enum class Format { table, json, jsonl, csv };

/// Standard output, with what it is connected to. The stream must outlive it.
class Output {
  public:
    /// `terminal`: somebody is looking, so lines may be held back a moment and colours may be used if `colour` too.
    Output(std::ostream& stream, bool terminal, bool colour)
        : stream_(stream), terminal_(terminal), colour_(terminal && colour) {}

    /// What the process has as standard output: colours only on a terminal that is not dumb and without NO_COLOR.
    static Output standard();

    /// Writes one line; in a pipe it is flushed, because somebody may be waiting for it at the other end.
    void line(std::string_view text);

    /// Writes bytes as they are.
    void raw(std::string_view bytes);

    bool terminal() const { return terminal_; }
    bool colour() const { return colour_; }

    /// `text` emphasised where colours are allowed, else as it is.
    std::string heading(std::string_view text) const;
    std::string alarming(std::string_view text) const;

    /// Flushes; false when something could not be written, such as on a full disk.
    [[nodiscard]] bool finish();

  private:
    std::string in_style(std::string_view text, const char* style) const;

    std::ostream& stream_;
    bool terminal_;
    bool colour_;
};

}  // namespace rstwatch::cli
